"""Neurons that a table takes at least, in any ReLU network with one hidden layer.

The network reads every number of its leaves, and of a categorical leaf every class; what it writes
is a constant plus a combination of its neurons, exact on every combination of values that occurs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.leaves import Leaf
from optitracr.constructions.reduction import Codes
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

ROUNDING = 1e-6
"""What written numbers may be off by: far more than float64 leaves in a table, far less than the
steps of any."""

MAX_LINES = 256
"""Lines of a table that are looked at: the first ones tell as a rule what all do."""

MAX_RECTANGLE = 1 << 22
"""Pairs of rows and pairs of columns of a table that are compared: some megabytes."""

UNKNOWN = -2
"""In place of a code where a combination does not occur."""


def fewest_neurons(
    leaves: Sequence[Leaf],
    table: Int[Codes, ...],
    rows: Float[FloatArray, "codes outputs"],
    possible: Bool[NDArray[np.bool_], ...] | None = None,
) -> int:
    """How many neurons a table takes at least.

    Args:
        leaves: One for each axis of the table.
        table: Index into `rows`, -1 for None, which writes nothing.
        rows: What each result writes.
        possible: Which combinations of values can occur; None for all.
    """
    written = np.concatenate([rows, np.zeros((1, rows.shape[1]))])
    codes = np.where(table < 0, len(rows), table)
    if possible is not None:
        codes = np.where(np.broadcast_to(possible, codes.shape), codes, UNKNOWN)
    present = np.unique(codes[codes != UNKNOWN])
    if present.size == 0:
        return 0
    merged = _merged(written[present])
    member = np.full(len(written) + 2, UNKNOWN)
    member[present] = merged
    classes, outputs = member[codes], written[present][np.unique(merged, return_index=True)[1]]
    least = rank(outputs - outputs[0])
    for axis, leaf in enumerate(leaves):
        if leaf.numerical and least < len(leaf.numbers):
            least = max(least, _bends(classes, axis, np.asarray(leaf.numbers), outputs))
    return max(least, 2) if least == 1 and _has_rectangle(classes, leaves) else least


def _merged(rows: FloatArray) -> NDArray[np.intp]:
    """A number for each row, the same for rows that are as good as equal."""
    rounded = np.round(rows / (4 * ROUNDING))
    return np.asarray(np.unique(rounded, axis=0, return_inverse=True)[1]).reshape(-1)


def rank(rows: FloatArray) -> int:
    """The least rank of a matrix that is off by at most `ROUNDING` in each entry.

    By Weyl's inequality no singular value falls by more than the Frobenius norm of the difference.
    """
    if not rows.size:
        return 0
    allowed = 2 * ROUNDING * np.sqrt(rows.size)
    return int(np.count_nonzero(np.linalg.svd(rows, compute_uv=False) > allowed))


def _bends(classes: NDArray[np.intp], axis: int, x: FloatArray, outputs: FloatArray) -> int:
    """The most bends that the outputs take along any line of a number's values."""
    order = np.argsort(x)
    lines = np.moveaxis(classes, axis, -1).reshape(-1, x.size)[:, order]
    lines = np.unique(lines, axis=0)[:MAX_LINES]
    return max((_of_line(line, x[order], outputs) for line in lines), default=0)


def _of_line(line: NDArray[np.intp], x: FloatArray, outputs: FloatArray) -> int:
    known = line != UNKNOWN
    places, points = x[known], line[known]
    if points.size < 3 or (points == points[0]).all():
        return 0
    return max(bends(places, values) for values in _readings(points, outputs))


def _readings(points: NDArray[np.intp], outputs: FloatArray) -> Iterator[FloatArray]:
    """Numbers that are linear in what is written along a line: its columns, and alternations.

    Where the outputs are as independent as a one-hot, every function of them is linear in them,
    and among these one that goes up and down as often as classes follow each other.
    """
    yield from outputs[points].T
    present, first = np.unique(points, return_index=True)
    centred = outputs[present] - outputs[present[0]]
    if rank(centred) == present.size - 1:
        turn = np.empty(present.size)
        turn[np.argsort(first)] = np.arange(present.size) % 2
        yield turn[np.searchsorted(present, points)]


def bends(x: Float[FloatArray, " points"], y: Float[FloatArray, " points"]) -> int:
    """The fewest bends of a piecewise linear function through some points.

    Three points in sequence that lie on no line have a bend strictly between the outer two, of
    the sign in which the middle one is off it. A bend lies within at most two such triples, which
    follow each other; so every second of a run of one sign has a bend of its own.

    Args:
        x: Ascending.
        y: At each x.
    """
    share = (x[1:-1] - x[:-2]) / (x[2:] - x[:-2])
    off = y[1:-1] - (y[:-2] + share * (y[2:] - y[:-2]))
    signs = np.where(abs(off) > 2 * ROUNDING, np.sign(off), 0.0)
    count = 0
    for sign in (-1.0, 1.0):
        last = -2
        for place in np.flatnonzero(signs == sign).tolist():
            if place > last + 1:
                count, last = count + 1, place
    return count


def _has_rectangle(classes: NDArray[np.intp], leaves: Sequence[Leaf]) -> bool:
    """Whether two classes stand across each other at the corners of a rectangle of two leaves.

    One neuron does not write that: what it reads adds up alike across both diagonals.
    """
    for axis in range(len(leaves)):
        for other in range(axis):
            flat = np.moveaxis(classes, (axis, other), (-2, -1))
            flat = flat.reshape(-1, *flat.shape[-2:])[:MAX_LINES]
            if any(_in_table(table) for table in flat):
                return True
    return False


def _in_table(table: NDArray[np.intp]) -> bool:
    """The same of a table of two leaves."""
    height, width = table.shape
    if (height * width) ** 2 > MAX_RECTANGLE:
        table = table[:32, :32]
    known = table != UNKNOWN
    a, b = table[:, None, :, None], table[None, :, None, :]
    c, d = table[:, None, None, :], table[None, :, :, None]
    all_known = known[:, None, :, None] & known[None, :, None, :]
    all_known = all_known & known[:, None, None, :] & known[None, :, :, None]
    return bool((all_known & (a == b) & (c == d) & (a != c)).any())
