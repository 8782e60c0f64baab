"""Tables of which some entries never occur: filled such that more of the rest is alike.

Two slices along the axis of classes are one if they agree wherever both are known, as in the
colouring of what conflicts; the choice is greedy, the slice with most known entries first. Along
the axis of the one number that is read the nearest known entry stands in, so that the output
changes no oftener than it must.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.reduction import Codes
from optitracr.filling import fill_along

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

MAX_WORK = 20_000_000
"""Entries that are compared to merge the slices of one axis: some hundredths of a second."""


def completed(
    table: Int[Codes, ...], known: Bool[NDArray[np.bool_], ...], numerical: Sequence[bool]
) -> Int[Codes, ...]:
    """The table with other entries where it is not known.

    Args:
        table: The table.
        known: Which entries occur.
        numerical: For each axis whether it is that of a number.
    """
    table, known = table.copy(), np.broadcast_to(known, table.shape).copy()
    for axis in range(table.ndim):
        if not numerical[axis]:
            _merge(np.moveaxis(table, axis, 0), np.moveaxis(known, axis, 0))
    numbers = [axis for axis in range(table.ndim) if numerical[axis]]
    if len(numbers) == 1:
        fill_along(np.moveaxis(table, numbers[0], 0), np.moveaxis(known, numbers[0], 0))
    return table


def _merge(table: Codes, known: NDArray[np.bool_]) -> None:
    """Makes slices along the first axis equal that agree wherever both are known."""
    count = len(table)
    values, there = table.reshape(count, -1), known.reshape(count, -1)
    if count * values.size > MAX_WORK:
        return
    order = np.argsort(-there.sum(axis=1), kind="stable")
    merged, held = np.zeros_like(values), np.zeros_like(there)
    member = np.zeros(count, dtype=np.intp)
    classes = 0
    for slice_ in order:
        differ = (merged[:classes] != values[slice_]) & held[:classes] & there[slice_]
        fitting = np.flatnonzero(~differ.any(axis=1))
        found = int(fitting[0]) if len(fitting) else classes
        if found == classes:
            merged[found] = values[slice_]
            classes += 1
        new = there[slice_] & ~held[found]
        merged[found][new] = values[slice_][new]
        held[found] |= there[slice_]
        member[slice_] = found
    table[...] = merged[member].reshape(table.shape)
    known[...] = held[member].reshape(known.shape)
