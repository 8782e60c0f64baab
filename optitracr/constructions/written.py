"""What the results of a table write: their distinct rows, found once for rows that come again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.distinct import distinct_rows
from optitracr.constructions.reduction import Codes
from optitracr.craft.spaces import FloatArray
from optitracr.rounding import BIAS_ROUNDING, TABLE_ROUNDINGS, UNIT

if TYPE_CHECKING:
    from jaxtyping import Float, Int

KEPT = 512
"""Rows that are kept: most tables write one of some hundred partitions of a few values."""

KEPT_BYTES = 1 << 13
"""Size of rows up to which they are kept, a one-hot of thirty values: all that are kept take 12 MB
at most."""

MAX_WHOLE = 2.0**22
"""Size of whole numbers up to which float32 adds two of them, or their differences, as they are."""


@dataclass(frozen=True, slots=True)
class Written:
    """The distinct rows of what results write.

    Attributes:
        rows: In lexicographic order, that of zeros among them, which None writes.
        code: Which of them each result writes; that of None is the last.
        ranks: For each distinct row the first of the results that write it.
        zero: The row of zeros.
        is_whole: Whether float32 makes no error where one is written as the sum of another and
            the difference.
    """

    rows: Float[FloatArray, "codes outputs"]
    code: Int[Codes, " results"]
    ranks: Int[NDArray[np.intp], " codes"]
    zero: int
    is_whole: bool

    def bears(self, code: int) -> bool:
        """Whether the others are written well enough as what is added to one of them."""
        if self.is_whole:
            return True
        rows = self.rows
        bias = np.float32(rows[code])
        written = np.float32(rows - rows[code]) + bias
        allowed = BIAS_ROUNDING + TABLE_ROUNDINGS * UNIT * abs(rows)
        return bool((abs(written - rows) <= allowed).all())


def written_by(rows: Float[FloatArray, "results outputs"]) -> Written:
    """What results write that write these rows.

    Args:
        rows: What each writes; None, which comes last, writes zeros.
    """
    held = np.asarray(rows, dtype=np.float64).tobytes()
    return (_written if len(held) > KEPT_BYTES else _kept)(held, rows.shape)


def _written(held: bytes, shape: tuple[int, int]) -> Written:
    """The same of rows given as bytes."""
    rows = np.zeros((shape[0] + 1, shape[1]))
    rows[:-1] = np.frombuffer(held).reshape(shape)
    distinct, member = distinct_rows(rows)
    code = member.astype(np.int32)
    ranks = np.zeros(len(distinct), dtype=np.intp)
    ranks[code[::-1]] = np.arange(code.size)[::-1]
    whole = bool((abs(distinct) <= MAX_WHOLE).all() and (distinct == np.rint(distinct)).all())
    for array in (distinct, code, ranks):
        array.setflags(write=False)
    return Written(distinct, code, ranks, int(code[-1]), whole)


_kept = lru_cache(maxsize=KEPT)(_written)
