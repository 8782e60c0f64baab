"""Tables of which some entries never occur: filled such that more of the rest is alike.

Two slices along the axis of classes are one if they agree wherever both are known, as in the
colouring of what conflicts; the choice is greedy, the slice with most known entries first. Along
the axis of the one number that is read the nearest known entry stands in, so that the output
changes no oftener than it must.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.reduction import Codes
from optitracr.filling import fill_along

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

MAX_WORK = 20_000_000
"""Entries that are compared to merge the slices of one axis: some hundredths of a second."""

KEPT = 256
"""Completed tables that are kept: those of some ten programs."""

KEPT_BYTES = 1 << 14
"""Size of a table up to which it is kept, some thousand entries: all that are kept take 10 MB at
most."""


def completed(
    table: Int[Codes, ...], known: Bool[NDArray[np.bool_], ...], numerical: Sequence[bool]
) -> Int[Codes, ...]:
    """The table with other entries where it is not known.

    Args:
        table: The table.
        known: Which entries occur.
        numerical: For each axis whether it is that of a number.
    """
    known = np.broadcast_to(known, table.shape)
    given = table.tobytes(), known.tobytes(), table.shape, tuple(numerical)
    return (_completed if table.nbytes > KEPT_BYTES else _kept)(*given)


def _completed(
    held: bytes, occurs: bytes, shape: tuple[int, ...], numerical: tuple[bool, ...]
) -> Codes:
    """The same of a table and a mask given as bytes."""
    table = np.frombuffer(held, dtype=np.int32).reshape(shape).copy()
    known = np.frombuffer(occurs, dtype=np.bool_).reshape(shape).copy()
    for axis in range(table.ndim):
        if not numerical[axis]:
            _merge(table.swapaxes(axis, 0), known.swapaxes(axis, 0))
    numbers = [axis for axis in range(table.ndim) if numerical[axis]]
    if len(numbers) == 1:
        fill_along(table.swapaxes(numbers[0], 0), known.swapaxes(numbers[0], 0))
    table.setflags(write=False)
    return table


_kept = lru_cache(maxsize=KEPT)(_completed)
"""Those of small tables, for which several forms of a variable ask."""


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
    for place in order.tolist():
        own, occurs = values[place], there[place]
        differ = ((merged[:classes] != own) & held[:classes] & occurs).any(axis=1)
        found = classes if differ.all() else int(differ.argmin())
        if found == classes:
            merged[found], held[found] = own, occurs
            classes += 1
        else:
            np.copyto(merged[found], own, where=occurs & ~held[found])
            held[found] |= occurs
        member[place] = found
    table[...] = merged[member].reshape(table.shape)
    known[...] = held[member].reshape(known.shape)
