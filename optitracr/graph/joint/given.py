"""What an Aggregate or a width can give, for each of what its query is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.joint.rows import Codes
from optitracr.graph.joint.selections import Case, Selecting, cases
from optitracr.graph.joint.sums import Sums

Numbers = NDArray[np.float64]

UNKNOWN = -2
"""In place of a number that is not known."""


@dataclass(slots=True, eq=False)
class Given:
    """Values given, and what goes with them.

    Attributes:
        values: Means, counts, or codes of the operand, some at a time.
        queries: The row of the query that is given them.
        seen: How many positions the query sees; UNKNOWN where that does not matter.
        counts: How many positions it selects for each; UNKNOWN where that is not known.
        empty: The query and what it sees, wherever nothing may be selected.
    """

    values: list[Numbers] = field(default_factory=list)
    queries: list[int] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    counts: list[Codes] = field(default_factory=list)
    empty: list[tuple[int, int]] = field(default_factory=list)

    def add(self, values: Numbers, case: Case, seen: int, count: int | Codes) -> None:
        """Some values that a case gives."""
        self.values.append(values)
        self.queries.append(case.query)
        self.seen.append(seen)
        same = np.full(len(values), count, np.int32) if isinstance(count, int) else count
        self.counts.append(same)

    def table(self) -> tuple[Numbers, Codes]:
        """All values, and beside them query, seen and count, [n, 3]."""
        if not self.values:
            return np.zeros(0), np.zeros((0, 3), dtype=np.int32)
        each = [len(values) for values in self.values]
        beside = [np.repeat(self.queries, each), np.repeat(self.seen, each)]
        rows = np.stack([*beside, np.concatenate(self.counts)], axis=1)
        return np.concatenate(self.values), rows.astype(np.int32)


def counts(found: Selecting, one: bool, longest: int, causal: bool) -> Given:
    """How many positions each query can select, if it may select more than one."""
    given = Given()
    for case in cases(found, longest, causal):
        most = min(case.most, 1) if one else case.most
        if not case.settled:
            every = np.arange(most + 1, dtype=np.int32)
            given.add(every.astype(np.float64), case, UNKNOWN, every)
        else:
            given.add(np.array([float(most)]), case, case.seen, most)
    return given


def copies(found: Selecting, operand: str, longest: int, causal: bool) -> Given:
    """Which values of its operand each query can select, as codes."""
    given = Given()
    codes = found.keys.column(operand)
    for case in cases(found, longest, causal):
        seen = case.seen if case.settled else UNKNOWN
        if not case.settled or not case.most:
            given.empty.append((case.query, seen))
        held = np.unique(codes[case.keys])
        given.add(held.astype(np.float64), case, seen, UNKNOWN)
    return given


def means(
    found: Selecting, operand: str, numbers: Sums, one: bool, longest: int, causal: bool
) -> Given | None:
    """Every mean that each query can take; None if there are too many.

    Args:
        found: The selector.
        operand: What the mean is taken of.
        numbers: Its values.
        one: Whether a query selects at most one position.
        longest: Longest input.
        causal: Whether a query sees no later key.
    """
    given = Given()
    codes = found.keys.column(operand)
    size = len(numbers.values)
    known: dict[tuple[bytes, int], list[tuple[Numbers, int]] | None] = {}
    for case in cases(found, longest, causal):
        if not case.settled:
            given.empty.append((case.query, UNKNOWN))
            held = _held(codes[case.keys], size)
            most = min(case.most, 1) if one else case.most
            key = (held.tobytes(), most)
            if key not in known:
                known[key] = _of_any(numbers, held, most)
            found_means = known[key]
            if found_means is None:
                return None
            for values, count in found_means:
                given.add(values, case, UNKNOWN, count)
        elif not case.most:
            given.empty.append((case.query, case.seen))
        else:
            sets = _sets(found, case, codes, size)
            sums = numbers.of(sets)
            if sums is None:
                return None
            given.add(numbers.means(sums, case.most), case, case.seen, case.most)
    return given


def _sets(found: Selecting, case: Case, codes: Codes, size: int) -> list[NDArray[np.bool_]]:
    """What each of the positions that are selected may hold."""
    place, places = found.place, case.places
    if place is None or places is None:
        return [_held(codes[case.keys], size)] * case.most
    return [_held(codes[case.keys & (place == one)], size) for one in places.tolist()]


def _of_any(numbers: Sums, held: NDArray[np.bool_], most: int) -> list[tuple[Numbers, int]] | None:
    """The means of each number of values out of one set."""
    found: list[tuple[Numbers, int]] = []
    if not held.any():
        return found
    for count in range(1, most + 1):
        sums = numbers.of([held] * count)
        if sums is None:
            return None
        found.append((numbers.means(sums, count), count))
    return found


def _held(codes: Codes, size: int) -> NDArray[np.bool_]:
    """Which of the values of a variable are among some codes, None left out."""
    held = np.zeros(size + 1, dtype=bool)
    held[codes] = True
    return held[:size]
