"""What is erased where, once all is computed and placed: the smallest sizes of such a plan.

What is erased after its last reading may stay for a while, or for ever, where there is room; it is
erased by neurons, or by a head where heads can erase. For each width, the least first: where more
would be alive in a state than fits, something that is not read any more is erased before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from solvers.branching.certain import Certain, Key
from solvers.branching.nodes import Node
from solvers.branching.parts import NEVER_BORN, Part

Demand = tuple[int, int]
"""The size that a head needs, and the columns of its values."""

Erased = dict[int, int]
"""The sublayer in which each variable is erased that is."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is decided of the erasures.

    Attributes:
        load: For each state the widths of all that may be alive there.
        sure: For each state the widths of all that must be.
        neurons: For each sublayer its neurons so far.
        open: What may still be erased, and the first sublayer in which it may.
        erased: What is erased.
        columns: For each sublayer the columns that a head erases, where one does.
    """

    load: list[int]
    sure: list[int]
    neurons: list[int]
    open: dict[int, int]
    erased: Erased
    columns: dict[int, int]


class Erasing:
    """The erasures of a node of which nothing is open any more.

    Attributes:
        best: The smallest key that is known, and then found.
        erased: The erasures of the plan that has it; None while that is another node's.
        left: Choices that may still be looked at.
    """

    def __init__(self, certain: Certain, node: Node, best: Key, left: int) -> None:
        """Looks for what is smaller than what is known."""
        self.best, self.left = best, left
        self.erased: Erased | None = None
        part = certain.part
        self._part, self._node = part, node
        self._alive = certain.loads(node.facts)
        self._neurons = certain.neurons(node.facts)
        self._demands, self._determined = _placed(part, node)
        self._own = () if part.own is None else part.own
        self._free = frozenset[int]().union(*self._determined)
        first = self._first()
        self._width = max(self._alive)
        while self._width <= self.best[0] and self.erased is None and self.left >= 0:
            self._look(first)
            self._width += 1

    def _first(self) -> _Kept:
        """Everything to the end; the widest first of what may be erased."""
        part, node = self._part, self._node
        dead = [v for v, high in enumerate(node.high) if NEVER_BORN < high < part.last]
        dead.sort(key=lambda v: -part.widths[v])
        load = self._alive[:]
        for v in dead:
            for state in range(node.high[v] + 1, part.last + 1):
                load[state] += part.widths[v]
        floors = {v: node.high[v] for v in dead if part.widths[v]}
        return _Kept(load, self._alive, self._neurons, floors, {}, {})

    def _look(self, kept: _Kept) -> None:
        """Decides what is erased before the first state in which more is alive than fits."""
        width = self._width
        full = next((t for t, load in enumerate(kept.load) if load > width), None)
        if full is None:
            self._settle(kept)
            return
        variable = next((v for v, floor in kept.open.items() if floor < full), None)
        if variable is None:
            return
        found = [(self._least(own), own) for own in self._choices(variable, full, kept)]
        self.left -= len(found)
        found.sort(key=lambda one: one[0])
        for least, choice in found:
            if self.left >= 0 and least < self.best and max(choice.sure) <= width:
                self._look(choice)

    def _choices(self, variable: int, full: int, kept: _Kept) -> Iterator[_Kept]:
        """A variable erased in each sublayer before a state, or not before it."""
        floor = kept.open[variable]
        for sublayer in range(floor | 1, full, 2):
            if variable in self._determined[sublayer] and variable not in self._own:
                # It costs nothing, and nobody needs the variable any more.
                yield self._without(variable, sublayer, kept)
                return
        for sublayer in range(floor | 1, full, 2):
            gone = self._without(variable, sublayer, kept)
            if variable not in self._determined[sublayer]:
                gone.neurons[sublayer] += self._part.erasing[variable]
            yield gone
        if self._part.own is not None:
            for sublayer in range(floor + floor % 2, full, 2):
                by_head = self._by_head(variable, sublayer, kept)
                if by_head is not None:
                    yield by_head
        sure = self._lasting(kept.sure, variable, floor, full)
        still_open = {**kept.open, variable: full}
        yield _Kept(kept.load, sure, kept.neurons, still_open, kept.erased, kept.columns)

    def _without(self, variable: int, sublayer: int, kept: _Kept) -> _Kept:
        """What is decided, with a variable erased in a sublayer."""
        still_open = dict(kept.open)
        sure = self._lasting(kept.sure, variable, still_open.pop(variable), sublayer)
        load, width = kept.load[:], self._part.widths[variable]
        for state in range(sublayer + 1, len(load)):
            load[state] -= width
        erased = {**kept.erased, variable: sublayer}
        return _Kept(load, sure, kept.neurons[:], still_open, erased, kept.columns)

    def _lasting(self, sure: list[int], variable: int, floor: int, state: int) -> list[int]:
        """What must be alive, with a variable that lasts from one state to another."""
        found, width = sure[:], self._part.widths[variable]
        for between in range(floor + 1, state + 1):
            found[between] += width
        return found

    def _by_head(self, variable: int, sublayer: int, kept: _Kept) -> _Kept | None:
        """A variable erased by a head; None if what that reads is erased before."""
        if any(kept.erased.get(own, sublayer) < sublayer for own in self._own):
            return None
        gone = self._without(variable, sublayer, kept)
        load, sure, still_open = gone.load, gone.sure, gone.open
        for own in self._own:
            width = self._part.widths[own]
            floor = still_open.get(own, self._node.high[own])
            if own in gone.erased or floor == self._part.last:
                continue
            if floor == NEVER_BORN and width:
                load = [each + width for each in load]
            sure = self._lasting(sure, own, floor, sublayer)
            if width:
                still_open[own] = max(floor, sublayer)
        columns = dict(kept.columns)
        columns[sublayer] = columns.get(sublayer, 0) + self._part.widths[variable]
        return _Kept(load, sure, gone.neurons, still_open, gone.erased, columns)

    def _least(self, kept: _Kept) -> Key:
        """What a plan of this width with what is decided takes at least."""
        count = max(len(own) + (s in kept.columns) for s, own in enumerate(self._demands))
        size = max(self._node.head_size, self._part.own_size if kept.columns else 0)
        neurons = max(kept.neurons)
        if self._part.own is None:
            neurons = max(neurons, self._by_neurons(kept))
        elif kept.columns and (self._width, neurons, count) == self.best[:3]:
            size = self._head_size(kept, count, size)
        return self._width, neurons, count, size

    def _by_neurons(self, kept: _Kept) -> int:
        """Neurons of a sublayer that it takes at least to erase what does not fit."""
        most = total = free = 0
        for layer in range(1, self._part.last // 2 + 1):
            for variable in self._determined[2 * layer - 1]:
                if variable in kept.open:
                    free += self._part.widths[variable]
            total += kept.neurons[2 * layer - 1]
            gone = max(kept.load[2 * layer : 2 * layer + 2]) - self._width - free
            if gone > 0:
                most = max(most, -(-(total + gone) // layer))
        return most

    def _head_size(self, kept: _Kept, count: int, least: int) -> int:
        """The smallest head size with so many heads, for what is decided and what does not fit."""
        demands = [[*own.values()] for own in self._demands]
        columns = [kept.columns.get(sublayer, 0) for sublayer in range(len(demands))]
        return _head_size(demands, columns, self._by_heads(kept), count, least)

    def _by_heads(self, kept: _Kept) -> list[int]:
        """For each layer the columns that heads erase at least, in it and before it.

        No sublayer has more neurons than in the best plan, so that what does not fit beside these
        is erased by heads; what is determined somewhere may be erased for nothing.
        """
        free = sum(self._part.widths[v] for v in self._free.intersection(kept.open))
        fits, erased, found = self._width + free, 0, []
        for sublayer in range(0, self._part.last, 2):
            erased += kept.columns.get(sublayer, 0)
            more = kept.load[sublayer + 1] - fits
            fits += max(self.best[1] - kept.neurons[sublayer + 1], 0)
            found.append(erased + max(more, kept.load[sublayer + 2] - fits, 0))
        return found

    def _settle(self, kept: _Kept) -> None:
        """Keeps the plan if it is the smallest."""
        _, neurons, count, size = self._least(kept)
        key = max(kept.load), neurons, count, self._head_size(kept, count, size)
        if key < self.best:
            self.best, self.erased = key, kept.erased


def _placed(part: Part, node: Node) -> tuple[list[dict[int, Demand]], list[set[int]]]:
    """For each sublayer what its heads take, by selector, and what its neurons determine."""
    demands: list[dict[int, Demand]] = [{} for _ in range(part.last + 1)]
    determined: list[set[int]] = [set() for _ in range(part.last + 1)]
    chosen = node.chosen
    while chosen is not None:
        way, own = chosen.way, demands[chosen.sublayer]
        if way.selector:
            size, columns = own.get(way.selector, (0, 0))
            own[way.selector] = max(size, way.head_size), columns + way.value_width
        determined[chosen.sublayer] |= way.determines
        chosen = chosen.before
    return demands, determined


def _head_size(
    demands: list[list[Demand]], columns: list[int], erased: list[int], count: int, least: int
) -> int:
    """The smallest head size from a least one on with which no sublayer has too many heads.

    Args:
        demands: For each sublayer what its heads take, but for those that erase.
        columns: For each sublayer the columns that heads erase in it.
        erased: For each layer the columns that heads erase in it and before it.
        count: How many heads there are at most.
        least: The least size.
    """
    widest = max((each for own in demands for _, each in own), default=0)
    widest = max(widest, *columns, *erased)
    for size in range(max(least, min(widest, 1)), widest):
        held = [sum(max(1, -(-each // size)) for _, each in own) for own in demands]
        if any(o + -(-c // size) > count for o, c in zip(held, columns, strict=True)):
            continue
        room = accumulate(size * (count - own) for own in held[::2])
        if all(most <= left for most, left in zip(erased, room, strict=False)):
            return size
    return max(least, widest)
