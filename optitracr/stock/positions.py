"""Positions for a transformer that has no column for them: a head that counts back to BOS.

A head that attends to all keys alike, of which BOS alone has a value, gives 1/(i + 1) at position
i. Steps at the middles of these numbers turn that into the rows that a position embedding would
have: neurons that give 0 below and exactly 1 above, whatever the number is off by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optitracr.craft.spaces import FloatArray
from optitracr.stock.heads import PlainHead
from optitracr.stock.weights import Affine

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What tells positions: one head, and neurons behind it in the same layer.

    Attributes:
        marker: The column that is 1 at BOS and 0 elsewhere.
        count: The column to which the head writes 1/(i + 1).
        head: Over the guest's columns, the marker among them.
        neurons_in: From the guest's columns.
        neurons_out: To them: what the rows of positions differ by from that of position 1.
    """

    marker: int
    count: int
    head: PlainHead
    neurons_in: Affine
    neurons_out: Affine


def counted(positions: Float[FloatArray, "positions columns"], guest: int) -> Counted:
    """The head and neurons that write the rows of a position embedding.

    Args:
        positions: The rows, that of BOS first, over the columns of a compiled model.
        guest: Columns of the guest, of which the last two are the marker and the count.
    """
    marker, count = guest - 2, guest - 1
    read, out = np.zeros((guest, 1)), np.zeros((1, guest))
    read[marker, 0] = out[0, count] = 1.0
    nothing = Affine(np.zeros((guest, 1)), np.zeros(1))
    head = PlainHead(nothing, nothing, Affine(read, np.zeros(1)), out)
    steps = np.diff(positions[1:], axis=0)
    place = np.arange(2, len(positions), dtype=np.float64)
    gap = 1 / (place * (place + 1))
    slope, knot = 2 / gap, 1 / place - gap / 4
    changes = steps.any(axis=1)
    slope, offset, steps = slope[changes], (slope * knot)[changes], steps[changes]
    into = np.zeros((guest, 2 * len(slope)))
    into[count] = -np.concatenate([slope, slope])
    written = np.zeros((2 * len(slope), guest))
    written[:, : positions.shape[1]] = np.concatenate([steps, -steps])
    neurons_in = Affine(into, np.concatenate([offset, offset - 1]))
    return Counted(marker, count, head, neurons_in, Affine(written, np.zeros(guest)))
