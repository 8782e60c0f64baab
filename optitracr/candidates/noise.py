"""By how much what is read of a form may be wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from optitracr.constructions.distinct import distinct_rows
from optitracr.craft.spaces import FloatArray

MATCH = 1e-6
"""Distance from a row, relative to the largest, up to which a result is that row. Results
farther from all of them belong to combinations that cannot occur."""


FEW = 1 << 14
"""Numbers in all differences of results and rows up to which all are looked at: where that measured
quicker than to look each result up."""


@dataclass(frozen=True, slots=True)
class Read:
    """What one need reads, value by value.

    Attributes:
        form: The form that it is read from, or NOTHING.
        rows: Shape [values, columns]: what should be read.
        noise: Shape [values, columns]: by how much it may be wrong.
        held: Shape [values of the form's variable, width]: what the form holds.
        error: Of the same shape: by how much that is wrong.
        matrix: Shape [width, columns]: how the form is read.
    """

    form: str
    rows: FloatArray
    noise: FloatArray
    held: FloatArray
    error: FloatArray
    matrix: FloatArray

    def exact(self) -> Read:
        """The same without errors."""
        return replace(self, noise=np.zeros_like(self.noise), error=np.zeros_like(self.error))


def together(errors: FloatArray, factors: FloatArray) -> FloatArray:
    """The error of sums of products whose errors are independent of each other."""
    summed: FloatArray = np.sqrt(errors**2 @ factors**2)
    return summed


def worst_of(rows: FloatArray, result: FloatArray, wrong: FloatArray, scale: float) -> FloatArray:
    """The largest error of those results that are each row, 0 where none is.

    Args:
        rows: Shape [rows, columns].
        result: Shape [results, columns].
        wrong: Of the same shape: the errors.
        scale: Distance up to which a result is a row.
    """
    same = np.all(abs(result[:, None] - rows) <= scale, axis=2)
    worst: FloatArray = np.where(same[:, :, None], wrong[:, None], 0.0).max(axis=0, initial=0.0)
    return worst


def gather(error: FloatArray, rows: FloatArray, result: FloatArray, wrong: FloatArray) -> None:
    """Notes the error of each result at the values whose row it is."""
    scale = MATCH * max(1.0, abs(rows).max(initial=0.0))
    if len(result) * rows.size <= FEW:
        np.maximum(error, worst_of(rows, result, wrong, scale), out=error)
        return
    distinct, inverse = distinct_rows(rows)
    # Rows are looked up by one number each, any that tells them apart as a rule, and compared.
    along = np.cos(np.arange(rows.shape[1]))
    order = np.argsort(distinct @ along)
    known = (distinct @ along)[order]
    after = np.searchsorted(known, result @ along).clip(1, max(len(known) - 1, 1))
    worst = np.zeros_like(distinct)
    for place in (after - 1, np.minimum(after, len(known) - 1)):
        own = order[place]
        same = (abs(result - distinct[own]) <= scale).all(axis=1)
        np.maximum.at(worst, own[same], wrong[same])
    np.maximum(error, worst[inverse], out=error)
