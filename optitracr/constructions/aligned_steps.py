"""Steps of one number whose thresholds depend on a category.

A neuron reads a category by its one-hot, so that what it adds is any function of it: a step may
have its threshold elsewhere for each class. Where the output goes through the same levels in every
class, if at other numbers, one step between two levels does for all classes. The levels are a
sequence of which the outputs of every class, as the number grows, are a part in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.cells import Cells, cells_of
from optitracr.constructions.leaves import Axis, Plan
from optitracr.constructions.masks import columns_of
from optitracr.constructions.tasks import Task
from optitracr.craft.numerics import FLOAT32_EPSILON, INPUT_ERROR, STEP_ERROR
from optitracr.craft.spaces import FloatArray

MAX_LEVELS = 128
"""Levels beyond which none are sought: to merge two sequences of so many takes some milliseconds,
and neurons for more seldom beat other ways."""

MAX_CLASSES = 256
"""Classes beyond which none are sought: the sequence of each is merged with those before."""


@dataclass(frozen=True, slots=True)
class _Class:
    """What is written in one class, as the number grows.

    Attributes:
        codes: What is written, no two neighbours the same.
        below: For each change the last number before it.
        above: And the first one after it.
        ends: The least and the largest number.
    """

    codes: tuple[int, ...]
    below: FloatArray
    above: FloatArray
    ends: tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Pre:
    """Pre-activations slope * number + offset of steps, each with an offset for every class."""

    slope: FloatArray
    offset: FloatArray


def aligned_step_plans(task: Task) -> Iterator[Plan]:
    """Two neurons for each change of level; a level is the same in all classes."""
    cells = cells_of(task)
    if cells is None or len(cells.others) != 1 or len(cells.table) > MAX_CLASSES:
        return
    found = _classes(cells, task)
    levels = _levels([one.codes for one in found])
    if levels is None or len(levels) < 2:
        return
    for pivot in dict.fromkeys((0, len(levels) // 2, len(levels) - 1)):
        pre = _pre(found, levels, pivot)
        if pre is not None:
            jumps = task.rows[list(levels[1:])] - task.rows[list(levels[:-1])]
            jumps[:pivot] *= -1.0
            if _error(pre, found, jumps) <= task.tolerance:
                yield _plan(cells, task, pre, jumps, levels[pivot])
                return


def _classes(cells: Cells, task: Task) -> list[_Class]:
    """Every class of the category; None, which writes nothing, as the last."""
    found = [
        _class(cells.numbers, codes, known)
        for codes, known in zip(cells.table, cells.known, strict=True)
    ]
    if cells.others[0].may_be_none:
        zero = np.full(cells.numbers.size, task.zero)
        found.append(_class(cells.numbers, zero, np.ones(zero.size, dtype=bool)))
    return found


def _class(numbers: FloatArray, codes: NDArray[np.integer], known: NDArray[np.bool_]) -> _Class:
    x, given = numbers[known], codes[known]
    at = np.flatnonzero(given[1:] != given[:-1])
    ends = (float(x[0]), float(x[-1])) if x.size else (0.0, 0.0)
    shown = tuple(int(code) for code in given[[*at, -1]]) if x.size else ()
    return _Class(shown, x[at], x[at + 1], ends)


def _levels(sequences: Sequence[tuple[int, ...]]) -> tuple[int, ...] | None:
    """A short sequence in which each of some is a part, in order; None if it is too long."""
    merged: tuple[int, ...] = ()
    for sequence in sorted(dict.fromkeys(sequences), key=len, reverse=True):
        if _places(sequence, merged) is None:
            merged = _merged(merged, sequence)
        if len(merged) > MAX_LEVELS:
            return None
    return merged


def _places(sequence: Sequence[int], levels: Sequence[int]) -> list[int] | None:
    """Where a sequence's parts stand among levels, each as early as can be; None if they do not."""
    places: list[int] = []
    start = 0
    for code in sequence:
        try:
            start = levels.index(code, start) + 1
        except ValueError:
            return None
        places.append(start - 1)
    return places


