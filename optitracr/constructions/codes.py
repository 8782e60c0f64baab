"""Neurons that read a class as a point of a circle, two numbers, in place of a one-hot.

Points of a circle are in strictly convex position: whichever one is meant, some linear function of
the two numbers is largest there, and falls off to both sides as steeply as it has to. So a neuron
that is on for one class alone, or for two that are neighbours, reads the code as well as a one-hot:
where it is on it reads the same, and elsewhere no more than before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.leaves import Axis, Plan
from optitracr.constructions.needs import NO_CLASS, Need, Numbers, need_of_rows
from optitracr.craft.numerics import FLOAT32_EPSILON
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float

WIDTH = 2
"""Numbers of a code."""

MOST_ON = 3
"""Values for which a neuron may be on: a line goes through three points, and through no more but by
chance."""

NEAR = 1e-2
"""How far below zero a neuron is off, whatever float32 rounds."""

EXACT = 1e-9
"""What is left of differences that are none: far more than float64 rounds."""


@dataclass(frozen=True, slots=True)
class CodedAxis(Axis):
    """A leaf that is read as two numbers of each value.

    Attributes:
        rows: The numbers of each class.
    """

    rows: Numbers = ()

    @property
    def width(self) -> int:
        """Number of columns read."""
        return WIDTH

    @property
    def need(self) -> Need:
        """What has to be readable of the leaf."""
        return Need(self.leaf.label, self.classes, self.rows)

    @property
    def signed(self) -> bool:
        """Whether a number that is read can be negative."""
        return True


def coded(
    plan: Plan, code_of: Callable[[Axis], FloatArray | None], tolerance: float
) -> Plan | None:
    """The same plan with categorical leaves read as points; None where it reads none so.

    Args:
        plan: A plan.
        code_of: The point of each value of a leaf, [values, 2]; None if it is to be read as it is.
        tolerance: What all that neurons add up may be rounded by.
    """
    codes = [None if axis.width <= WIDTH else code_of(axis) for axis in plan.axes]
    if all(code is None for code in codes):
        return None
    reach = [_largest(axis, weights) for axis, weights in zip(plan.axes, plan.w_in, strict=True)]
    together: list[NDArray[np.bool_]] = []
    axes, w_in, b_in = list(plan.axes), list(plan.w_in), plan.b_in.copy()
    for number, (axis, code) in enumerate(zip(plan.axes, codes, strict=True)):
        if code is None:
            continue
        others = sum((own for i, own in enumerate(reach) if i != number), plan.b_in)
        found = _read(axis, _given(axis, plan.w_in[number]), others, code)
        if found is not None:
            axes[number], w_in[number], constant, near = found
            b_in += constant
            together.append(near)
    made = replace(plan, axes=tuple(axes), w_in=tuple(w_in), b_in=b_in)
    borne = together and min(_rounding(made, near) for near in together) <= tolerance
    return made if borne else None


def _rounding(plan: Plan, together: NDArray[np.bool_]) -> float:
    """How far what neurons write may be off by rounding what they add up.

    Args:
        plan: The neurons.
        together: For each value of a leaf which neurons are not far below zero, [values, neurons].
    """
    added = abs(plan.b_in)
    for axis, weights in zip(plan.axes, plan.w_in, strict=True):
        added = added + _sizes(axis) @ abs(weights)
    written = together @ (added[:, None] * abs(plan.w_out))
    return 2 * FLOAT32_EPSILON * float(written.max(initial=0.0))


def _sizes(axis: Axis) -> Float[FloatArray, " columns"]:
    """The largest size of each number that is read."""
    if axis.leaf.numerical:
        return np.array([np.abs(axis.leaf.numbers).max()])
    return np.asarray(abs(axis.need.rows).max(axis=0))


def _given(axis: Axis, weights: FloatArray) -> Float[FloatArray, "values neurons"]:
    """What each value of a leaf gives each neuron, and None what is in the last row."""
    held = np.append(np.asarray(axis.classes, dtype=np.intp), NO_CLASS)
    return np.asarray(np.concatenate([weights, np.zeros((1, weights.shape[1]))])[held])


def _largest(axis: Axis, weights: FloatArray) -> Float[FloatArray, " neurons"]:
    """The most that a leaf gives each neuron."""
    if axis.leaf.numerical:
        numbers = np.asarray(axis.leaf.numbers)[:, None]
        return np.asarray((numbers * weights).max(axis=0, initial=-np.inf))
    if axis.numbers:
        held = np.append(np.asarray(axis.numbers), 0.0)[[*axis.classes, NO_CLASS]]
        given = held[:, None] * weights
    else:
        given = _given(axis, weights)
    return np.asarray((given if axis.leaf.may_be_none else given[:-1]).max(axis=0))


def _read(
    axis: Axis, given: FloatArray, others: FloatArray, code: FloatArray
) -> tuple[CodedAxis, FloatArray, FloatArray, NDArray[np.bool_]] | None:
    """The axis of a code, its weights, what is added to the bias, and which neurons are near zero.

    None if it cannot be read.
    """
    known = np.concatenate([code, np.zeros((1, WIDTH))])
    if not axis.leaf.may_be_none:
        given, known = given[:-1], known[:-1]
    on = given + others > EXACT
    if (on.sum(axis=0) > MOST_ON).any():
        return None
    lines = _lines(known, given, on)
    if lines is None:
        return None
    weights, constant = lines[:WIDTH], lines[WIDTH]
    need = need_of_rows(axis.leaf.label, code)
    assert need is not None, "no point of a circle is its centre"
    near = known @ weights + constant + others >= -NEAR
    return CodedAxis(axis.leaf, need.classes, (), need.numbers), weights, constant, near


def _lines(
    points: FloatArray, given: FloatArray, on: NDArray[np.bool_]
) -> Float[FloatArray, "3 neurons"] | None:
    """Linear functions that are what is given where neurons are on, and elsewhere no more.

    Args:
        points: The code of each value.
        given: What it gives each neuron, [values, neurons].
        on: Whether the neuron may be on there.

    Returns:
        Two factors and a constant for each neuron; None if there are none for some.
    """
    start, fall = _through(points, given, on)
    excess = points @ start[:WIDTH] + start[WIDTH] - given
    down = points @ fall[:WIDTH] + fall[WIDTH]
    wrong = np.where(on, abs(excess) > EXACT, (excess > EXACT) & (down > -EXACT))
    if wrong.any():
        return None
    steep = np.where(on, 0.0, excess / -np.minimum(down, -EXACT))
    return np.asarray(start + np.maximum(steep.max(axis=0, initial=0.0), 0.0) * fall)


def _through(
    points: FloatArray, given: FloatArray, on: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """For each neuron a line through what it is on for, and one that falls off from there.

    The second is zero there, and negative for all other points of the circle; zero where there is
    none: of three points, and of two of which one is None, which lies inside of the circle.
    """
    count, neurons = on.sum(axis=0), np.arange(on.shape[1])
    # The first, the last, and what is between.
    first, last = on.argmax(axis=0), len(on) - 1 - on[::-1].argmax(axis=0)
    between = np.where(count > WIDTH, (on.cumsum(axis=0) == WIDTH).argmax(axis=0), first)
    start = np.zeros((WIDTH + 1, on.shape[1]))
    start[WIDTH] = np.where(count == 0, given.min(axis=0, initial=0.0), given[first, neurons])
    away = points[last] - points[first]
    rise = given[last, neurons] - given[first, neurons]
    two = count > 1
    slope = away[two] * (rise[two] / (away[two] ** 2).sum(axis=1))[:, None]
    start[:WIDTH, two] = slope.T
    start[WIDTH, two] -= (slope * points[first[two]]).sum(axis=1)
    for neuron in np.flatnonzero(count > WIDTH):
        held = points[[first[neuron], between[neuron], last[neuron]]]
        system = np.column_stack([held, np.ones(len(held))])
        start[:, neuron] = np.linalg.lstsq(system, given[on[:, neuron], neuron], rcond=None)[0]
    middle = (points[first] + points[last]) / 2
    size = (middle**2).sum(axis=1)
    level = abs((points[first] * middle).sum(axis=1) - size) <= EXACT
    level &= abs((points[last] * middle).sum(axis=1) - size) <= EXACT
    falls = level & (count > 0) & (count <= WIDTH)
    return start, np.where(falls, np.concatenate([middle.T, -size[None]]), 0.0)
