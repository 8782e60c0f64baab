"""MLPs for functions of one weighted sum of what is read.

The output is piecewise linear in the sum: numbers added or subtracted, a mixed-radix code, or two
numbers such that different outputs lie far apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from optitracr.constructions.leaves import Axis, Leaf, Plan, number_axis
from optitracr.constructions.reduction import Codes
from optitracr.constructions.tasks import Task
from optitracr.constructions.weightings import weightings
from optitracr.craft.numerics import FLOAT32_EPSILON, INPUT_ERROR, MarginError
from optitracr.craft.piecewise import Passing, Piecewise, of_one_hots, with_fewer
from optitracr.craft.spaces import FloatArray

MAX_POINTS = 1 << 20
"""Combinations of values beyond which no weighted sum is tried: the sums of all of them are sorted,
for each way to weigh, in some tenths of a second. Two numbers of three digits have a million."""

MAX_SUMS = 50_000
"""Different sums beyond which no function of them is planned: what it writes at each is an array,
of some hundreds of megabytes for a thousand classes."""

MOST_PASSED = 1e-3
"""What noise may make of any output, however large: whole numbers are to be rounded to the right
one, and readers multiply what is left."""


def sum_plans(task: Task) -> list[Plan]:
    """The best weighted sum of which the output is a function: any, and one that passes on nothing.

    A categorical leaf that may be None has one value more, which adds nothing.
    """
    found = _best(task)
    if found is None:
        return []
    if _is_exact(task) or not task.passed:
        return [found]
    flat = _best(replace(task, passed=0.0))
    if flat is None or found.neurons < flat.neurons:
        return [replace(found, passes=True), *([] if flat is None else [flat])]
    return [flat]


def _best(task: Task) -> Plan | None:
    """The plan of a task's best sum."""
    leaves, possible = task.leaves, task.possible
    if not leaves or _points(task) > MAX_POINTS:
        return None
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
        noise = _noise(task, weights)[chosen]
        made = _piecewise_sum(task, _sums(weights)[chosen], codes, noise, known)
        best = best if made is None else (made, weights)
    if best is None:
        return None
    own = [weight[: leaf.size] for leaf, weight in zip(leaves, best[1], strict=True)]
    return _sum_plan(leaves, best[0], own)


def _least(task: Task, codes: Codes) -> int:
    """The fewest neurons of a function of a sum: two a step, or one in all if it interpolates."""
    others = int(np.count_nonzero(np.bincount(codes.ravel()))) - 1
    return min(others, 1) if _is_exact(task) or task.passed else 2 * others


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


def _noise(task: Task, weights: Sequence[FloatArray]) -> FloatArray:
    """What each sum may be off by, for the numbers in it."""
    sizes = [
        abs(weight) * (INPUT_ERROR if leaf.numerical else 4 * FLOAT32_EPSILON)
        for leaf, weight in zip(task.leaves, weights, strict=True)
    ]
    return _sums(sizes)


def _piecewise_sum(
    task: Task, sums: FloatArray, codes: Codes, noise: FloatArray, limit: float = math.inf
) -> Piecewise | None:
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
    if not (exact or task.passed) and 2 * np.count_nonzero(changes) >= limit:
        return None
    z, outputs = sums[first], task.rows[given[first]]
    passing = of_one_hots(z) if exact else None
    if task.passed and not exact:
        worst = np.maximum.reduceat(noise[order], np.flatnonzero(first))
        passing = Passing(worst, _allowed(task, outputs))
    try:
        return with_fewer(z, outputs, passing, task.tolerance, task.close, limit)
    except MarginError:
        return None


def _allowed(task: Task, outputs: FloatArray) -> FloatArray:
    """What each output may be off by, for noise."""
    size = np.maximum(1.0, abs(outputs).max(axis=1, initial=0.0))
    allowed: FloatArray = np.minimum(task.passed * size, MOST_PASSED)
    return allowed


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
