"""Neurons that a table takes at least, in any ReLU network with one hidden layer.

The network reads every number of its leaves, and of a categorical leaf every class; what it writes
is a constant plus a combination of its neurons, exact on every combination of values that occurs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
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

MAX_LINES = 64
"""Lines of a table, and numbers along them, that are looked at: some tell as a rule what all do."""

MAX_SIDE = 32
"""Rows and columns of a table of which rectangles are looked for: a million, in hundredths of a
second."""

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
    least = max(rank(outputs - outputs[0]), _of_lines(list(_lines(classes, leaves)), outputs))
    return max(least, 2) if least == 1 and _has_rectangle(classes, outputs) else least


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


Line = tuple[FloatArray, NDArray[np.intp]]
"""Values of a raw number, ascending, and the class at each of them."""


def _lines(classes: NDArray[np.intp], leaves: Sequence[Leaf]) -> Iterator[Line]:
    """Lines along each raw number, the other leaves fixed; some of them where they are many."""
    for axis, leaf in enumerate(leaves):
        if not leaf.numerical or not leaf.numbers:
            continue
        order = np.argsort(leaf.numbers)
        x = np.asarray(leaf.numbers)[order]
        lines = np.moveaxis(classes, axis, -1).reshape(-1, x.size)[:, order]
        lines = np.unique(lines, axis=0)
        for line in lines[:: math.ceil(len(lines) / MAX_LINES)]:
            known = line != UNKNOWN
            if np.unique(line[known]).size > 1:
                yield x[known], line[known]


def _of_lines(lines: Sequence[Line], outputs: FloatArray) -> int:
    """The most bends of both kinds, those of each kind along any line."""
    if not lines:
        return 0
    found = 0
    for reading in _readings(max(lines, key=lambda line: line[1].size)[1], outputs):
        counts = [bends(x, reading[points]) for x, points in lines]
        found = max(found, sum(max(kind) for kind in zip(*counts, strict=True)))
    return found


def _readings(longest: NDArray[np.intp], outputs: FloatArray) -> Iterator[FloatArray]:
    """For each class a number that is linear in what is written.

    They are the columns, and the sums and differences of two. Where the outputs are as independent
    as a one-hot, every function of the classes is linear in them, and among these one that goes
    up and down as they follow each other along a line.
    """
    columns = outputs.T[:MAX_LINES]
    if rank(outputs - outputs[0]) == len(outputs) - 1:
        present, first = np.unique(longest, return_index=True)
        turn = np.zeros(len(outputs))
        turn[present[np.argsort(first)]] = np.arange(present.size) % 2
        yield turn
        columns = columns[:1]
    yield from columns
    yield from (one + sign * other for one, other in pairwise(columns) for sign in (1.0, -1.0))


def bends(x: Float[FloatArray, " points"], y: Float[FloatArray, " points"]) -> tuple[int, int]:
    """The fewest concave and convex bends of a piecewise linear function through some points.

    Three points in sequence that lie on no line have a bend strictly between the outer two, of
    the sign in which the middle one is off it. A bend lies within at most two such triples, which
    follow each other; so every second of a run of one sign has a bend of its own.

    Args:
        x: Ascending.
        y: At each x.
    """
    share = (x[1:-1] - x[:-2]) / (x[2:] - x[:-2])
    above = y[1:-1] - (y[:-2] + share * (y[2:] - y[:-2]))
    # Two columns may have been added, each of which may be off.
    return _apart(above > 4 * ROUNDING), _apart(above < -4 * ROUNDING)


def _apart(where: NDArray[np.bool_]) -> int:
    """How many of some places can be taken so that no two follow each other."""
    count, last = 0, -2
    for place in np.flatnonzero(where).tolist():
        if place > last + 1:
            count, last = count + 1, place
    return count


def _has_rectangle(classes: NDArray[np.intp], outputs: FloatArray) -> bool:
    """Whether two classes stand across each other at the corners of a rectangle of two leaves.

    One neuron does not write that: what it reads adds up alike across both diagonals.
    """
    apart = abs(outputs[:, None] - outputs[None]).max(axis=-1) > 4 * ROUNDING
    for axis in range(classes.ndim):
        for other in range(axis):
            flat = np.moveaxis(classes, (axis, other), (-2, -1))
            flat = flat.reshape(-1, *flat.shape[-2:])[:MAX_LINES]
            if any(_in_table(table[:MAX_SIDE, :MAX_SIDE], apart) for table in flat):
                return True
    return False


def _in_table(table: NDArray[np.intp], apart: NDArray[np.bool_]) -> bool:
    """The same of a table of two leaves, given which classes write something else."""
    first, second = table[:, None, :, None], table[None, :, None, :]
    third, fourth = table[:, None, None, :], table[None, :, :, None]
    known = (first == second) & (third == fourth) & (first != UNKNOWN) & (third != UNKNOWN)
    return bool((known & apart[first, third]).any())
