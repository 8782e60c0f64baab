"""Counts of indices that some value exceeds: the largest value, which one head can look at.

RASP has no maximum. A program that wants the largest of some natural numbers asks for each index
whether some key's number exceeds it, and counts the indices of which that holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.facts import Facts
from optitracr.candidates.told import Telling
from optitracr.graph.program import Share
from optitracr.graph.relations import Relation


@dataclass(frozen=True, slots=True, eq=False)
class Height:
    """A variable that is a function of the largest of some numbers.

    Attributes:
        label: The variable that holds the numbers.
        numbers: For each of its values the number, 0 for those below.
        held: For each of its values that of the function where it is the largest, -1 where it never
            is.
    """

    label: str
    numbers: NDArray[np.float64]
    held: NDArray[np.intp]


class Heights(Telling):
    """The heights of a program, each looked for when it is first asked about.

    Attributes:
        facts: The program.
    """

    def __init__(self, facts: Facts) -> None:
        """Nothing is looked at yet."""
        super().__init__(facts)
        self._found: dict[str, Height | None] = {}

    def of(self, label: str) -> Height | None:
        """What a variable is a height of; None if it is not known to be one."""
        if label not in self._found:
            self._found[label] = next(self._ways(label), None)
        return self._found[label]

    def _ways(self, label: str) -> Iterator[Height]:
        if self.facts.setting.causal:
            # Neither all keys nor all indices are there yet.
            return
        for cut in self.facts.cuts.get(label, ()):
            if len(cut) != 1 or not self.is_count(cut[0]):
                continue
            numbers = self._counted(cut[0])
            if numbers is not None:
                yield self._height(label, cut[0], numbers)

    def _counted(self, count: str) -> str | None:
        """The variable whose largest number a count is; None if it is none."""
        reached = self.told_of(count)
        if reached is None or reached.queries or len(reached.keys) != 1:
            return None
        (above,) = reached.keys
        counts = self.counts_of(above) if self.is_count(above) else None
        if counts is None or not np.array_equal(reached.holds, counts > 0):
            return None
        label = self._exceeding(self.relation_of(above))
        return label if label is not None and self._is_within_length(label) else None

    def _exceeding(self, relation: Relation) -> str | None:
        """The variable whose numbers exceed the query's index, just where a relation selects."""
        if len(relation.keys) != 1 or len(relation.queries) != 1:
            return None
        (label,), (index,) = relation.keys, relation.queries
        own = self.facts.nodes[label].value_set
        if not self.facts.nodes[index].is_index or own.may_be_none or own.exploded:
            return None
        numbers = self._numbers(label)
        if numbers is None:
            return None
        above = numbers[:, None] > np.arange(self.size(index))
        return label if np.array_equal(relation.table()[:-1, :-1], above) else None

    def _numbers(self, label: str) -> NDArray[np.float64] | None:
        """The whole numbers that a variable holds; None if it holds others."""
        values = self.facts.nodes[label].value_set.values
        if not all(isinstance(value, int) for value in values):
            return None
        return np.asarray(values, dtype=np.float64)

    def _is_within_length(self, label: str) -> bool:
        """Whether no number exceeds the number of positions, as none does that no count exceeds."""
        numbers, tables = self._numbers(label), self.facts.tables
        assert numbers is not None, "it was asked before"
        for cut in self.facts.cuts.get(label, ()):
            for axis, leaf in enumerate(cut):
                if not isinstance(self.facts.operation(leaf), Share):
                    continue
                codes = tables.table(label, cut)
                counts = self.counts_of(leaf)
                assert counts is not None, "it is a count"
                counts = counts.reshape([-1 if i == axis else 1 for i in range(codes.ndim)])
                if ((codes < 0) | (numbers[codes] <= counts)).all():
                    return True
        return False

    def _height(self, label: str, count: str, numbered: str) -> Height:
        """The height of a variable's numbers that a count is, of which a variable is a function."""
        numbers, counts = self._numbers(numbered), self.counts_of(count)
        assert numbers is not None, "it was asked before"
        assert counts is not None, "it is a count"
        codes = self.facts.tables.table(label, (count,))
        numbers = np.maximum(numbers, 0.0)
        largest = numbers.astype(np.int64)
        held = np.full(int(max(largest.max(initial=0), counts.max(initial=0))) + 1, -1)
        held[counts] = codes
        return Height(numbered, numbers, held[largest])
