"""Cases of a program: the small ways in which it behaves, and which input shows which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.rasp.aggregate import Aggregate
from optitracr.rasp.batch import BatchEvaluation
from optitracr.rasp.expression import RASPExpr
from optitracr.rasp.selector import Select, Selector
from optitracr.rasp.sop import SequenceMap, SOp

Shown = NDArray[np.int64]
"""[row, any number]: cases of one kind that each input shows, as numbers; NONE for no case."""

NONE = -1
"""In place of a number where the value is None; codes and counts are not negative."""

MANY = 3
"""So many selected keys and more count as one case: 0, 1 and 2 are what programs turn on."""

CODE_BITS = 28
"""Room for the code of a value: two of them and a count fit the 63 bits of a case, and no search
meets so many distinct values."""

NO_CODE = (1 << CODE_BITS) - 1
"""In place of the code of a value where nothing is selected."""

LARGEST_GROUP = 1024
"""Cases of one kind that are told apart. A table of thousands of entries would otherwise fill
the search; what a rare entry gives is a case of its own, the value."""


@dataclass(slots=True)
class _Group:
    """Cases of one kind of one expression.

    Attributes:
        cases: Their numbers, ascending.
        hits: How often each was shown.
        places: The input that showed each first.
    """

    cases: Shown
    hits: NDArray[np.float64]
    places: NDArray[np.intp]


class Cases:
    """All cases seen so far."""

    def __init__(self) -> None:
        self._groups: list[_Group] = []

    def __len__(self) -> int:
        return sum(len(group.cases) for group in self._groups)

    def add(self, found: Iterator[Shown], kept: int) -> list[int]:
        """Notes what the rows of a batch show.

        Args:
            found: The cases of each kind, in the same order for every batch.
            kept: Number of inputs kept before; each row returned is kept after these.

        Returns:
            The rows that show a case for the first time.
        """
        fresh: list[tuple[_Group, Shown, NDArray[np.intp]]] = []
        for place, shown in enumerate(found):
            if place == len(self._groups):
                empty = np.zeros(0, dtype=np.int64)
                self._groups.append(_Group(empty, np.zeros(0), empty))
            group = self._groups[place]
            new = _note(group, shown)
            if len(new[0]):
                fresh.append((group, *new))
        rows = sorted({row for _, _, first in fresh for row in first.tolist()})
        order = {row: kept + i for i, row in enumerate(rows)}
        for group, cases, first in fresh:
            _insert(group, cases, [order[row] for row in first.tolist()])
        return rows

    def rare(self, rng: np.random.Generator, count: int) -> list[int]:
        """Inputs that show cases which few inputs show, every kind as likely as another."""
        groups = [group for group in self._groups if len(group.cases)]
        chosen = []
        for place in rng.integers(len(groups), size=count).tolist():
            weights = 1 / groups[place].hits
            case = int(rng.choice(len(weights), p=weights / weights.sum()))
            chosen.append(int(groups[place].places[case]))
        return chosen

    def rarest(self, count: int) -> list[int]:
        """At most so many inputs: first the rarest case of each kind, then the next, ...

        Returns:
            The places of inputs, ascending.
        """
        orders = [np.argsort(group.hits, kind="stable") for group in self._groups]
        longest = max(map(len, orders), default=0)
        chosen: dict[int, None] = {}
        for rank in range(longest):
            for group, order in zip(self._groups, orders, strict=True):
                if len(chosen) == count:
                    return sorted(chosen)
                if rank < len(order):
                    chosen[int(group.places[order[rank]])] = None
        return sorted(chosen)


def _note(group: _Group, shown: Shown) -> tuple[Shown, NDArray[np.intp]]:
    """Counts known cases; the new ones, and the first row that shows each."""
    cases, first, hits = np.unique(shown, return_index=True, return_counts=True)
    real = cases != NONE
    cases, first, hits = cases[real], first[real], hits[real]
    if len(group.cases):
        places = np.searchsorted(group.cases, cases).clip(max=len(group.cases) - 1)
        known = group.cases[places] == cases
        group.hits[places[known]] += hits[known]
    else:
        known = np.zeros(len(cases), dtype=bool)
    room = LARGEST_GROUP - len(group.cases)
    width = max(1, shown.shape[1])
    return cases[~known][:room], first[~known][:room] // width


def _insert(group: _Group, cases: Shown, places: Sequence[int]) -> None:
    at = np.searchsorted(group.cases, cases)
    group.hits = np.insert(group.hits, at, 1.0)
    group.places = np.insert(group.places, at, places)
    group.cases = np.insert(group.cases, at, cases)


def cases_of(
    exprs: Sequence[RASPExpr],
    evaluation: BatchEvaluation,
    lengths: NDArray[np.integer[Any]],
    rows: NDArray[np.intp],
) -> Iterator[Shown]:
    """The cases that some rows of a batch show, kind by kind.

    Args:
        exprs: What was evaluated; the last is the program's output.
        evaluation: Their values.
        lengths: Number of tokens of each row of the batch.
        rows: The rows that count.
    """
    given = lengths[rows]
    yield given[:, None].astype(np.int64)
    for expr in exprs:
        if isinstance(expr, SOp):
            codes = evaluation.codes(expr)[rows].astype(np.int64)
            valid = np.arange(codes.shape[1]) < given[:, None]
            yield np.where(valid, codes, NONE)
            yield from _of_sop(expr, evaluation, rows, codes, valid)
        elif isinstance(expr, Selector):
            yield from _of_selector(expr, evaluation, rows, given)
    places = np.arange(codes.shape[1])
    yield np.where(valid, codes * len(places) + places, NONE)


def _of_sop(
    sop: SOp, evaluation: BatchEvaluation, rows: NDArray[np.intp], codes: Shown, valid: Any
) -> Iterator[Shown]:
    """Entries of a function of two; what an aggregate selects, and the mean of how many."""
    if isinstance(sop, SequenceMap):
        fst, snd = (evaluation.codes(x)[rows].astype(np.int64) for x in (sop.fst, sop.snd))
        yield np.where(valid, (fst << CODE_BITS) | snd, NONE)
    elif isinstance(sop, Aggregate):
        selected = evaluation.selected(sop.selector)[rows]
        widths = selected.sum(axis=1, dtype=np.int64)
        operand = evaluation.codes(sop.sop)[rows].astype(np.int64)[:, :, None]
        low = np.where(selected, operand, NO_CODE).min(axis=1)
        high = np.where(selected, operand, 0).max(axis=1)
        ends = (widths.clip(max=MANY) << 2 * CODE_BITS) | (low << CODE_BITS)
        yield np.where(valid, ends | high, NONE)
        yield np.where(valid, (widths << CODE_BITS) | codes, NONE)


def _of_selector(
    selector: Selector, evaluation: BatchEvaluation, rows: NDArray[np.intp], lengths: Any
) -> Iterator[Shown]:
    """How many keys each query selects; for which values a predicate holds."""
    selected = evaluation.selected(selector)[rows]
    count, seq = selected.shape[:2]
    places = np.arange(seq)
    widths = selected.sum(axis=1, dtype=np.int64).clip(max=MANY)
    yield np.where(places < lengths[:, None], widths * seq + places, NONE)
    if isinstance(selector, Select):
        keys, queries = (
            evaluation.codes(x)[rows].astype(np.int64) for x in (selector.keys, selector.queries)
        )
        pairs = (keys[:, :, None] << CODE_BITS) | queries[:, None, :]
        yield np.where(selected, pairs, NONE).reshape(count, seq * seq)
