"""What a query can select, by what is known of it: which values, and how many.

A selector that is a conjunction of predicates is looked at for each combination of what its
queries are made of. Where the index of a key settles whether it is selected, what is selected is
known for each number of positions that the query sees; elsewhere only which keys may be among it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr.filling import padded
from optitracr.graph.joint.rows import Rows
from optitracr.graph.program import PairSelector, Selector, conjuncts_of, holds_of

MAX_PAIRS = 4_000_000
"""Pairs of what a query and a key hold that are looked at: some ten milliseconds."""

MAX_CASES = 5_000
"""Queries with what they see that are looked at one by one: a tenth of a second."""

Mask = NDArray[np.bool_]
Places = NDArray[np.int32]


def conjuncts(selector: Selector) -> tuple[list[PairSelector], bool]:
    """Predicates that hold for every pair that is selected, and whether they say all of it."""
    every = list(conjuncts_of(selector))
    parts = [part for part in every if isinstance(part, PairSelector)]
    return parts, len(parts) == len(every)


@dataclass(frozen=True, slots=True, eq=False)
class Selecting:
    """Queries and keys of one selector.

    Attributes:
        queries: What queries hold, over the variables that are compared and their columns.
        keys: What keys hold.
        holds: Shape [queries, keys]: which keys a query may select.
        whole: Whether it selects all of these that it sees.
        own: For each query its index; None if that is not known.
        place: For each key its index; None if that is not known.
    """

    queries: Rows
    keys: Rows
    holds: Mask
    whole: bool
    own: Places | None
    place: Places | None

    def by_index(self) -> bool:
        """Whether the index of a key settles whether a query selects it."""
        if not self.whole or self.place is None:
            return False
        order = np.argsort(self.place, kind="stable")
        held, place = self.holds[:, order], self.place[order]
        same = place[1:] == place[:-1]
        return bool((held[:, 1:] == held[:, :-1])[:, same].all())


def selecting(
    selector: Selector, queries: Rows, keys: Rows, parts: Sequence[PairSelector], index: str
) -> Selecting | None:
    """The pairs of what queries and what keys hold; None if there are too many.

    Args:
        selector: The selector.
        queries: What queries hold.
        keys: What keys hold.
        parts: Those of its conjuncts whose sides are among these.
        index: The label of the index.
    """
    if len(queries) * len(keys) > MAX_PAIRS:
        return None
    holds = np.ones((len(queries), len(keys)), dtype=bool)
    for part in parts:
        table = padded(holds_of(part), False)
        holds &= table[keys.column(part.keys)[None, :], queries.column(part.queries)[:, None]]
    every, whole = conjuncts(selector)
    own, place = (x.column(index) if index in x.labels else None for x in (queries, keys))
    return Selecting(queries, keys, holds, whole and len(every) == len(parts), own, place)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What a query may select.

    Attributes:
        query: The row of the query.
        seen: How many positions it sees at most: the length, or in a causal model those up to it.
        keys: The keys that may be among what it selects.
        most: How many positions it selects at most.
        settled: Whether it selects just so many, and `seen` is exact.
        places: The positions that it selects, where it is settled which.
    """

    query: int
    seen: int
    keys: Mask
    most: int
    settled: bool = False
    places: Places | None = None


def cases(found: Selecting, longest: int, causal: bool) -> Iterator[Case]:
    """What each query may select, with each number of positions that it may see if it matters."""
    by_index = found.by_index()
    for query in range(len(found.queries)):
        least = 1 if found.own is None else int(found.own[query]) + 1
        most = least if causal and found.own is not None else longest
        held = found.holds[query]
        every = found.whole and not by_index and bool(held.all())
        for seen in range(least, most + 1) if by_index or every else (most,):
            if every:
                yield Case(query, seen, held, seen, settled=True)
                continue
            visible = held if found.place is None else held & (found.place < seen)
            places = None if found.place is None else np.unique(found.place[visible])
            count = int(visible.any()) * (seen if places is None else len(places))
            yield Case(query, seen, visible, count, by_index, places if by_index else None)


def count_cases(found: Selecting, longest: int) -> int:
    """A bound on the number of cases."""
    settled = found.whole and (bool(found.holds.all(axis=1).any()) or found.by_index())
    return len(found.queries) * (longest if settled else 1)
