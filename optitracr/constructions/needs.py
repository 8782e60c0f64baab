"""Needs: what a reader has to be able to read linearly of a variable.

That is a partition of its values: values of one class are read alike, and a class that
contributes nothing is not read at all; or some numbers of each value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.distinct import distinct_rows
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float

Classes = tuple[int, ...]
Numbers = tuple[tuple[float, ...], ...]
"""Rows of numbers, all of one length."""

NO_CLASS = -1
"""The class of values that contribute nothing; classes are counted from 0."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a reader has to be able to read linearly.

    Attributes:
        label: The variable.
        classes: For each of its values the class, NO_CLASS for none; empty for a raw number.
        numbers: For each class the numbers read, where the reader wants numbers; else ().
        clean: Whether it must be zero at BOS.
        sharp: Whether its rounding errors must be so small that a mean over it keeps its
            value.
        steep: Whether its numbers are of very different sizes, and the small ones count as much
            as the large ones: only what embeddings supply is as exact.
    """

    label: str
    classes: Classes
    numbers: Numbers = ()
    clean: bool = False
    sharp: bool = False
    steep: bool = False

    @property
    def raw(self) -> bool:
        """Whether the number itself is needed, by no table of values."""
        return not self.classes

    @property
    def columns(self) -> int:
        """How many numbers the reader reads: one a class, or those it names."""
        if self.raw:
            return 1
        return len(self.numbers[0]) if self.numbers else max(self.classes, default=-1) + 1

    @property
    def rows(self) -> Float[FloatArray, "values columns"]:
        """What is read of each value."""
        held = np.asarray(self.classes, dtype=np.intp)
        table = np.asarray(self.numbers) if self.numbers else np.eye(self.columns)
        return np.concatenate([table, np.zeros((1, self.columns))])[held]


def canonical(classes: NDArray[np.integer] | Sequence[int]) -> Classes:
    """Classes renumbered by first member, NO_CLASS kept."""
    names: dict[int, int] = {}
    listed = classes.tolist() if isinstance(classes, np.ndarray) else classes
    return tuple(
        NO_CLASS if member < 0 else names.setdefault(member, len(names)) for member in listed
    )


def classes_of_rows(
    rows: Float[FloatArray, "values n"], drop: bool
) -> tuple[Classes, Float[FloatArray, "classes n"], Float[FloatArray, " n"]]:
    """Partitions values by what they contribute to a reader.

    Args:
        rows: The contribution of each value.
        drop: Leave out one class (the largest) and let a constant stand for it; allowed
            where the variable is never None.

    Returns:
        The classes; the contribution of each class, less the constant; the constant.
    """
    distinct, inverse = distinct_rows(rows)
    counts = np.bincount(inverse, minlength=len(distinct))
    constant = np.zeros(rows.shape[1])
    zero = ~distinct.any(axis=1)
    if drop and distinct.shape[0] and not zero.any():
        constant = distinct[int(np.argmax(counts))]
    left_out = (distinct == constant).all(axis=1)
    member = np.where(left_out[inverse], NO_CLASS, inverse)
    classes = canonical(member)
    order = np.zeros((max(classes, default=-1) + 1, rows.shape[1]))
    for value, label in enumerate(classes):
        if label != NO_CLASS:
            order[label] = rows[value] - constant
    return classes, order, constant


def need_of_rows(
    label: str, rows: Float[FloatArray, "values columns"], clean: bool = False
) -> Need | None:
    """The need of several numbers of each value; None if all are zero.

    Args:
        label: The variable.
        rows: The numbers.
        clean: Whether it must be zero at BOS.
    """
    names: dict[tuple[float, ...], int] = {}
    classes = tuple(
        NO_CLASS if not any(row) else names.setdefault(tuple(row), len(names))
        for row in rows.tolist()
    )
    return Need(label, classes, tuple(names), clean) if names else None
