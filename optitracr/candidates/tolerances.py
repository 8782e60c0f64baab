"""The errors allowed in what holds a category: candidates keep to them, checks look for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.forms import EXACT
from optitracr.constructions.distinct import distinct_rows
from optitracr.craft.numerics import FLOAT32_EPSILON

ONE_HOT_TOLERANCE = 0.05
"""Distance from 0 and 1 allowed in one-hot dimensions: small enough that a reader's margin, half
the distance between two sums, bears those of several dimensions at once."""

CODE_TOLERANCE = 0.01
"""The same in numbers that stand for categories, such as points on a circle, but at most a
twentieth of the distance between two of them: what steps add up to there is rounded to no
more, and the margins of their readers allow for it. Two that are closer than CODE_ROUNDING are
told apart by nobody, since every reader allows for the rounding of what it reads."""

CODE_ROUNDING = 4 * FLOAT32_EPSILON
"""Rounding of a code, as a part of the largest one (the noise that hinges allow for, see
`optitracr.craft.piecewise`)."""


def code_tolerance(rows: NDArray[np.float64]) -> float:
    """The error allowed in numbers that stand for categories.

    Args:
        rows: Shape [values, width]: the numbers of each value; zeros stand for None.
    """
    codes = np.concatenate([rows, np.zeros((1, rows.shape[1]))])
    if rows.shape[1] == 1:
        gaps = np.diff(np.sort(codes[:, 0]))
    else:
        codes, _ = distinct_rows(codes)
        gaps = np.abs(codes[:, None] - codes[None]).max(axis=-1)
    rounding = max(EXACT, CODE_ROUNDING * float(np.abs(codes).max(initial=0.0)))
    return min(CODE_TOLERANCE, max(rounding, float(gaps[gaps > 0].min(initial=1.0)) / 20))
