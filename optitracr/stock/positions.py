"""Positions for a transformer that has no column for them: a head that counts back to BOS.

A head that attends to all keys alike, of which BOS alone has a value, gives that over i + 1 at
position i. Steps at the middles of these numbers turn them into the rows that a position embedding
would have: neurons that give 0 below and exactly 1 above, whatever the number is off by.

One column serves for all of that: BOS has its value there, and the head adds its number. A column
that is to hold positions has nothing else to hold before, so that it can be that one; a neuron then
takes the number off again.
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
        head: Over the guest's columns; it reads and writes the one that is counted in.
        neurons_in: From the guest's columns.
        neurons_out: To them: what the rows of positions differ by from that of position 1; in a
            column that is counted in, from nothing.
    """

    head: PlainHead
    neurons_in: Affine
    neurons_out: Affine


def counted(
    positions: Float[FloatArray, "positions columns"], guest: int, column: int, marked: float = 1.0
) -> Counted:
    """The head and neurons that write the rows of a position embedding.

    Args:
        positions: The rows, that of BOS first, over the columns of a compiled model.
        guest: Columns of the guest.
        column: The one that is counted in.
        marked: What it holds at BOS, and 0 elsewhere; the head adds as much to it. The larger it
            is, the further apart are the numbers that steps tell apart, and the smaller their
            weights.
    """
    read, out = np.zeros((guest, 1)), np.zeros((1, guest))
    read[column, 0] = out[0, column] = 1.0
    nothing = Affine(np.zeros((guest, 1)), np.zeros(1))
    head = PlainHead(nothing, nothing, Affine(read, np.zeros(1)), out)
    rows = np.zeros((len(positions), guest))
    rows[:, : positions.shape[1]] = positions
    base = np.zeros(guest)
    wanted = column < positions.shape[1]
    base[column] = rows[0, column]
    rows[0], rows[0, column] = rows[1], base[column]
    into, offset, written = _steps(rows, column, marked)
    if wanted:
        into, offset = np.hstack([into, read]), np.append(offset, 0.0)
        written = np.vstack([written, -out])
    return Counted(head, Affine(into, offset), Affine(written, base))


def _steps(
    rows: FloatArray, column: int, marked: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weights and biases of neurons that step from each row to the next, and what they write."""
    place = np.arange(len(rows), dtype=np.float64)
    held = marked / (place + 1)
    held[0] += marked
    steps, gap = np.diff(rows, axis=0), -np.diff(held)
    slope, knot = 2 / gap, held[:-1] - gap / 4
    changes = steps.any(axis=1)
    slope, offset, steps = slope[changes], (slope * knot)[changes], steps[changes]
    into = np.zeros((rows.shape[1], 2 * len(slope)))
    into[column] = -np.concatenate([slope, slope])
    return into, np.concatenate([offset, offset - 1]), np.concatenate([steps, -steps])
