"""Leaves of tables, and what the neurons of a plan write for values of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optitracr.constructions.leaves import Axis, Leaf, Plan
from optitracr.craft.spaces import FloatArray


def category(label: str, size: int, may_be_none: bool = False) -> Leaf:
    """A one-hot variable whose values are no numbers."""
    return Leaf(label, False, may_be_none, (), size)


def number(label: str, *numbers: float) -> Leaf:
    """A variable that is held as a number."""
    return Leaf(label, True, False, numbers, len(numbers))


def written(plan: Plan, leaves: Sequence[Leaf], values: Sequence[int | None]) -> FloatArray:
    """What a plan writes, in float32, where each leaf has a value, given by its index."""
    held = {leaf.label: value for leaf, value in zip(leaves, values, strict=True)}
    total = plan.b_in.astype(np.float32)
    for axis, weights in zip(plan.axes, plan.w_in, strict=True):
        columns = _columns(axis, held[axis.leaf.label])
        if not columns.size:
            # What is always zero is not read, and adds nothing.
            continue
        total = total + columns.astype(np.float32) @ weights.astype(np.float32)
    hidden = np.maximum(total, np.float32(0.0)) @ plan.w_out.astype(np.float32)
    return np.asarray(hidden + plan.bias.astype(np.float32), dtype=np.float64)


def _columns(axis: Axis, value: int | None) -> FloatArray:
    """What a plan reads of one leaf: its number, a code, or an indicator for each class."""
    if axis.leaf.numerical:
        return np.array([0.0 if value is None else axis.leaf.numbers[value]])
    read = axis.need.rows
    return np.zeros(read.shape[1]) if value is None else np.asarray(read[value])
