"""Positions for a transformer that has no column for them: a head that counts back to BOS.

A head that attends to all keys alike, of which BOS alone has a value, gives that over i + 1 at
position i. Steps at the middles of these numbers turn them into the rows that a position embedding
would have: neurons that give 0 on one side and exactly 1 on the other, whatever the number is off
by. Every token but BOS holds one of the rows from the start, the base, and other positions take
steps from it.

One column serves for all of that, one that is to hold positions; a neuron takes what was counted
with off again. With r the base in that column, all tokens but BOS then hold r + a / (i + 1).

- Where the first position holds in it what BOS does, the base is the first row. BOS starts at
  r - a / 2 and ends beyond all others, at r + a / 2, so that it takes no step; the neuron leaves r.
- Else the base is the last row, and a has the sign of r - v, where v is what BOS is to hold. BOS
  starts at v - a and ends at v, on the other side of r, where the neuron and all steps are off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.craft.spaces import FloatArray
from optitracr.stock.heads import PlainHead
from optitracr.stock.weights import Affine

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What tells positions: one head, and neurons behind it in the same layer.

    Attributes:
        head: Over the guest's columns; it reads and writes the one that is counted in.
        neurons_in: From the guest's columns.
        neurons_out: To them: what the rows of positions differ by from the base.
        base: What all tokens but BOS hold of positions from the start, [guest].
        marked: What BOS holds in the column that is counted in.
    """

    head: PlainHead
    neurons_in: Affine
    neurons_out: Affine
    base: Float[FloatArray, " guest"]
    marked: float


LEAST = 0.25
"""Of what a column may hold is counted with at least, where it is to hold as much already."""


@dataclass(frozen=True, slots=True)
class Room:
    """What there is to count with.

    Attributes:
        loudest: What the column that is counted in may hold.
        steepest: The slope of a step that need not be less. The larger the number that is counted
            with, the further apart are those that steps tell apart.
    """

    loudest: float = 1.0
    steepest: float = 1.0


def column_to_count_in(
    positions: Float[FloatArray, "positions guest"], varying: Bool[NDArray[np.bool_], " guest"]
) -> int:
    """The best of those that hold positions.

    Args:
        positions: The rows, that of BOS first.
        varying: Which columns hold what is not the same at all positions.
    """
    apart = (positions[1] != positions[0]).astype(float)
    # A column of larger numbers is held smaller, and what is read of it is less exact.
    sizes = np.abs(positions).max(axis=0)
    return int(min(np.flatnonzero(varying), key=lambda column: (apart[column], sizes[column])))


def counted(positions: Float[FloatArray, "positions guest"], column: int, room: Room) -> Counted:
    """The head and neurons that write the rows of a position embedding.

    Args:
        positions: The rows, that of BOS first, over the guest's columns.
        column: The one that is counted in.
        room: What there is to count with.
    """
    late = bool(positions[0, column] != positions[1, column])
    base = positions[-1 if late else 1]
    own, last = float(positions[0, column]), float(base[column])
    shares = 1.0 / np.arange(2, len(positions) + 1)
    steps = np.diff(positions[1:], axis=0)
    changes = steps.any(axis=1)
    size = _size(room, -np.diff(shares)[changes], abs(last), abs(own) if late else None)
    sign = 1.0 if not late or own <= last else -1.0
    held, slope = last + sign * size * shares, 2 / (size * -np.diff(shares)[changes])
    marked = own - sign * size if late else last - size / 2
    read = np.zeros((positions.shape[1], 1))
    read[column] = 1.0
    value = sign * size / (marked - last) * read
    if late:
        into, knots, steps = sign * slope, held[1:][changes], -steps[changes]
    else:
        into, knots, steps = -slope, held[:-1][changes], steps[changes]
    offset = -into * knots
    into = np.concatenate([[sign], into, into])
    neurons_in = Affine(read * into, np.concatenate([[-sign * last], offset - 0.5, offset - 1.5]))
    written = np.concatenate([-sign * read.T, steps, -steps])
    nothing = Affine(np.zeros_like(read), np.zeros(1))
    head = PlainHead(nothing, nothing, Affine(value, -last * value[column]), read.T)
    return Counted(head, neurons_in, Affine(written, np.zeros(len(read))), base, marked)


def _size(room: Room, gaps: FloatArray, last: float, own: float | None) -> float:
    """How large a number to count with.

    Args:
        room: What there is.
        gaps: How far apart are those that steps tell apart, if that is 1.
        last: The size of what the column holds besides.
        own: The size of what BOS is to hold there in the end, if it holds as much from the start.
    """
    most = 2.0 * (room.loudest - last)
    if own is not None:
        most = min(most, room.loudest - own)
    needed = 2.0 / (float(gaps.min()) * room.steepest)
    return max(min(most, needed), LEAST * room.loudest)
