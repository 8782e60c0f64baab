"""MLPs for numbers that are linear in other numbers, within each class of others.

In each *cell* (a class of every categorical leaf) the output is a linear function of the numbers
that are read, wherever it is known. One neuron a cell computes it, lifted such that it is never
negative, and is silent elsewhere: a mean over a prefix times the number of its positions is a
count, by a neuron for each position.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.leaves import Axis, Leaf, Plan
from optitracr.constructions.masks import Box, and_weights, fewest_terms
from optitracr.constructions.tasks import Task
from optitracr.craft.numerics import FLOAT32_EPSILON, INPUT_ERROR
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

EXACT = 1e-9
"""Largest difference from a linear function that counts as none: what solving for it in float64
leaves, and far below what float32 keeps."""

MAX_POINTS = 50_000
"""Known combinations of values beyond which no linear functions are looked for: it takes a system
with a row for each, all cells together, some tenths of a second up to here."""


@dataclass(frozen=True, slots=True)
class _Lines:
    """Linear functions of some numbers, one a neuron.

    Attributes:
        slope: Shape [neurons, numbers].
        offset: Shape [neurons].
        boxes: The cells of each.
        low: What is written where none is on.
    """

    slope: FloatArray
    offset: FloatArray
    boxes: Sequence[Box]
    low: float


def line_plans(task: Task) -> Iterator[Plan]:
    """One linear function of the numbers in each cell of the other leaves.

    That takes at least one number, no other leaf that may be None, and one output.
    """
    numbers = [leaf for leaf in task.leaves if leaf.numerical]
    others = [leaf for leaf in task.leaves if not leaf.numerical]
    some_none = any(leaf.may_be_none for leaf in others)
    if not numbers or some_none or task.rows.shape[1] != 1 or task.robust:
        return
    lines = _lines_of(task, numbers)
    if lines is None:
        return
    ends = np.array([(min(0.0, *leaf.numbers), max(0.0, *leaf.numbers)) for leaf in numbers])
    reach = np.maximum(lines.slope * ends[:, 0], lines.slope * ends[:, 1]).sum(axis=1)
    hold = np.maximum(reach + lines.offset, 0.0) + 1.0 if others else np.zeros(len(lines.offset))
    noise = abs(lines.slope) @ abs(ends).max(axis=1) * INPUT_ERROR
    size = abs(lines.slope) @ abs(ends).max(axis=1) + abs(lines.offset) + hold
    error = noise + 2 * FLOAT32_EPSILON * size * (1 + 2 * len(others))
    if error.max(initial=0.0) <= task.tolerance:
        yield _in_cells(task, lines, hold)


def _in_cells(task: Task, lines: _Lines, hold: FloatArray) -> Plan:
    """The functions where their cells hold, silent in all others."""
    others = [axis for axis, leaf in enumerate(task.leaves) if not leaf.numerical]
    own = [task.leaves[axis] for axis in others]
    shape = tuple(int(task.classes[axis].max()) + 1 for axis in others)
    axes, weights, inside = and_weights(
        own, [task.classes[axis] for axis in others], shape, lines.boxes
    )
    numbers, rest = iter(lines.slope.T), iter(zip(axes, weights, strict=True))
    read: list[Axis] = []
    w_in: list[FloatArray] = []
    for leaf in task.leaves:
        axis, weight = (Axis(leaf, ()), next(numbers)[None, :]) if leaf.numerical else next(rest)
        read.append(axis)
        w_in.append(weight if leaf.numerical else weight * hold)
    offset = lines.offset + hold * inside
    w_out = np.ones((len(hold), 1))
    return Plan(tuple(read), tuple(w_in), offset, w_out, np.array([lines.low]))


def _lines_of(task: Task, numbers: Sequence[Leaf]) -> _Lines | None:
    """The function of every cell, equal ones once; None if one is not linear."""
    others = [axis for axis, leaf in enumerate(task.leaves) if not leaf.numerical]
    table, classes = task.full, [task.classes[axis] for axis in others]
    known = task.known
    if not 0 < int(known.sum()) <= MAX_POINTS:
        return None
    results = np.moveaxis(task.rows[table, 0], others, range(len(others)))
    seen = np.moveaxis(known, others, range(len(others)))
    low = float(results[seen].min())
    first = [np.unique(one, return_index=True)[1] for one in classes]
    found: dict[tuple[float, ...], int] = {(0.0,) * (len(numbers) + 1): 0}
    codes = np.zeros([index.size for index in first], dtype=np.int32)
    for cell in np.ndindex(codes.shape):
        at = tuple(index[place] for index, place in zip(first, cell, strict=True))
        line = _line(numbers, results[at] - low, seen[at])
        if line is None:
            return None
        codes[cell] = found.setdefault(line, len(found))
    functions = np.array(list(found))
    if not others:
        chosen = [code for code in [int(codes[()])] if code]
        boxes: list[Box] = [()] * len(chosen)
    else:
        boxes, chosen = fewest_terms(codes, 0)
    return _Lines(functions[chosen, :-1], functions[chosen, -1], boxes, low)


def _line(
    numbers: Sequence[Leaf],
    results: Float[FloatArray, ...],
    seen: Bool[NDArray[np.bool_], ...],
) -> tuple[float, ...] | None:
    """Factors and constant of the linear function through the known results of a cell."""
    place = np.argwhere(seen)
    wanted = results[seen]
    if not (abs(wanted) > EXACT).any():
        return (0.0,) * (len(numbers) + 1)
    columns = [np.asarray(leaf.numbers)[place[:, i]] for i, leaf in enumerate(numbers)]
    read = np.stack([*columns, np.ones(len(place))], axis=1)
    found, *_ = np.linalg.lstsq(read, wanted, rcond=1e-9)
    # What is a round number but for float64's noise gives equal functions of several cells.
    factors = np.asarray(found, dtype=np.float64).round(9) + 0.0
    if (abs(read @ factors - wanted) > EXACT * np.maximum(1.0, abs(wanted))).any():
        return None
    return tuple(factors.tolist())
