"""When a variable can be had at the earliest, before anything is planned for it.

States and sublayers alternate: state 0 is the embedding, sublayer `s` reads state `s` and writes
state `s + 1`; sublayers of even number are attention, the others MLPs. A bound holds for every form
that is not the same for all values: one that is can be written at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.cuts import MAX_TABLE, Cut
from optitracr.candidates.patterns import Conjunction
from optitracr.candidates.proposals import Proposals
from optitracr.candidates.sums import sum_of_terms
from optitracr.constructions.conjunctions import Condition
from optitracr.constructions.needs import NO_CLASS
from optitracr.constructions.reduction import Codes
from optitracr.graph.program import Aggregate, Input, Selector
from solvers import Kind

EMBEDDED = 0
"""The state of what the embedding supplies."""


def written(state: int, kind: Kind) -> int:
    """The first state in which that can be which a sublayer of a kind computes from a state."""
    return state + (state % 2 != kind.parity) + 1


def read_for(state: int, kind: Kind) -> int:
    """The last state that a sublayer of a kind can read whose result is there in a state."""
    last = state - 1
    return last - (last % 2 != kind.parity)


class Births:
    """The earliest state of every variable of a program, whatever is proposed for it.

    Attributes:
        proposals: What is known before anything is proposed.
    """

    def __init__(self, proposals: Proposals, rules: Iterable[Born]) -> None:
        """Looks at each variable once, in the order of the program.

        Args:
            proposals: What is known before anything is proposed.
            rules: For each way to compute variables the states in which it has them.
        """
        self.proposals, self._rules = proposals, [*rules]
        self._states: dict[str, int] = {}
        self._cuts: dict[tuple[str, Cut], int] = {}
        self._pairs: dict[tuple[str, Cut, int], frozenset[tuple[int, int]]] = {}
        self._read: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        for node in proposals.facts.program.nodes:
            # What tells None from all else is a form like any other, and may be had before others.
            given = isinstance(node.operation, Input) or node.value_set.may_be_none
            self._states[node.label] = EMBEDDED if given else self._computed(node.label)

    def _computed(self, label: str) -> int:
        states = [state for born in self._rules for state in born(self, label)]
        return min(states, default=EMBEDDED)

    def of(self, label: str) -> int:
        """The state in which a variable can be, or what it can be read off."""
        if label not in self._read:
            sources = self.proposals.readings.sources(label)
            self._read[label] = min(self._off(label, *source) for source in sources)
        return self._read[label]

    def _off(self, label: str, source: str, along: NDArray[np.integer] | None) -> int:
        """The same off one variable; at once where that never leads to some value."""
        values = self.proposals.facts.nodes[label].value_set.values
        if along is not None and len(set(along.tolist()) - {NO_CLASS}) < len(values):
            return EMBEDDED
        return self._states.get(source, EMBEDDED)

    def as_number(self, label: str) -> int:
        """The same where the terms of a sum may be read in its place."""
        if label not in self._numbers:
            terms = self.terms(label) if self.proposals.facts.is_raw(label) else []
            self._numbers[label] = min(self.of(term) for term in (label, *terms))
        return self._numbers[label]

    def terms(self, label: str) -> list[str]:
        """What is added up in a sum, as far down as there are sums; other numbers by themselves."""
        facts = self.proposals.facts
        return [x for x, _ in sum_of_terms(facts.nodes, facts.place, label, 1.0, lambda _: True)]

    def over(self, label: str, cut: Cut) -> int:
        """The state from which an MLP can compute some form of a variable from those of a cut."""
        key = label, cut
        if key not in self._cuts:
            count = len(self.proposals.facts.nodes[label].value_set.values)
            states = self._states_of(label, cut)
            late = (x for x in states if not tells(self._joined(label, cut, x), count))
            self._cuts[key] = next(late, EMBEDDED)
        return self._cuts[key]

    def of_form(self, held: Sequence[object], label: str, cut: Cut) -> int:
        """The same for one form, by what it holds of each value."""
        for state in self._states_of(label, cut):
            if any(held[one] != held[other] for one, other in self._joined(label, cut, state)):
                return state
        return EMBEDDED

    def _states_of(self, label: str, cut: Cut) -> list[int]:
        """The states from the last one back in which some of a cut are had; none if not known."""
        facts = self.proposals.facts
        states = {self.as_number(leaf) for leaf in cut} - {EMBEDDED}
        may_be_none = any(facts.nodes[x].value_set.may_be_none for x in (label, *cut))
        known = not may_be_none and facts.tables.size(cut) <= MAX_TABLE
        return sorted(states, reverse=True) if known else []

    def _joined(self, label: str, cut: Cut, state: int) -> frozenset[tuple[int, int]]:
        """The values of a variable that nothing tells apart but what of a cut comes so late."""
        key = label, cut, state
        if key not in self._pairs:
            latest = [axis for axis, leaf in enumerate(cut) if self.as_number(leaf) >= state]
            table = self.proposals.facts.tables.table(label, cut)
            self._pairs[key] = joined(table, self.proposals.tables.possible(cut), latest)
        return self._pairs[key]

    def selected(self, selector: Selector) -> int:
        """The state that a head reads at the earliest, by whatever it decides what is selected."""
        ways = self.proposals.patterns.conjunctions(selector)
        return min((self._decided(way) for way in ways), default=EMBEDDED)

    def _decided(self, way: Conjunction) -> int:
        """The state in which all is there by which a conjunction is decided."""
        read = [label for part in way.parts for label in told_by(part)]
        return max((self.of(label) for label in read), default=EMBEDDED)

    def averaged(self, label: str, operation: Aggregate) -> int:
        """The state in which that is there which a head averages, where it cannot do without."""
        facts = self.proposals.facts
        own, other = (facts.nodes[x].value_set for x in (label, operation.operand))
        alike = facts.is_raw(label) or len(own.values) == len(other.values) > 1
        if operation.default is not None or not alike or len(other.values) == 1:
            return EMBEDDED
        return self.as_number(operation.operand)


Born = Callable[[Births, str], Iterable[int]]
"""The states in which a rule has a variable at the earliest, one for each way to compute it."""


def told_by(part: Condition) -> Iterator[str]:
    """The variables of a condition that make a difference to it."""
    table = part.table[:-1, :-1]
    if (table != table[:1]).any():
        yield part.key
    if (table != table[:, :1]).any():
        yield part.query


def joined(
    table: Codes, possible: NDArray[np.bool_] | None, axes: Sequence[int]
) -> frozenset[tuple[int, int]]:
    """The pairs of a table's results that differ in some of its axes alone.

    Args:
        table: A result for each combination.
        possible: Which combinations can occur; None for all.
        axes: The axes.

    Returns:
        As many pairs as join all that are alike without these axes.
    """
    rows = np.moveaxis(table, axes, range(len(axes)))
    rows = rows.reshape(math.prod(rows.shape[: len(axes)]), -1)
    if possible is None:
        results, others = rows, np.broadcast_to(rows[0], rows.shape)
    else:
        occurs = np.moveaxis(np.broadcast_to(possible, table.shape), axes, range(len(axes)))
        occurs = occurs.reshape(rows.shape)
        first = rows[occurs.argmax(axis=0), np.arange(rows.shape[1])]
        results, others = rows[occurs], np.broadcast_to(first, rows.shape)[occurs]
    both = zip(results.ravel().tolist(), others.ravel().tolist(), strict=True)
    return frozenset(pair for pair in both if min(pair) > NO_CLASS)


def tells(pairs: Collection[tuple[int, int]], count: int) -> bool:
    """Whether anything is told of some results where those of each pair have to be held alike.

    Args:
        pairs: The pairs, of a result with itself for one that occurs.
        count: Number of results; those that never occur are told from all others.
    """
    return _groups(pairs) + count - len({x for pair in pairs for x in pair}) > 1


def _groups(pairs: Collection[tuple[int, int]]) -> int:
    """How many groups there are of what pairs join."""
    of = {x: x for pair in pairs for x in pair}
    for one, other in pairs:
        first, second = of[one], of[other]
        if first != second:
            of = {x: first if group == second else group for x, group in of.items()}
    return len(set(of.values()))