def _merged(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    """A shortest sequence of which both are a part: what they share longest, and all else."""
    rows, columns = len(first), len(second)
    shared = np.zeros((rows + 1, columns + 1), dtype=np.int32)
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            same = first[i] == second[j]
            shared[i, j] = (
                shared[i + 1, j + 1] + 1 if same else max(shared[i + 1, j], shared[i, j + 1])
            )
    made: list[int] = []
    i = j = 0
    while i < rows and j < columns:
        if first[i] == second[j]:
            made.append(first[i])
            i, j = i + 1, j + 1
        elif shared[i + 1, j] >= shared[i, j + 1]:
            made.append(first[i])
            i += 1
        else:
            made.append(second[j])
            j += 1
    return (*made, *first[i:], *second[j:])


def _pre(found: Sequence[_Class], levels: tuple[int, ...], pivot: int) -> _Pre | None:
    """Steps between levels: falling ones below a pivot, rising ones above; None if too steep."""
    count = len(levels) - 1
    low, high = np.full((len(found), count), -np.inf), np.full((len(found), count), np.inf)
    for row, one in enumerate(found):
        places = _places(one.codes, levels)
        assert places is not None, "every class is a part of the levels"
        if not places:
            low[row], high[row] = 0.0, 0.0
            continue
        high[row, : places[0]], low[row, places[-1] :] = one.ends[0], one.ends[1]
        for change, (start, end) in enumerate(pairwise(places)):
            low[row, start:end], high[row, start:end] = one.below[change], one.above[change]
    gap = np.where(low < high, high - low, np.inf)
    noise = INPUT_ERROR * np.maximum(abs(low), abs(high))
    if (gap / 4 < np.where(np.isfinite(gap), noise, 0.0)).any():
        return None
    narrowest = gap.min(axis=0)
    slope = 2.0 / np.where(np.isfinite(narrowest), narrowest, 1.0)
    # Where a step is never or always on, half of its width lies beyond the last number.
    low = np.where(np.isfinite(low), low, high - 2.0 / slope)
    high = np.where(np.isfinite(high), high, low + 2.0 / slope)
    middle = (low + high) / 2
    sign = np.where(np.arange(count) < pivot, -1.0, 1.0)
    return _Pre(sign * slope, 0.5 - sign * slope * middle)


def _error(pre: _Pre, found: Sequence[_Class], jumps: FloatArray) -> float:
    """What the steps of one class round to at most."""
    ends = np.array([one.ends for one in found])
    largest = abs(pre.slope) * abs(ends).max() + abs(pre.offset) + 1.0
    on = (pre.slope * ends[:, :1] + pre.offset > 0) | (pre.slope * ends[:, 1:] + pre.offset > 0)
    if 2 * FLOAT32_EPSILON * float((on * largest).max(initial=0.0)) > STEP_ERROR:
        return np.inf
    return 4 * FLOAT32_EPSILON * float(((on * largest) @ abs(jumps)).max(initial=0.0))


def _plan(cells: Cells, task: Task, pre: _Pre, jumps: FloatArray, base: int) -> Plan:
    leaf = cells.others[0]
    count = len(cells.table)
    constant = pre.offset[count] if leaf.may_be_none else np.zeros(pre.slope.size)
    axis, weights, more = columns_of(leaf, cells.classes[0], (pre.offset[:count] - constant).T)
    offset = constant + more
    axes, parts = [axis], [np.concatenate([weights, weights], axis=1)]
    axes.insert(cells.axis, Axis(cells.leaf, ()))
    parts.insert(cells.axis, np.concatenate([pre.slope, pre.slope])[None, :])
    b_in = np.concatenate([offset, offset - 1.0])
    w_out = np.concatenate([jumps, -jumps])
    return Plan(tuple(axes), tuple(parts), b_in, w_out, task.rows[base])
