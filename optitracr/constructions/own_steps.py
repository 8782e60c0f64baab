"""Steps of one number with thresholds of its own in each cell of categorical leaves.

Where not every number occurs in every cell, those that do lie farther apart in a cell than all
of them do: means of twenty numbers are a twentieth apart, and means of nineteen or twenty much
closer. So each cell has the thresholds between the numbers that occur in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.cells import Cells, cells_of, read_in_cells
from optitracr.constructions.leaves import Plan
from optitracr.constructions.masks import Box, fewest_terms
from optitracr.constructions.tasks import Task
from optitracr.constructions.thresholds import reach
from optitracr.craft.numerics import FLOAT32_EPSILON, MarginError, steps_between
from optitracr.craft.spaces import FloatArray

MAX_CELLS = 2_000
"""Cells beyond which no thresholds are looked for in each: a tenth of a second up to here."""


@dataclass(frozen=True, slots=True)
class _CellSteps:
    """The steps of one cell.

    Attributes:
        slope: Of each step.
        offset: Of each step.
        jumps: Shape [steps, outputs]: what each adds where it is on.
        base: The code that is written where none is on.
    """

    slope: FloatArray
    offset: FloatArray
    jumps: FloatArray
    base: int


def own_step_plans(task: Task) -> Iterator[Plan]:
    """Steps between the numbers of each cell, silent in all others."""
    cells = cells_of(task)
    if cells is None or cells.known.all():
        return
    shape = cells.table.shape[:-1]
    if math.prod(shape) > MAX_CELLS:
        return
    found: list[_CellSteps] = []
    for cell in np.ndindex(shape):
        own = _steps_in(cells, task, cell)
        if own is None:
            return
        found.append(own)
    slope = np.concatenate([own.slope for own in found])
    offset = np.concatenate([own.offset for own in found])
    hold = reach(slope, offset, cells.leaf.numbers) + 1.0
    owner = np.repeat(np.arange(len(found)), [len(own.slope) for own in found])
    if _error(cells, found, owner, hold) <= task.tolerance:
        yield _plan(cells, task, found, owner, hold)


def _steps_in(cells: Cells, task: Task, cell: tuple[int, ...]) -> _CellSteps | None:
    """The steps of one cell; None if numbers in it are too close for float32."""
    place = np.flatnonzero(cells.known[cell])
    if not place.size:
        return _CellSteps(np.zeros(0), np.zeros(0), task.rows[:0], task.default)
    codes = cells.table[cell][place]
    changes = np.flatnonzero(codes[1:] != codes[:-1])
    try:
        steps, pivot = steps_between(cells.numbers[place], changes)
    except MarginError:
        return None
    jumps = task.rows[codes[changes + 1]] - task.rows[codes[changes]]
    signed = np.where(steps.rising[:, None], jumps, -jumps)
    return _CellSteps(steps.slope, steps.offset, signed, int(codes[pivot]))


def _error(
    cells: Cells, found: Sequence[_CellSteps], owner: NDArray[np.intp], hold: FloatArray
) -> float:
    """What the steps of one cell round to at most, each with what holds it down elsewhere."""
    jumps = np.concatenate([own.jumps for own in found])
    summed = np.zeros((len(found), jumps.shape[1]))
    np.add.at(summed, owner, abs(jumps) * hold[:, None])
    return 2 * FLOAT32_EPSILON * (1 + 2 * len(cells.others)) * float(summed.max(initial=0.0))


def _plan(
    cells: Cells,
    task: Task,
    found: Sequence[_CellSteps],
    owner: NDArray[np.intp],
    hold: FloatArray,
) -> Plan:
    """The steps of every cell, and what is written in it where none is on."""
    shape = cells.table.shape[:-1]
    base = np.array([own.base for own in found], dtype=np.int32).reshape(shape)
    based, codes = fewest_terms(base, task.default)
    boxes = [_box(shape, cell) for cell in np.ndindex(shape)]
    masks: list[Box] = [*(boxes[i] for i in (*owner, *owner)), *based]
    slope = np.concatenate([own.slope for own in found])
    offset = np.concatenate([own.offset for own in found])
    jumps = np.concatenate([own.jumps for own in found])
    none, one = np.zeros(len(based)), np.ones(len(based))
    axes, w_in, b_in = read_in_cells(
        cells,
        masks,
        np.concatenate([slope, slope, none]),
        np.concatenate([offset, offset - 1.0, one]),
        np.concatenate([hold, hold, one]),
    )
    written = task.rows[task.default]
    added = task.rows[np.array(codes, dtype=np.intp)] - written
    return Plan(axes, w_in, b_in, np.concatenate([jumps, -jumps, added]), written)


def _box(shape: tuple[int, ...], cell: tuple[int, ...]) -> Box:
    return tuple(np.arange(n) == p for n, p in zip(shape, cell, strict=True))
