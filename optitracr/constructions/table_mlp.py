"""MLPs for any function table, planned before and written after the allocation.

A plan fixes what has to be read of each leaf and how many neurons it takes. Six
constructions compete:

- *entries*: one neuron for each entry of the reduced table that differs from the default,
  relu(sum of class indicators - (leaves - 1)); entries with one output along an axis
  share a neuron;
- *sum*: piecewise-linear in a weighted sum of the leaves, where the output is a function
  of such a sum (numbers added or subtracted, or a mixed-radix code);
- *cells* and *half-planes* (`thresholds`): steps of one number beside categorical leaves,
  and levels of several numbers;
- *additive*: for a number that is a sum of functions of one leaf each, those functions;
- *linear*: for a number that depends on one categorical leaf, its positive and negative
  parts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.completion import completed
from optitracr.constructions.distinct import distinct_rows
from optitracr.constructions.kept import KEPT
from optitracr.constructions.leaves import Axis, Leaf, Plan, number_axis
from optitracr.constructions.masks import and_weights, fewest_terms, term_count
from optitracr.constructions.reduction import Codes, reduce_table
from optitracr.constructions.tasks import Construction, Task
from optitracr.constructions.thresholds import cell_plans
from optitracr.constructions.weightings import weightings
from optitracr.craft.numerics import MarginError
from optitracr.craft.piecewise import JUMP_ERROR, Piecewise, through_points, with_fewer
from optitracr.craft.spaces import FloatArray
from optitracr.rounding import BIAS_ROUNDING, TABLE_ROUNDINGS, UNIT

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

MAX_POINTS = 1 << 20
"""Combinations of values beyond which no weighted sum is tried: the sums of all of them are sorted,
for each way to weigh, in some tenths of a second. Two numbers of three digits have a million."""


MAX_SUMS = 50_000
"""Different sums beyond which no function of them is planned: what it writes at each is an array,
of some hundreds of megabytes for a thousand classes."""

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

    Returns:
        Nothing if float32 carries none of them.
    """
    fixed = _fixed(leaves, table, rows, possible)
    varied = rows[:, ~fixed]
    tables = [table]
    if possible is not None:
        filled = completed(table, possible, [leaf.numerical for leaf in leaves])
        tables += [] if np.array_equal(filled, table) else [filled]
    makers = (entry_plans, cell_plans, *further, sum_plans)
    plans: list[Plan] = []
    for each in tables:
        task = reduced_task(leaves, each, varied, tolerance, possible, close, robust)
        plans += KEPT.planned(task, makers)
    if fixed.any():
        plans = [_beside(plan, fixed, rows[0]) for plan in plans]
    return sorted(plans, key=lambda plan: (plan.neurons, sum(axis.width for axis in plan.axes)))


def _fixed(
    leaves: Sequence[Leaf],
    table: Codes,
    rows: FloatArray,
    possible: NDArray[np.bool_] | None,
) -> NDArray[np.bool_]:
    """Columns that hold the same number of every value, beside others: a bias writes them."""
    seen = table if possible is None else table[np.broadcast_to(possible, table.shape)]
    is_none = any(leaf.may_be_none and not leaf.numerical for leaf in leaves)
    if is_none or not rows.size or seen.min(initial=0) < 0:
        return np.zeros(rows.shape[1], dtype=bool)
    fixed = (rows == rows[0]).all(axis=0) & (rows[0] != 0.0)
    return fixed if not fixed.all() else np.zeros_like(fixed)


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
    """
    padded = np.concatenate([rows, np.zeros((1, rows.shape[1]))])
    distinct, code = distinct_rows(padded)
    merged = code[table].astype(np.int32)
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
        rows=distinct,
        ranks=_ranks(code),
        zero=int(code[-1]),
        default=_default(kept, small, distinct, int(code[-1])),
        possible=possible,
        tolerance=tolerance,
        close=close,
        robust=robust,
    )


def _of_classes(
    possible: NDArray[np.bool_], classes: Sequence[Codes], leaves: Sequence[Leaf]
) -> NDArray[np.bool_]:
    """What can occur with some value of a class can with each: one stands for all of them."""
    for axis, (leaf, member) in enumerate(zip(leaves, classes, strict=True)):
        if not leaf.numerical and member.max(initial=-1) + 1 < member.size:
            moved = np.moveaxis(possible, axis, 0)
            joint = np.zeros((int(member.max()) + 1, *moved.shape[1:]), dtype=bool)
            np.logical_or.at(joint, member, moved)
            possible = np.moveaxis(joint[member], 0, axis)
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
        through_points(np.asarray(leaves[0].numbers), padded[table], False, tolerance, close=True)
    except MarginError as error:
        return str(error)
    return "no construction of its table fits the limits"


def _ranks(code: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each distinct row the first of the values that write it."""
    ranks = np.zeros(code.max() + 1, dtype=np.intp)
    ranks[code[::-1]] = np.arange(code.size)[::-1]
    return ranks


def _default(leaves: Sequence[Leaf], table: Codes, rows: FloatArray, zero: int) -> int:
    """The code that is written where no neuron fires: the commonest, or None's.

    Zero too where a bias of the commonest would round what the others write too much.
    """
    if any(leaf.may_be_none and not leaf.numerical for leaf in leaves):
        return zero
    commonest = int(np.argmax(np.bincount(table.ravel(), minlength=len(rows))))
    bias = np.float32(rows[commonest])
    written = np.float32(rows - rows[commonest]) + bias
    allowed = BIAS_ROUNDING + TABLE_ROUNDINGS * UNIT * abs(rows)
    return commonest if (abs(written - rows) <= allowed).all() else zero


