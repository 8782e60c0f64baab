"""Several rows of whole numbers in one array, which is all that functions in machine code take.

First comes where each row begins, and where the last one ends; then the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from solvers.sliding.compiling import compiled

Numbers: TypeAlias = NDArray[np.int64]


def packed(rows: Sequence[Sequence[int]]) -> Numbers:
    """Rows of numbers as one array."""
    starts = accumulate(map(len, rows), initial=len(rows) + 1)
    return np.array([*starts, *(number for row in rows for number in row)], dtype=np.int64)


def field(array: Numbers, number: int) -> Numbers:
    """One of the rows, as it is in the array."""
    return array[array[number] : array[number + 1]]


@compiled
def at(array: Numbers, row: int, place: int) -> int:
    """A number of a row."""
    return int(array[array[row] + place])


@compiled
def note(array: Numbers, row: int, place: int, value: int) -> None:
    """Writes a number of a row."""
    array[array[row] + place] = value
