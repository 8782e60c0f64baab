"""Tables of functions, and their reduction: what writes the same is one.

A table is an array with one axis for each variable that is read, indexed by its value; the
entries are indices into what the results write, -1 for None.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.distinct import classes_of_slices

if TYPE_CHECKING:
    from jaxtyping import Int

Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class ReducedTable:
    """A table with equal slices merged along every axis.

    Attributes:
        classes: For each axis the class of each of the leaf's values.
        table: The function of the classes.
    """

    classes: tuple[Int[Codes, " _"], ...]
    table: Int[Codes, ...]

    @property
    def essential(self) -> tuple[int, ...]:
        """The axes on which the function depends."""
        return tuple(axis for axis, n in enumerate(self.table.shape) if n > 1)


def reduce_table(table: Int[Codes, ...], numerical: Sequence[bool]) -> ReducedTable:
    """Merges equal slices: any along a categorical axis, neighbours along a numerical one."""
    classes: list[Codes] = [np.arange(n, dtype=np.int32) for n in table.shape]
    reduced = table
    while True:
        before = reduced.shape
        for axis in range(table.ndim):
            merge = _merge_neighbours if numerical[axis] else _merge_equal
            member, keep = merge(reduced, axis)
            if len(keep) < len(member):
                reduced = reduced.take(keep, axis=axis)
                classes[axis] = member[classes[axis]].astype(np.int32)
        if reduced.shape == before:
            return ReducedTable(tuple(classes), reduced)


def _rows(table: Codes, axis: int) -> Codes:
    """Each slice along an axis as a row, the same entry in the same place of all."""
    return table.swapaxes(axis, 0).reshape(table.shape[axis], -1)


def _merge_equal(table: Codes, axis: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The class of each slice, classes numbered by first member; and those members."""
    return classes_of_slices(_rows(table, axis))


def _merge_neighbours(table: Codes, axis: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    rows = _rows(table, axis)
    starts = np.ones(len(rows), dtype=bool)
    (rows[1:] != rows[:-1]).any(axis=1, out=starts[1:])
    return starts.cumsum() - 1, starts.nonzero()[0]
