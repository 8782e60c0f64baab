"""MLPs for any function table, planned before and written after the allocation.

A plan fixes what has to be read of each leaf and how many neurons it takes. Six
constructions compete:

- *entries*: one neuron for each entry of the reduced table that differs from the default,
  relu(sum of class indicators - (leaves - 1)); entries with one output along an axis
  share a neuron;
- *sum* (`weighted_sums`): piecewise-linear in a weighted sum of the leaves, where the output is
  a function of such a sum (numbers added or subtracted, or a mixed-radix code);
- *cells* and *half-planes* (`thresholds`): steps of one number beside categorical leaves,
  and levels of several numbers;
- *additive*: for a number that is a sum of functions of one leaf each, those functions;
- *linear*: for a number that depends on one categorical leaf, its positive and negative
  parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.completion import completed
from optitracr.constructions.kept import KEPT
from optitracr.constructions.leaves import Leaf, Plan, number_axis
from optitracr.constructions.masks import merged_terms, reads_within
from optitracr.constructions.reduction import Codes, reduce_table
from optitracr.constructions.tasks import Construction, Task
from optitracr.constructions.thresholds import cell_plans
from optitracr.constructions.weighted_sums import MAX_POINTS, sum_plans
from optitracr.constructions.written import Written, written_by
from optitracr.craft.numerics import MarginError
from optitracr.craft.piecewise import JUMP_ERROR, through_points
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

MAX_ENTRIES = 50_000
"""Neurons beyond which none are made for the entries of a table: their weights over a thousand
classes take some hundreds of megabytes."""


def plan_table(
    leaves: Sequence[Leaf],
    table: Int[Codes, ...],
    rows: Float[FloatArray, "codes outputs"],
    tolerance: float = JUMP_ERROR,
    possible: Bool[NDArray[np.bool_], ...] | None = None,
    further: Sequence[Construction] = (),
    close: bool = False,
    robust: bool = False,
    passed: float = 0.0,
) -> list[Plan]:
    """Constructions of a table, the fewest neurons first.

    Args:
        leaves: One for each axis of the table.
        table: Index into `rows`, -1 for None.
        rows: What each result writes.
        tolerance: Largest rounding error of all steps of a sum together.
        possible: Which combinations of values can occur; None for all.
        further: Constructions to try beside entries, cells and sums.
        close: Bound errors closely, for a table that has no construction otherwise.
        robust: Only constructions that bear errors in what they read.
        passed: Error of outputs, relative to those above 1, that the noise of numbers may make.

    Returns:
        Nothing if float32 carries none of them.
    """
    fixed = _fixed(leaves, table, rows, possible)
    varied = rows if fixed is None else rows[:, ~fixed]
    tables = [table]
    if possible is not None:
        filled = completed(table, possible, [leaf.numerical for leaf in leaves])
        tables += [] if np.array_equal(filled, table) else [filled]
    makers = (entry_plans, cell_plans, *further, sum_plans)
    plans: list[Plan] = []
    for each in tables:
        task = reduced_task(leaves, each, varied, tolerance, possible, close, robust, passed)
        plans += KEPT.planned(task, makers)
    if fixed is not None:
        plans = [_beside(plan, fixed, rows[0]) for plan in plans]
    return sorted(plans, key=lambda plan: (plan.neurons, plan.width))


def _fixed(
    leaves: Sequence[Leaf],
    table: Codes,
    rows: FloatArray,
    possible: NDArray[np.bool_] | None,
) -> NDArray[np.bool_] | None:
    """Columns that hold the same number of every value, beside others: a bias writes them.

    None if there are none.
    """
    if not rows.size or not rows[0].any():
        return None
    fixed = (rows == rows[0]).all(axis=0) & (rows[0] != 0.0)
    if fixed.all() or not fixed.any():
        return None
    seen = table if possible is None else table[np.broadcast_to(possible, table.shape)]
    is_none = any(leaf.may_be_none and not leaf.numerical for leaf in leaves)
    return None if is_none or seen.min(initial=0) < 0 else fixed


def _beside(plan: Plan, fixed: NDArray[np.bool_], row: FloatArray) -> Plan:
    """A plan that writes some numbers besides, whatever it reads."""
    w_out, bias = np.zeros((plan.neurons, fixed.size)), row.copy()
    w_out[:, ~fixed], bias[~fixed] = plan.w_out, plan.bias
    return replace(plan, w_out=w_out, bias=bias)


def reduced_task(
    leaves: Sequence[Leaf],
    table: Int[Codes, ...],
    rows: Float[FloatArray, "codes outputs"],
    tolerance: float = JUMP_ERROR,
    possible: Bool[NDArray[np.bool_], ...] | None = None,
    close: bool = False,
    robust: bool = False,
    passed: float = 0.0,
) -> Task:
    """What constructions are asked for: leaves that do not matter are gone, equal rows are one.

    Args:
        leaves: One for each axis of the table.
        table: Index into `rows`, -1 for None.
        rows: What each result writes.
        tolerance: Largest rounding error of all steps of a sum together.
        possible: Which combinations of values can occur; None for all.
        close: Bound errors closely.
        robust: Only what bears errors in what is read.
        passed: Error of outputs, relative to those above 1, that the noise of numbers may make.
    """
    written = written_by(rows)
    merged = written.code[table]
    reduced = reduce_table(merged, [leaf.numerical for leaf in leaves])
    essential = tuple(
        axis
        for axis, leaf in enumerate(leaves)
        if reduced.table.shape[axis] > 1 or (leaf.may_be_none and not leaf.numerical)
    )
    kept = [leaves[axis] for axis in essential]
    small = reduced.table.reshape([reduced.table.shape[axis] for axis in essential])
    if possible is not None:
        possible = _of_classes(possible, reduced.classes, leaves)
        idle = tuple(axis for axis in range(table.ndim) if axis not in essential)
        possible = np.asarray(possible.any(axis=idle))
    return Task(
        leaves=kept,
        classes=[reduced.classes[axis] for axis in essential],
        table=small,
        rows=written.rows,
        ranks=written.ranks,
        zero=written.zero,
        default=_default(kept, small, written),
        possible=possible,
        tolerance=tolerance,
        close=close,
        robust=robust,
        passed=passed,
    )


def _of_classes(
    possible: NDArray[np.bool_], classes: Sequence[Codes], leaves: Sequence[Leaf]
) -> NDArray[np.bool_]:
    """What can occur with some value of a class can with each: one stands for all of them."""
    for axis, (leaf, member) in enumerate(zip(leaves, classes, strict=True)):
        if not leaf.numerical and (count := int(member.max(initial=-1)) + 1) < member.size:
            moved = possible.swapaxes(axis, 0)
            joint = np.zeros((count, *moved.shape[1:]), dtype=bool)
            for own, held in zip(member.tolist(), moved, strict=True):
                joint[own] |= held
            possible = joint[member].swapaxes(axis, 0)
    return possible


def refusal(
    leaves: Sequence[Leaf],
    table: Int[Codes, ...],
    rows: Float[FloatArray, "codes outputs"],
    tolerance: float,
) -> str:
    """Why float32 carries no construction of a table, naming the threshold."""
    if table.size > MAX_POINTS:
        return f"its table has {table.size:,} entries, above the limit of {MAX_POINTS:,}"
    if len(leaves) != 1 or not leaves[0].numerical:
        return f"no construction of its table of {table.size:,} entries fits the limits"
    padded = np.concatenate([rows, np.zeros((1, rows.shape[1]))])
    try:
        through_points(np.asarray(leaves[0].numbers), padded[table], None, tolerance, close=True)
    except MarginError as error:
        return str(error)
    return "no construction of its table fits the limits"


def _default(leaves: Sequence[Leaf], table: Codes, written: Written) -> int:
    """The code that is written where no neuron fires: the commonest, or None's.

    Zero too where a bias of the commonest would round what the others write too much.
    """
    if any(leaf.may_be_none and not leaf.numerical for leaf in leaves):
        return written.zero
    commonest = int(np.bincount(table.ravel(), minlength=len(written.rows)).argmax())
    return commonest if written.bears(commonest) else written.zero


def entry_plans(task: Task) -> Iterator[Plan]:
    """A neuron for each box of entries that write the same and not the default."""
    leaves, rows = task.leaves, task.rows
    if any(leaf.numerical for leaf in leaves):
        return
    if len(leaves) == 1 and rows.shape[1] == 1:
        yield _linear(leaves[0], task.classes[0], task.table, rows, task.default)
        return
    fewest = min(task.boxes)
    if fewest > MAX_ENTRIES:
        return
    masks, outputs = merged_terms(task.table, task.boxes.index(fewest), task.default)
    axes, w_in, constant = reads_within(leaves, task.classes, masks, len(outputs))
    written = rows[task.default]
    yield Plan(tuple(axes), tuple(w_in), constant + 1.0, rows[outputs] - written, written)


def _linear(leaf: Leaf, classes: Codes, table: Codes, rows: FloatArray, default: int) -> Plan:
    """A number of one categorical leaf: one neuron for each sign of its difference."""
    values = rows[table, 0] - rows[default, 0]
    axis = number_axis(leaf, values[classes])
    signs = np.array([sign for sign in (1.0, -1.0) if (sign * values > 0).any()])
    return Plan((axis,), (signs[None, :],), np.zeros(signs.size), signs[:, None], rows[default])