def entry_plans(task: Task) -> Iterator[Plan]:
    """A neuron for each box of entries that write the same and not the default."""
    leaves, rows = task.leaves, task.rows
    if any(leaf.numerical for leaf in leaves):
        return
    if len(leaves) == 1 and rows.shape[1] == 1:
        yield _linear(leaves[0], task.classes[0], task.table, rows, task.default)
        return
    if term_count(task.table, task.default) > MAX_ENTRIES:
        return
    boxes, outputs = fewest_terms(task.table, task.default)
    axes, w_in, constant = and_weights(leaves, task.classes, task.table.shape, boxes)
    written = rows[task.default]
    w_out = rows[outputs] - written if outputs else np.zeros((0, rows.shape[1]))
    yield Plan(tuple(axes), tuple(w_in), constant + 1.0, w_out, written)


def _linear(leaf: Leaf, classes: Codes, table: Codes, rows: FloatArray, default: int) -> Plan:
    """A number of one categorical leaf: one neuron for each sign of its difference."""
    values = rows[table, 0] - rows[default, 0]
    axis = number_axis(leaf, values[classes])
    signs = np.array([sign for sign in (1.0, -1.0) if (sign * values > 0).any()])
    return Plan((axis,), (signs[None, :],), np.zeros(signs.size), signs[:, None], rows[default])


def sum_plans(task: Task) -> list[Plan]:
    """The best weighted sum of which the output is a function.

    A categorical leaf that may be None has one value more, which adds nothing.
    """
    leaves, possible = task.leaves, task.possible
    if not leaves or _points(task) > MAX_POINTS:
        return []
    full = task.full
    digits = [c.astype(np.float64) for c in task.classes]
    for axis, leaf in enumerate(leaves):
        if leaf.may_be_none and not leaf.numerical:
            pad = [(0, int(axis == other)) for other in range(full.ndim)]
            full = np.pad(full, pad, constant_values=task.zero)
            if possible is not None:
                possible = np.pad(possible, pad, constant_values=True)
            digits[axis] = np.append(digits[axis] + 1.0, 0.0)
    chosen = possible if possible is not None else np.ones(full.shape, dtype=bool)
    codes = full[chosen]
    best: tuple[Piecewise, list[FloatArray]] | None = None
    least = _least(task, codes)
    for weights in weightings(leaves, digits, full, possible):
        known = math.inf if best is None else float(best[0].neurons)
        if known <= least:
            break
        made = _piecewise_sum(task, _sums(weights)[chosen], codes, known)
        best = best if made is None else (made, weights)
    if best is None:
        return []
    own = [weight[: leaf.size] for leaf, weight in zip(leaves, best[1], strict=True)]
    return [_sum_plan(leaves, best[0], own)]


def _least(task: Task, codes: Codes) -> int:
    """The fewest neurons of a function of a sum: two a step, or one in all if it interpolates."""
    others = int(np.count_nonzero(np.bincount(codes.ravel()))) - 1
    return min(others, 1) if _is_exact(task) else 2 * others


def _is_exact(task: Task) -> bool:
    """Whether sums of what is read are free of noise."""
    return not task.robust and all(not leaf.numerical for leaf in task.leaves)


def _points(task: Task) -> int:
    """How many combinations of values there are, None of each leaf counted as one."""
    if task.possible is None or any(x.may_be_none and not x.numerical for x in task.leaves):
        return math.prod(leaf.size + 1 for leaf in task.leaves)
    return int(np.count_nonzero(task.known))


def _sums(weights: Sequence[FloatArray]) -> FloatArray:
    """What the values of the leaves add up to, one axis a leaf."""
    total = np.zeros((1,) * len(weights))
    for axis, weight in enumerate(weights):
        line = [1] * len(weights)
        line[axis] = weight.size
        total = total + weight.reshape(line)
    return total


def _piecewise_sum(task: Task, sums: FloatArray, codes: Codes, limit: float) -> Piecewise | None:
    """The output as a function of one weighted sum; None if it is none that float32 carries.

    None too if it takes as many neurons as a limit or more.
    """
    sums = sums.round(9)
    order = sums.argsort()
    sums, given = sums[order], codes[order]
    first = np.ones(sums.size, dtype=bool)
    np.not_equal(sums[1:], sums[:-1], out=first[1:])
    changes = given[1:] != given[:-1]
    if (changes & ~first[1:]).any() or np.count_nonzero(first) > MAX_SUMS:
        return None
    exact = _is_exact(task)
    if not exact and 2 * np.count_nonzero(changes) >= limit:
        return None
    z, outputs = sums[first], task.rows[given[first]]
    try:
        return with_fewer(z, outputs, exact, task.tolerance, task.close, limit)
    except MarginError:
        return None


def _sum_plan(leaves: Sequence[Leaf], piecewise: Piecewise, weights: list[FloatArray]) -> Plan:
    axes, w_in = [], []
    for leaf, weight in zip(leaves, weights, strict=True):
        if leaf.numerical:
            last = leaf.numbers[-1]
            scale = weight[-1] / last if last else weight[0] / leaf.numbers[0]
            axes.append(Axis(leaf, ()))
            w_in.append(scale * piecewise.slope[None, :])
        else:
            axes.append(number_axis(leaf, weight))
            w_in.append(piecewise.slope[None, :])
    return Plan(tuple(axes), tuple(w_in), piecewise.offset, piecewise.weight, piecewise.bias)
