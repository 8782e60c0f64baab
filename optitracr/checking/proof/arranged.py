"""Inputs that look alike to heads, each kept once.

What a head gives a position depends on what it reads there and at the keys that are seen. Where it
reads no position, the order of the keys does not matter: bounds hold for every order of summation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.bounded import FloatArray
from optitracr.checking.proof.distinct import groups, groups_of_integers

if TYPE_CHECKING:
    from jaxtyping import Bool, Int


@dataclass(frozen=True, slots=True, eq=False)
class Arranged:
    """Inputs that differ in what heads read.

    Attributes:
        ids: The row of the stream at each of their positions, [kept, seq].
        mask: Which keys each query may see.
        place: For each position of all inputs the one among these that stands for it, [batch, seq];
            they are counted through.
    """

    ids: Int[NDArray[np.intp], "kept seq"]
    mask: Bool[NDArray[np.bool_], "kept 1 #query key"]
    place: Int[NDArray[np.intp], "batch seq"]


def arranged(
    ids: Int[NDArray[np.intp], "batch seq"],
    mask: Bool[NDArray[np.bool_], "batch 1 #query key"],
    read: Sequence[FloatArray],
) -> Arranged:
    """The inputs that heads tell apart.

    Args:
        ids: For each position its row.
        mask: Which keys each query may see.
        read: What heads make of each row, [rows, ...] each.
    """
    _, kind = groups(np.concatenate([part.reshape(len(part), -1) for part in read], axis=1))
    # The last query sees all that any does.
    kinds = 2 * kind[ids] + mask[:, 0, -1]
    batch, length = ids.shape
    if mask.shape[2] > 1:
        # Each query sees other keys, and where they stand tells which.
        first, group = groups_of_integers(kinds)
        place = group[:, None] * length + np.arange(length)
        return Arranged(ids[first], mask[first], place)
    order = np.argsort(kinds, axis=1, kind="stable")
    first, group = groups_of_integers(np.take_along_axis(kinds, order, axis=1))
    place = np.empty((batch, length), dtype=np.intp)
    np.put_along_axis(place, order, group[:, None] * length + np.arange(length), axis=1)
    kept = order[first]
    seen = np.take_along_axis(mask[first, 0, 0], kept, axis=1)
    return Arranged(np.take_along_axis(ids[first], kept, axis=1), seen[:, None, None], place)
