"""Plans in the making: what is chosen, what is still to be computed, and what that takes at least.

A variable that is needed is alive from its birth to its last reading, erased or not. While how it
is computed is open, its birth is taken to be the latest with which it is alive where it is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from solvers.branching.parts import NEVER_BORN, Part, Way

Key = tuple[int, int, int, int]
"""Width, neurons, heads and head size of a plan, or what they are at least: compared in order."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A way in use, its sublayer, what it reads, and what was chosen before it."""

    before: Chosen | None
    way: Way
    sublayer: int
    reads: tuple[int, ...]


@dataclass(slots=True)
class Node:
    """A plan in the making.

    Attributes:
        view: The view of the output.
        pending: Bits of the variables of which it is open how they are computed.
        low: For each variable its birth, or the latest that it can have.
        high: For each variable the last state in which it is read.
        load: For each state the widths of what is alive there.
        neurons: For each sublayer the neurons that it has at least.
        heads: For each sublayer the bits of its selectors.
        head_size: The largest size that a head needs.
        chosen: What was chosen last.
    """

    view: int
    pending: int
    low: list[int]
    high: list[int]
    load: list[int]
    neurons: list[int]
    heads: list[int]
    head_size: int
    chosen: Chosen | None

    def copy(self) -> Node:
        """Another that can become something else."""
        return Node(
            self.view,
            self.pending,
            self.low[:],
            self.high[:],
            self.load[:],
            self.neurons[:],
            self.heads[:],
            self.head_size,
            self.chosen,
        )

    def least(self, part: Part) -> Key:
        """What every plan that this can become takes at least; if a head may erase, one does."""
        counts = [*map(int.bit_count, self.heads)]
        heads = max(counts)
        if part.own is not None:
            heads = max(heads, 1 + min(counts[: part.last : 2]))
        return max(self.load), max(self.neurons), heads, self.head_size

    def need(self, part: Part, variable: int, state: int) -> bool:
        """Has a variable alive in a state; whether it can be."""
        low, high, width = self.low[variable], self.high[variable], part.widths[variable]
        load, born, until = self.load, part.born[variable], part.until[state]
        if high == NEVER_BORN:
            low = born[state]
            if low == NEVER_BORN:
                return False
            self.low[variable], self.high[variable] = low, until
            for time in range(low, until + 1):
                load[time] += width
            if not part.inputs[variable]:
                self.pending |= 1 << variable
                sublayer, neurons = part.at_least[variable]
                self.neurons[sublayer] += neurons
            return True
        if until > high:
            for time in range(high + 1, until + 1):
                load[time] += width
            self.high[variable] = until
        if state < low:
            if not self.pending >> variable & 1 or born[state] == NEVER_BORN:
                return False
            for time in range(born[state], low):
                load[time] += width
            self.low[variable] = born[state]
        return True


def roots(part: Part) -> Iterator[Node]:
    """A beginning for each view of the output that can be read."""
    states, variables = part.last + 1, len(part.names)
    for view, reads in enumerate(part.views):
        node = Node(
            view,
            0,
            [0] * variables,
            [NEVER_BORN] * variables,
            [0] * states,
            [0] * states,
            [0] * states,
            0 if part.own is None else part.own_size,
            None,
        )
        needed = [(variable, part.last) for variable in reads]
        needed += [(variable, 0) for variable in part.own or ()]
        if all(node.need(part, *each) for each in needed):
            yield node


def children(part: Part, node: Node, best: Key) -> Iterator[Node]:
    """Every way to compute the variable that is born last of those that are open.

    Args:
        part: The problem.
        node: The node.
        best: What is known: what is seen at once not to be smaller is left out.
    """
    least = node.least(part)
    variable = node.pending.bit_length() - 1
    low, width = node.low[variable], part.widths[variable]
    fixed, saved = part.at_least[variable]
    for way in part.ways[variable]:
        for sublayer in way.sublayers:
            if sublayer >= low:
                break
            neurons = node.neurons[sublayer] + way.neurons - saved * (fixed == sublayer)
            heads = node.heads[sublayer] | way.selector
            size = max(node.head_size, way.head_size)
            load = max(least[0], _loaded(part, node, way, sublayer))
            if (load, max(least[1], neurons), max(least[2], heads.bit_count()), size) >= best:
                continue
            child = node.copy()
            child.pending ^= 1 << variable
            child.low[variable] = sublayer + 1
            for state in range(sublayer + 1, low):
                child.load[state] += width
            child.neurons[fixed] -= saved
            child.neurons[sublayer] += way.neurons
            child.heads[sublayer], child.head_size = heads, size
            yield from _reading(part, child, way, sublayer)


def _loaded(part: Part, node: Node, way: Way, sublayer: int) -> int:
    """The least load of the state that a way reads, by what it reads in any case."""
    low, high = node.low, node.high
    new = sum(part.widths[own] for own in way.surely if not low[own] <= sublayer <= high[own])
    return node.load[sublayer] + new


def _reading(part: Part, node: Node, way: Way, sublayer: int) -> list[Node]:
    """The node with each choice of what a way reads."""
    found: list[tuple[Node, tuple[int, ...]]] = [(node, ())]
    for options in way.reads:
        found = [each for one in found for each in _choices(part, *one, options, sublayer)]
    before = node.chosen
    for each, reads in found:
        each.chosen = Chosen(before, way, sublayer, reads)
    return [each for each, _ in found]


def _choices(
    part: Part, node: Node, reads: tuple[int, ...], options: tuple[int, ...], state: int
) -> Iterator[tuple[Node, tuple[int, ...]]]:
    """The node with each choice among options; what is alive there anyway costs nothing."""
    for option in options if len(options) > 1 else ():
        if node.low[option] <= state <= node.high[option]:
            yield node, (*reads, option)
            return
    for option in options:
        child = node if len(options) == 1 else node.copy()
        if child.need(part, option, state):
            yield child, (*reads, option)
