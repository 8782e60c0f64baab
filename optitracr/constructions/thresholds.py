"""MLPs with thresholds: of one number within each class of others, or of several numbers.

- *cells*: one number beside categorical leaves. In each cell (a class of every categorical
  leaf) the output is a step function of the number; a step counts where its cells hold,
  since a large negative weight silences it elsewhere.
- *half-planes*: several numbers. Where the output is a function of levels, each of which a
  hyperplane separates from those below, it is the sum of the jumps from level to level.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.cells import cells_of, read_in_cells
from optitracr.constructions.distinct import distinct_rows
from optitracr.constructions.leaves import Axis, Leaf, Plan
from optitracr.constructions.masks import Box, and_weights, fewest_terms
from optitracr.constructions.reduction import Codes
from optitracr.constructions.tasks import Task
from optitracr.craft.numerics import FLOAT32_EPSILON, INPUT_ERROR, MarginError, steps_between
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float

MAX_LEVELS = 64
"""Hyperplanes of one component: each is found by a linear program, and more leave margins that
float32 does not keep as a rule."""

MAX_POINTS = 50_000
"""Combinations of values beyond which no hyperplanes are looked for: they are compared with each
plane in some milliseconds up to here."""

MAX_ROWS = 1500
"""Combinations that are rows of one linear program, which takes some hundredths of a second up to
here. Of more, those that lie farthest on the wrong side of a plane become rows, until none does."""

FARTHEST = 20
"""Combinations that become rows at a time: a plane rests on as many as there are numbers and one
more, and these are among the farthest as a rule."""

BEYOND = 1e-9
"""Distance from a plane that counts as none: what a linear program leaves in float64."""

KEPT = 256
"""Linear programs whose planes are kept: a program asks for the same in many cells and cuts, and so
do programs of a kind, of each some ten."""

KEPT_BYTES = 1 << 15
"""Size of a linear program up to which its plane is kept, a thousand combinations of two numbers:
all that are kept take 8 MB at most."""

LEAST_MARGIN = 64 * INPUT_ERROR
"""Distance from a separating hyperplane below which float32 is not trusted."""


def cell_plans(task: Task) -> Iterator[Plan]:
    """Steps of one number, each within the cells of the categorical leaves that take it."""
    cells, rows = cells_of(task), task.rows
    if cells is None:
        return
    classes = task.classes[cells.axis]
    lines = np.moveaxis(task.table, cells.axis, -1)
    last = np.flatnonzero(np.diff(classes))
    try:
        steps, pivot_value = steps_between(cells.numbers, last)
    except MarginError:
        return
    terms, step_of, jumps = _cell_steps(lines, rows, steps.rising)
    base_terms, base_codes = fewest_terms(lines[..., classes[pivot_value]], task.default)
    hold = reach(steps.slope, steps.offset, cells.leaf.numbers)[step_of] + 1.0
    size = 1 + 2 * len(cells.others)
    if 2 * FLOAT32_EPSILON * _summed(hold * size, jumps, terms) > task.tolerance:
        return
    slope, offset = steps.slope[step_of], steps.offset[step_of]
    none, one = np.zeros(len(base_terms)), np.ones(len(base_terms))
    axes, w_in, b_in = read_in_cells(
        cells,
        [*terms, *terms, *base_terms],
        np.concatenate([slope, slope, none]),
        np.concatenate([offset, offset - 1.0, one]),
        np.concatenate([hold, hold, one]),
    )
    w_out = np.concatenate([jumps, -jumps, rows[base_codes] - rows[task.default]])
    yield Plan(axes, w_in, b_in, w_out, rows[task.default])


def _cell_steps(
    lines: Codes, rows: FloatArray, rising: NDArray[np.bool_]
) -> tuple[list[Box], NDArray[np.intp], FloatArray]:
    """Boxes of cells with one jump at one threshold, that threshold, and the jump."""
    terms: list[Box] = []
    step_of: list[int] = []
    jumps: list[FloatArray] = []
    for step in range(lines.shape[-1] - 1):
        jump = rows[lines[..., step + 1]] - rows[lines[..., step]]
        sign = 1.0 if rising[step] else -1.0
        flat = np.round(jump.reshape(-1, rows.shape[1]), 9)
        distinct, member = distinct_rows(np.concatenate([np.zeros((1, rows.shape[1])), flat]))
        codes = member[1:].reshape(lines.shape[:-1]).astype(np.int32)
        boxes, found = fewest_terms(codes, int(member[0]))
        terms += boxes
        step_of += [step] * len(boxes)
        jumps += [sign * distinct[code] for code in found]
    shaped = np.array(jumps).reshape(len(jumps), rows.shape[1])
    return terms, np.array(step_of, dtype=np.intp), shaped


def reach(slope: FloatArray, offset: FloatArray, numbers: Sequence[float]) -> FloatArray:
    """The largest pre-activation of each step of a number, or of 0 in its place."""
    ends = np.array([numbers[0], numbers[-1], 0.0])
    largest: FloatArray = abs(slope[:, None] * ends + offset[:, None]).max(axis=1)
    return largest


def _summed(reach: FloatArray, jumps: FloatArray, terms: list[Box]) -> float:
    """What the steps of one cell add up to at most."""
    if not terms:
        return 0.0
    inside = np.ones((len(terms), 1))
    for axis in range(len(terms[0])):
        own = np.array([term[axis] for term in terms], dtype=np.float64)
        inside = (inside[:, :, None] * own[:, None]).reshape(len(terms), -1)
    totals = inside.T @ (abs(jumps) * reach[:, None])
    return float(totals.max(initial=0.0))


def half_plane_plans(task: Task) -> Iterator[Plan]:
    """Levels of several numbers, separated by hyperplanes, in each cell of the other leaves."""
    leaves, classes, rows = task.leaves, task.classes, task.rows
    numerical = [axis for axis, leaf in enumerate(leaves) if leaf.numerical]
    others = [axis for axis, leaf in enumerate(leaves) if not leaf.numerical]
    if len(numerical) < 2:
        return
    table = task.full
    first = [task.first[axis] for axis in others]
    lines = np.moveaxis(table, others, range(len(others)))
    seen = np.moveaxis(task.known, others, range(len(others)))
    anywhere = np.asarray(seen.any(axis=tuple(range(len(others)))))
    shape = tuple(index.size for index in first)
    boxes: list[Box] = []
    planes: list[_Levels] = []
    for cell in np.ndindex(shape):
        at = tuple(index[place] for index, place in zip(first, cell, strict=True))
        read = [leaves[a] for a in numerical]
        found = _levels_of(read, lines[at], seen[at], rows, task.ranks, anywhere)
        if found is None:
            return
        planes.append(found)
        boxes.append(tuple(np.arange(n) == p for n, p in zip(shape, cell, strict=True)))
    if max(found.error for found in planes) * (1 + 2 * len(others)) > task.tolerance:
        return
    yield _in_cells(leaves, classes, shape, boxes, planes, rows, task.default)


def _in_cells(
    leaves: Sequence[Leaf],
    classes: Sequence[Codes],
    shape: tuple[int, ...],
    boxes: Sequence[Box],
    planes: Sequence[_Levels],
    rows: FloatArray,
    default: int,
) -> Plan:
    """The levels of every cell, silent in all others."""
    others = [axis for axis, leaf in enumerate(leaves) if not leaf.numerical]
    lone = not others
    based = [i for i, found in enumerate(planes) if found.base != default and not lone]
    owner = [i for i, found in enumerate(planes) for _ in range(len(found.offset))]
    slope = np.concatenate([found.slope for found in planes])
    offset = np.concatenate([found.offset for found in planes])
    jumps = np.concatenate([found.jumps for found in planes])
    bias = rows[planes[0].base] if lone else rows[default]
    reach = np.concatenate([found.reach for found in planes])
    hold = np.concatenate([reach + 1.0, reach + 1.0, np.ones(len(based))])
    masks = [boxes[i] for i in (*owner, *owner, *based)]
    own = [leaves[axis] for axis in others]
    axes, weights, inside = and_weights(own, [classes[a] for a in others], shape, masks)
    offsets = np.concatenate([offset, offset - 1.0, np.ones(len(based))])
    w_out = np.concatenate([jumps, -jumps, *(rows[[planes[i].base]] - bias for i in based)])
    slopes = np.concatenate([slope, slope, np.zeros((len(based), slope.shape[1]))])
    all_axes: list[Axis] = []
    w_in: list[FloatArray] = []
    numbers, rest = iter(slopes.T), iter(zip(axes, weights, strict=True))
    for leaf in leaves:
        if leaf.numerical:
            all_axes.append(Axis(leaf, ()))
            w_in.append(next(numbers)[None, :])
        else:
            axis, weight = next(rest)
            all_axes.append(axis)
            w_in.append(weight * hold)
    return Plan(tuple(all_axes), tuple(w_in), offsets + hold * inside, w_out, bias)


@dataclass(frozen=True, slots=True)
class _Levels:
    """Levels of several numbers: the code below all planes, and a jump at each.

    Attributes:
        base: The code of the lowest level.
        slope: Shape [planes, numbers]; a step is relu(z) - relu(z - 1), z the pre-activation.
        offset: Shape [planes].
        jumps: Shape [planes, outputs].
        reach: Shape [planes]: the largest pre-activation.
        error: Rounding error of all steps together.
    """

    base: int
    slope: FloatArray
    offset: FloatArray
    jumps: FloatArray
    reach: FloatArray
    error: float


def _levels_of(
    leaves: Sequence[Leaf],
    table: Codes,
    possible: NDArray[np.bool_],
    rows: FloatArray,
    order: NDArray[np.intp],
    anywhere: NDArray[np.bool_],
) -> _Levels | None:
    """Levels of which the table is a function, separated by hyperplanes.

    Args:
        leaves: The numbers.
        table: The function of them, in one cell.
        possible: Which of their combinations occur there.
        rows: What is written for each code.
        order: A rank for each code.
        anywhere: Which combinations occur in some cell: there the levels of this one are silent.
    """
    place = np.argwhere(possible)
    if not 0 < len(place) <= MAX_POINTS:
        return None
    points = _points(leaves, place)
    origin = np.zeros((1, len(leaves)))
    everywhere = np.concatenate([_points(leaves, np.argwhere(anywhere)), origin])
    codes = table[tuple(place.T)]
    for levels in _levels(place, codes, order):
        found = _separated(points, codes, levels, rows, everywhere)
        if found is not None:
            return found
    return None


def _points(leaves: Sequence[Leaf], place: NDArray[np.intp]) -> FloatArray:
    """The numbers of some combinations, [combinations, numbers]."""
    return np.stack(
        [np.asarray(leaf.numbers)[place[:, i]] for i, leaf in enumerate(leaves)], axis=1
    )


def _levels(
    place: NDArray[np.intp], codes: Codes, order: NDArray[np.intp]
) -> Iterator[NDArray[np.intp]]:
    """Ways to number the points such that the code is a function of that number."""
    yield order[codes]
    for factors in product((1, -1, 2, -2), repeat=place.shape[1]):
        if factors[0] < 0 or not any(abs(factor) == 1 for factor in factors):
            continue
        levels = place @ np.array(factors)
        _, member = np.unique(levels, return_inverse=True)
        first = np.zeros(member.max() + 1, dtype=np.int64)
        first[member] = codes
        if np.array_equal(first[member], codes):
            yield levels


def _separated(
    points: FloatArray,
    codes: Codes,
    levels: NDArray[np.intp],
    rows: FloatArray,
    everywhere: FloatArray,
) -> _Levels | None:
    distinct, member = np.unique(levels, return_inverse=True)
    code = np.zeros(distinct.size, dtype=np.int64)
    code[member] = codes
    changes = np.flatnonzero((rows[code[1:]] != rows[code[:-1]]).any(axis=1))
    if changes.size > MAX_LEVELS:
        return None
    planes = []
    for change in changes:
        plane = separating_plane(points[member <= change], points[member > change])
        if plane is None:
            return None
        planes.append(plane)
    slope = np.array([normal / margin for normal, _, margin in planes])
    slope = slope.reshape(len(planes), points.shape[1])
    offset = np.array([at / margin for _, at, margin in planes]) + 0.5
    jumps = rows[code[changes + 1]] - rows[code[changes]]
    reach = abs(everywhere @ slope.T + offset).max(axis=0, initial=0.0)
    error = 2 * FLOAT32_EPSILON * float((reach @ abs(jumps)).max(initial=0.0))
    return _Levels(int(code[0]), slope, offset, jumps, reach, error)


def separating_plane(
    below: Float[FloatArray, "_ numbers"], above: Float[FloatArray, "_ numbers"]
) -> tuple[Float[FloatArray, " numbers"], float, float] | None:
    """The hyperplane of largest margin, in the maximum norm of its normal.

    Returns:
        Normal, offset and margin: normal @ x + offset is at least the margin above and at
        most its negative below; None if there is none that float32 carries.
    """
    signed = np.concatenate([below, -above])
    side = np.repeat([1.0, -1.0], [len(below), len(above)])
    system = np.column_stack([signed, side])
    rows = _first_rows(system)
    while True:
        found = _largest_margin(system[rows])
        if found is None:
            return None
        excess = system @ found[:-1] + found[-1]
        excess[rows] = 0.0
        if excess.max(initial=0.0) <= BEYOND:
            break
        farthest = np.argsort(-excess)[:FARTHEST]
        rows = np.concatenate([rows, farthest[excess[farthest] > BEYOND]])
    normal, at = found[:-2].round(9), round(float(found[-2]), 9)
    margin = min((above @ normal).min() + at, -(below @ normal).max() - at)
    return (normal, at, float(margin)) if margin >= LEAST_MARGIN else None


def _first_rows(system: FloatArray) -> NDArray[np.intp]:
    """The rows with which the search for a plane begins: all, or those at the ends of each side."""
    if len(system) <= MAX_ROWS:
        return np.arange(len(system))
    ends = [
        place[pick(system[place], axis=0)]
        for sign in (1.0, -1.0)
        for place in [np.flatnonzero(system[:, -1] == sign)]
        for pick in (np.argmin, np.argmax)
        if place.size
    ]
    return np.unique(np.concatenate(ends))


def _largest_margin(system: FloatArray) -> FloatArray | None:
    """Normal, offset and margin of the best plane for some rows; None if float32 carries none."""
    size = system.shape[1] - 1
    if system.nbytes > KEPT_BYTES:
        return _solved(system.tobytes(), size)
    return _kept(system.tobytes(), size)


def _solved(rows: bytes, size: int) -> FloatArray | None:
    """The same, of rows of so many numbers and their side, as bytes."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    held = np.frombuffer(rows).reshape(-1, size + 1)
    system = np.concatenate([held, np.ones((len(held), 1))], axis=1)
    least, most = np.full(size + 2, -1.0), np.ones(size + 2)
    least[size:], most[size:] = (-np.inf, 0.0), np.inf
    # No number is to be whole: of SciPy's two ways to state a linear program the quicker.
    found = milp(
        np.append(np.zeros(size + 1), -1.0),
        constraints=LinearConstraint(system, -np.inf, 0.0),
        bounds=Bounds(least, most),
    )
    if found.status != 0 or found.x[-1] < LEAST_MARGIN - BEYOND:
        return None
    best: FloatArray = found.x
    best.setflags(write=False)
    return best


_kept = lru_cache(maxsize=KEPT)(_solved)
