"""Entries of tables to which no input leads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def fill_nearest(table: NDArray[np.int32], free: Mask, known: Mask) -> None:
    """Fills some entries with what stands nearest to them.

    Args:
        table: The table, which is changed.
        free: The entries to fill.
        known: The entries to fill them with; some are.
    """
    from scipy.ndimage import distance_transform_edt

    nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
    table[free] = table[tuple(nearest)][free]
