"""Plans in the making: what is chosen, what is still to be computed, and what is certain of them.

A variable that is needed is alive from its birth to its last reading, erased or not. While how it
is computed is open, its birth is taken to be the latest with which it is alive where it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from solvers.branching.certain import Certain, Key, Place, Reads
from solvers.branching.parts import NEVER_BORN, Way
from solvers.branching.transversals import members, smallest


@dataclass(frozen=True, slots=True)
class Chosen:
    """A way in use, its sublayer, what it reads as bits, and what was chosen before it."""

    before: Chosen | None
    way: Way
    sublayer: int
    reads: int

    def names(self, names: Sequence[str]) -> tuple[str, ...]:
        """The name of what it reads for each of its reads."""
        chosen = (next(o for o in own if self.reads >> o & 1) for own in self.way.reads)
        return tuple(names[option] for option in chosen)


@dataclass(slots=True)
class Node:
    """A plan in the making.

    Attributes:
        view: The view of the output.
        pending: Bits of the variables of which it is open how they are computed.
        low: For each variable its birth, or the latest that it can have.
        high: For each variable the last state in which it is read.
        facts: What is certain in every plan that this can become.
        head_size: The largest size that a head needs.
        chosen: What was chosen last.
    """

    view: int
    pending: int
    low: list[int]
    high: list[int]
    facts: int
    head_size: int
    chosen: Chosen | None

    def need(self, certain: Certain, variable: int, state: int) -> bool:
        """Has a variable alive in a state; whether it can be."""
        part = certain.part
        low, high = self.low[variable], self.high[variable]
        birth, until = part.born[variable][state], part.until[state]
        if high == NEVER_BORN:
            if birth == NEVER_BORN:
                return False
            self.low[variable], self.high[variable] = birth, until
            if not part.inputs[variable]:
                self.pending |= 1 << variable
            self.facts |= certain.alive[variable][state]
            return True
        pending = self.pending >> variable & 1
        if state < low:
            if not pending or birth == NEVER_BORN:
                return False
            self.low[variable] = low = birth
        if until > high:
            self.high[variable] = high = until
        self.facts |= certain.life(variable, low, high)
        if pending:
            self.facts |= certain.alive[variable][state]
        return True


def roots(certain: Certain, best: Key) -> list[tuple[Key, Node]]:
    """A beginning for each view of the output that can be read, and its key."""
    part, found = certain.part, []
    variables = len(part.names)
    size = 0 if part.own is None else part.own_size
    views = [sum(1 << variable for variable in reads) for reads in part.views]
    for own in smallest(views):
        node = Node(views.index(own), 0, [0] * variables, [NEVER_BORN] * variables, 0, size, None)
        needed = [(variable, part.last) for variable in members(own)]
        needed += [(variable, 0) for variable in part.own or ()]
        if all(node.need(certain, *each) for each in needed):
            key = certain.least(node.facts, size, best)
            if key is not None:
                found.append((key, node))
    return found


def children(certain: Certain, node: Node, best: Key) -> tuple[list[tuple[Key, Node]], int]:
    """Every way to compute the variable that is born last of those that are open.

    Args:
        certain: The problem.
        node: The node.
        best: What is known: what is not smaller is left out.

    Returns:
        The nodes with their keys, and how many were looked at.
    """
    variable = node.pending.bit_length() - 1
    low, high = node.low[variable], node.high[variable]
    found, count = [], 0
    for place in certain.places[variable]:
        way, sublayer = place.way, place.sublayer
        if sublayer >= low:
            break
        size = max(node.head_size, way.head_size)
        facts = node.facts | place.facts | certain.life(variable, sublayer + 1, high)
        count += 1
        if certain.least(facts, size, best) is None:
            continue
        for own, more in _readings(node, place):
            count += 1
            key = certain.least(facts | more, size, best)
            if key is None:
                continue
            child = Node(
                node.view,
                node.pending ^ 1 << variable,
                node.low[:],
                node.high[:],
                facts | more,
                size,
                Chosen(node.chosen, way, sublayer, own),
            )
            child.low[variable] = sublayer + 1
            if all(child.need(certain, each, sublayer) for each in members(own)):
                found.append((key, child))
    return found, count


def _readings(node: Node, place: Place) -> Iterator[Reads]:
    """The sets that a way may read; what is alive there anyway costs nothing."""
    low, high, state = node.low, node.high, place.sublayer
    alive = 0
    for variable in members(place.union):
        if low[variable] <= state <= high[variable]:
            alive |= 1 << variable
    new = {own & ~alive: (own, facts) for own, facts in reversed(place.reads)}
    for each in smallest(tuple(new)) if len(new) > 1 else new:
        yield new[each]
