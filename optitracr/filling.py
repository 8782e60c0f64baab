"""Entries of tables to which no input leads, and those of None."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Entry = TypeVar("Entry", np.int32, np.bool_)

Mask = NDArray[np.bool_]


def padded(table: NDArray[Entry], none: int = -1) -> NDArray[Entry]:
    """A table with one entry more on each axis, the last, of None: what -1 looks up.

    Args:
        table: Codes, or what holds.
        none: What stands there.
    """
    held = np.full([n + 1 for n in table.shape], none, dtype=table.dtype)
    held[tuple(slice(n) for n in table.shape)] = table
    return held


def fill_along(table: NDArray[np.int32], known: Mask) -> Mask:
    """Fills unknown entries along the first axis by the last known one before, or the first.

    Args:
        table: The table, which is changed.
        known: The entries that stay.

    Returns:
        Which entries are known now: all of a line that has a known one.
    """
    place = np.arange(len(table)).reshape(-1, *(1,) * (table.ndim - 1))
    last = np.maximum.accumulate(np.where(known, place, -1), axis=0)
    first = np.argmax(known, axis=0)[None]
    table[...] = np.take_along_axis(table, np.where(last >= 0, last, first), axis=0)
    return np.broadcast_to(known.any(axis=0), table.shape)


def fill_beside(table: NDArray[np.int32], free: Mask, known: Mask) -> None:
    """Fills some entries with known ones beside them, along one axis after the other.

    Args:
        table: The table, which is changed.
        free: The entries to fill.
        known: The entries to fill them with; some are.
    """
    filled = table.copy()
    for axis in reversed(range(table.ndim)):
        line = np.moveaxis(filled, axis, 0)
        known = np.moveaxis(fill_along(line, np.moveaxis(known, axis, 0)), 0, axis)
    table[free] = filled[free]
