"""Rows: combinations of values of some variables, as a relation of codes.

The code of a value is its place in the variable's value set, -1 stands for None. Rows are joined
on the columns that they share, as the tables of a database are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]

MAX_KEY = 1 << 62
"""Keys of rows up to this fit in 64 bits; longer ones are compared column by column."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Which combinations of values of some columns may occur.

    Attributes:
        labels: The columns, each once.
        codes: Shape [rows, columns]; rows are distinct.
    """

    labels: tuple[str, ...]
    codes: Codes

    def __len__(self) -> int:
        return len(self.codes)

    def column(self, label: str) -> Codes:
        """The codes of one column."""
        return self.codes[:, self.labels.index(label)]

    def columns(self, labels: Sequence[str]) -> Codes:
        """The codes of some columns, as they stand."""
        return self.codes[:, [self.labels.index(label) for label in labels]]

    def project(self, labels: Sequence[str]) -> Rows:
        """The rows of some columns, each once."""
        if tuple(labels) == self.labels:
            return self
        return Rows(tuple(labels), distinct(self.columns(labels)))

    def without(self, labels: Iterable[str]) -> Rows:
        """The rows of all other columns."""
        left = set(labels)
        return self.project([label for label in self.labels if label not in left])

    def where(self, chosen: NDArray[np.bool_]) -> Rows:
        """Some of the rows."""
        return self if chosen.all() else Rows(self.labels, self.codes[chosen])

    def sizes(self) -> dict[str, int]:
        """How many values each column takes."""
        return {x: len(np.unique(self.codes[:, i])) for i, x in enumerate(self.labels)}


NO_COLUMNS = Rows((), np.zeros((1, 0), dtype=np.int32))
"""One row, of nothing."""


def one_column(label: str, count: int, none: bool = False) -> Rows:
    """Every value of one variable, and None if it can be that."""
    return Rows((label,), np.arange(-int(none), count, dtype=np.int32)[:, None])


def distinct(codes: Codes) -> Codes:
    """The rows of an array, each once."""
    if codes.shape[1] == 0:
        return codes[:1]
    (keys,) = _keys([codes])
    order = keys.argsort(kind="stable")
    held = keys[order]
    first = np.ones(len(held), dtype=bool)
    np.not_equal(held[1:], held[:-1], out=first[1:])
    return codes[order[first]]


def joined(left: Rows, right: Rows, limit: int) -> Rows | None:
    """All pairs of rows that agree where they share columns; None if there are more than a limit.

    Args:
        left: Some rows.
        right: Others.
        limit: Of the pairs.
    """
    if not left.labels and len(left) == 1:
        return right if len(right) <= limit else None
    shared = [label for label in left.labels if label in right.labels]
    added = [label for label in right.labels if label not in left.labels]
    first, second = _keys([left.columns(shared), right.columns(shared)])
    order = second.argsort(kind="stable")
    ordered = second[order]
    start = ordered.searchsorted(first, side="left")
    count = ordered.searchsorted(first, side="right") - start
    total = int(count.sum())
    if total > limit:
        return None
    rows = np.arange(len(left)).repeat(count)
    others = order[np.arange(total) + (start - count.cumsum() + count).repeat(count)]
    codes = np.concatenate([left.codes[rows], right.columns(added)[others]], axis=1)
    return Rows((*left.labels, *added), codes)


def _keys(blocks: Sequence[Codes]) -> list[NDArray[np.int64]]:
    """A number for each row of some arrays of the same columns, equal where the rows are."""
    codes = np.concatenate(blocks).astype(np.int64) if len(blocks) > 1 else blocks[0]
    keys = np.zeros(len(codes), dtype=np.int64)
    if codes.size:
        low = codes.min(axis=0)
        spans = (codes.max(axis=0) - low + 1).tolist()
        size = 1
        for column, span in enumerate(spans):
            if size * span > MAX_KEY:
                keys = np.unique(keys, return_inverse=True)[1].astype(np.int64)
                size = len(codes)
            keys = keys * span + (codes[:, column] - low[column])
            size *= span
    stops = [*accumulate(len(block) for block in blocks)]
    return [keys[start:stop] for start, stop in pairwise((0, *stops))]
