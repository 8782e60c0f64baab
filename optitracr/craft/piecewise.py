"""Piecewise-linear functions of one number by ReLUs, through given points.

Three constructions: *hinges* interpolate between consecutive points, one neuron a change of
slope, and pass on the noise of their argument times the slope; *steps* are flat around every
point and jump between them, two neurons a jump, and so tolerate that noise; *leaps* interpolate
where that passes on little, and jump elsewhere. The cheapest one that float32 carries is taken,
steps where they cost the same as others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optitracr.craft.numerics import FLOAT32_EPSILON, RAMP, MarginError, Steps, steps_between
from optitracr.craft.slopes import SLACK, are_gentle, passed_on, slopes_of, with_leaps
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float

HINGE_ERROR = 1e-5
"""Largest error of an interpolation between sums of one-hots that is accepted: a tenth of what a
number may be off by, of which other parts need some as well."""

JUMP_ERROR = 2e-4
"""Largest rounding error of all steps together that a fused component may have, where keys or
values are read from it: attention multiplies an error of a key by its coldness."""

SHARP_JUMP_ERROR = 5e-6
"""The same where a mean of numbers depends on it: an error of a key moves attention between the
keys that are selected, and so the mean, by its coldness, some fifty, times the error; that stays
near the tolerance of numbers."""

QUERY_JUMP_ERROR = 2e-3
"""The same where attention reads the result at most as a query: an error there scales all
logits of a query alike, and so moves no weight between the keys that it selects."""

LOOSE_JUMP_ERROR = 1e-2
"""The same for a component over the immediate operands, which has no substitute: a fifth of what a
one-hot dimension may be off by. The checks of the whole model have the last word."""

NO_PIVOT = -1
"""Stands for steps among interpolations from a pivot, which are points counted from 0."""

MOST_LEAPING = 4
"""Outputs up to which leaps are looked for: one-hots of many classes rise and fall everywhere."""

LEAP_RAMP = 0.75
"""Part of a gap that the ramp of a leap fills: a leap is as a rule larger than a step of one-hots,
and rounds less the flatter its ramp is. An eighth of the gap is left for noise on either side."""

LEAST_RISING = 2
"""Rises in a row from which on leaps may take fewer neurons than steps."""

MAX_HINGES = 512
"""Points beyond which only steps are considered: the errors of so many changes of slope add up to
more than is accepted as a rule."""


@dataclass(frozen=True, slots=True)
class Passing:
    """What interpolation may pass on of what its argument is off by, for one line or several.

    Attributes:
        noise: Shape [..., points]: what the argument may be off by there.
        allowed: Shape [..., points]: what the outputs may be off by.
        sure: The same where nobody minds; None if somebody always does.
        leaps: Whether there may be leaps.
    """

    noise: Float[FloatArray, "*lines points"]
    allowed: Float[FloatArray, "*lines points"]
    sure: Float[FloatArray, "*lines points"] | None = None
    leaps: bool = True

    def at(self, line: int, *, surely: bool = False) -> Passing:
        """That of one line, or what nobody minds there."""
        allowed = self.sure if surely else self.allowed
        assert allowed is not None, "what is sure is asked for only where something is"
        return Passing(self.noise[line], allowed[line])


def of_one_hots(z: Float[FloatArray, "*lines points"]) -> Passing:
    """That of sums of one-hots, which are free of noise but for float32's rounding."""
    noise = 4 * FLOAT32_EPSILON * abs(z).max(axis=-1, keepdims=True, initial=0.0)
    allowed = np.full(z.shape, HINGE_ERROR)
    return Passing(np.broadcast_to(noise, z.shape), allowed, allowed, leaps=False)


class Way(NamedTuple):
    """A construction that was counted.

    Attributes:
        neurons: Its neurons.
        line: Its line.
        pivot: The point from which it interpolates; NO_PIVOT for steps.
        leaps: Whether it jumps where interpolation would pass on too much.
        sure: Whether nobody minds what it passes on, as far as it was counted.
    """

    neurons: int
    line: int
    pivot: int = NO_PIVOT
    leaps: bool = False
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Piecewise:
    """f(z) = bias + relu(slope * z + offset) @ weight.

    Attributes:
        slope: Shape [neurons].
        offset: Shape [neurons].
        weight: Shape [neurons, outputs].
        bias: Shape [outputs].
    """

    slope: Float[FloatArray, " neurons"]
    offset: Float[FloatArray, " neurons"]
    weight: Float[FloatArray, "neurons outputs"]
    bias: Float[FloatArray, " outputs"]

    @property
    def neurons(self) -> int:
        """Number of ReLUs."""
        return int(self.slope.size)


def through_points(
    z: Float[FloatArray, " points"],
    outputs: Float[FloatArray, "points outputs"],
    passing: Passing | None,
    tolerance: float = JUMP_ERROR,
    close: bool = False,
) -> Piecewise:
    """The smallest construction through the points that keeps its margin.

    Args:
        z: Shape [points], increasing.
        outputs: Shape [points, outputs].
        passing: What may be passed on of the noise of arguments; None if nothing may.
        tolerance: Largest rounding error of all steps together.
        close: Bound that error closely, for what has no other construction.

    Raises:
        MarginError: If two points with different outputs are too close for float32.
    """
    made = with_fewer(z, outputs, passing, tolerance, close)
    assert made is not None, "every construction has fewer neurons than infinity"
    return made


def with_fewer(
    z: Float[FloatArray, " points"],
    outputs: Float[FloatArray, "points outputs"],
    passing: Passing | None,
    tolerance: float = JUMP_ERROR,
    close: bool = False,
    limit: float = math.inf,
) -> Piecewise | None:
    """The same, or None where it takes as many neurons as a limit or more.

    Neurons are counted before they are made, so that what is too large costs little.

    Args:
        z: Shape [points], increasing.
        outputs: Shape [points, outputs].
        passing: What may be passed on of the noise of arguments; None if nothing may.
        tolerance: Largest rounding error of all steps together.
        close: Bound that error closely, for what has no other construction.
        limit: Neurons of what is known.

    Raises:
        MarginError: If two points with different outputs are too close for float32.
    """
    own = None if passing is None else Passing(passing.noise[None], passing.allowed[None])
    refused: MarginError | None = None
    for way in counted(z[None], outputs[None], own):
        if way.neurons >= limit:
            return None
        try:
            made = constructed(z, outputs, passing, way, tolerance, close)
        except MarginError as error:
            refused = error
            continue
        if made is not None:
            return made
    assert refused is not None, "steps are among what was tried"
    raise refused


def counted(
    z: Float[FloatArray, "lines points"],
    outputs: Float[FloatArray, "lines points outputs"],
    passing: Passing | None,
) -> list[Way]:
    """The constructions through the points of several lines, the fewest neurons first.

    Args:
        z: Shape [lines, points], increasing along each line.
        outputs: Shape [lines, points, outputs].
        passing: What may be passed on at each of the points; None if nothing may.

    Returns:
        Of equal ones the first line comes first, and there steps.
    """
    steps = 2 * (outputs[:, 1:] != outputs[:, :-1]).any(axis=2).sum(axis=1)
    found = [Way(own, line) for line, own in enumerate(steps.tolist())]
    varied = steps.nonzero()[0]
    if passing is not None and varied.size and z.shape[1] <= MAX_HINGES:
        slopes = slopes_of(z[varied], outputs[varied])
        noise = passing.noise[varied]
        gentle = are_gentle(slopes, noise, passing.allowed[varied])
        fits, sure = gentle.all(axis=1), np.zeros(len(steps), dtype=bool)
        if passing.sure is passing.allowed:
            sure[varied] = fits
        elif passing.sure is not None:
            sure[varied] = are_gentle(slopes, noise, passing.sure[varied]).all(axis=1)
        counts = _hinge_counts(slopes[fits], varied[fits])
        found += [Way(*way, sure=bool(sure[way[1]])) for way in counts]
        if passing.leaps and outputs.shape[2] <= MOST_LEAPING and not fits.all():
            rising = gentle & slopes.any(axis=2)
            some = ~fits & (np.count_nonzero(rising, axis=1) >= LEAST_RISING)
            if some.any():
                found += _leap_counts(slopes[some], gentle[some], varied[some])
    return sorted(found, key=lambda way: way[:2])


def constructed(
    z: Float[FloatArray, " points"],
    outputs: Float[FloatArray, "points outputs"],
    passing: Passing | None,
    way: Way,
    tolerance: float,
    close: bool,
) -> Piecewise | None:
    """One of the constructions that were counted; None where interpolation rounds too much.

    Args:
        z: Shape [points], increasing.
        outputs: Shape [points, outputs].
        passing: What may be passed on of the noise of arguments.
        way: Which.
        tolerance: Largest rounding error of all steps together.
        close: Bound that error closely.

    Raises:
        MarginError: If steps are too close for float32.
    """
    if way.pivot == NO_PIVOT:
        return _steps(z, outputs, tolerance, close, RAMP)
    assert passing is not None, "interpolations are counted only where they may pass on noise"
    slopes, steps = slopes_of(z, outputs), None
    if way.leaps:
        gentle = are_gentle(slopes, passing.noise, passing.allowed)
        slopes, jumps = with_leaps(slopes, gentle, np.diff(z))
        leapt = np.concatenate([np.zeros((1, outputs.shape[1])), np.cumsum(jumps, axis=0)])
        steps = _steps(z, leapt, tolerance, close, LEAP_RAMP)
        outputs = outputs - leapt
    hinges = _hinges_from(z, outputs, slopes, way.pivot)
    wrong = _rounding(hinges, z) + passed_on(slopes, passing.noise)
    if (wrong > passing.allowed).any():
        return None
    return hinges if steps is None else _sum_of(hinges, steps)


def _leap_counts(
    slopes: FloatArray,
    gentle: NDArray[np.bool_],
    lines: NDArray[np.intp],
) -> list[Way]:
    """Neurons of the leaps from some pivots."""
    going, jumps = with_leaps(slopes, gentle, np.ones(gentle.shape))
    steps = 2 * np.count_nonzero(jumps.any(axis=2), axis=1)
    more = dict(zip(lines.tolist(), steps.tolist(), strict=True))
    counts = _hinge_counts(going, lines)
    return [Way(own + more[line], line, pivot, True, False) for own, line, pivot in counts]


def _sum_of(one: Piecewise, other: Piecewise) -> Piecewise:
    """The neurons of both."""
    return Piecewise(
        slope=np.concatenate([one.slope, other.slope]),
        offset=np.concatenate([one.offset, other.offset]),
        weight=np.concatenate([one.weight, other.weight]),
        bias=one.bias + other.bias,
    )


def _hinge_counts(slopes: FloatArray, lines: NDArray[np.intp]) -> list[tuple[int, int, int]]:
    """Neurons of the interpolations from some pivots: the first point, the middle, the last."""
    if not lines.size:
        return []
    points = slopes.shape[1] + 1
    tilted = np.asarray(slopes.any(axis=2)).tolist()
    bends = np.zeros((len(lines), points), dtype=np.intp)
    (slopes[:, 1:] != slopes[:, :-1]).any(axis=2).cumsum(axis=1, out=bends[:, 1 : points - 1])
    bends[:, -1] = bends[:, -2]
    found = []
    for line, tilt, bend in zip(lines.tolist(), tilted, bends.tolist(), strict=True):
        for pivot in dict.fromkeys((0, points // 2, points - 1)):
            right = tilt[pivot] + bend[-1] - bend[pivot] if pivot < points - 1 else 0
            left = tilt[pivot - 1] + bend[pivot - 1] if pivot else 0
            found.append((right + left, line, pivot))
    return found


def _hinges_from(z: FloatArray, outputs: FloatArray, slopes: FloatArray, pivot: int) -> Piecewise:
    right_change, left_change = _changes(slopes[pivot:]), _changes(slopes[:pivot][::-1])
    right_at, left_at = z[pivot:-1], z[1 : pivot + 1][::-1]
    keep_right, keep_left = right_change.any(axis=1), left_change.any(axis=1)
    right, left = right_change[keep_right], left_change[keep_left]
    return Piecewise(
        slope=np.repeat([1.0, -1.0], [len(right), len(left)]),
        offset=np.concatenate([-right_at[keep_right], left_at[keep_left]]),
        weight=np.concatenate([right, -left]),
        bias=outputs[pivot],
    )


def _changes(slopes: FloatArray) -> FloatArray:
    """By how much each slope differs from the one before, the first from none."""
    changes = slopes.copy()
    changes[1:] -= slopes[:-1]
    return changes


def _rounding(hinges: Piecewise, z: FloatArray) -> FloatArray:
    """What active neurons round, added up at each point."""
    active = np.maximum(np.outer(z, hinges.slope) + hinges.offset, 0.0)
    rounding: FloatArray = (active @ abs(hinges.weight)).max(axis=1, initial=0.0) * FLOAT32_EPSILON
    return rounding


def _steps(
    z: FloatArray, outputs: FloatArray, tolerance: float, close: bool, ramp: float
) -> Piecewise:
    changes = (outputs[1:] != outputs[:-1]).any(axis=1).nonzero()[0]
    if changes.size == 0:
        empty = np.zeros(0)
        return Piecewise(empty, empty, np.zeros((0, outputs.shape[1])), outputs[0])
    jumps = outputs[changes + 1] - outputs[changes]
    if not close and _least_error(z, changes, abs(jumps), ramp) > tolerance:
        raise MarginError(f"{len(changes)} steps would add up an error above {tolerance:.1e}")
    steps, pivot = steps_between(z, changes, ramp)
    jumps = np.where(steps.rising[:, None], jumps, -jumps)
    reach = (_active_terms if close else _ends)(steps, z)
    error = 2 * FLOAT32_EPSILON * float((reach @ abs(jumps)).max(initial=0.0))
    if error > tolerance:
        raise MarginError(_too_many(z, changes, error))
    return Piecewise(
        slope=np.concatenate([steps.slope, steps.slope]),
        offset=np.concatenate([steps.offset, steps.offset - 1.0]),
        weight=np.concatenate([jumps, -jumps]),
        bias=outputs[pivot],
    )


def _least_error(z: FloatArray, changes: NDArray[np.intp], jumps: FloatArray, ramp: float) -> float:
    """What steps round at least by their ends, told before they are made.

    A step is 1/2 in the middle of its gap, whichever way it goes.
    """
    low, high = z[changes], z[changes + 1]
    middle = (low + high) / 2
    far = np.maximum(z[-1] - middle, middle - z[0]) / (ramp * (high - low)) - 0.5
    return 2 * FLOAT32_EPSILON * float((far @ jumps).max(initial=0.0)) * (1.0 - SLACK)


def _ends(steps: Steps, z: FloatArray) -> FloatArray:
    """The largest pre-activation of each step, on whichever side."""
    reach: FloatArray = abs(steps.slope[:, None] * z[[0, -1]] + steps.offset[:, None]).max(axis=1)
    return reach


def _active_terms(steps: Steps, z: FloatArray) -> FloatArray:
    """The largest term of each step's sum where the step is on; where it is off it is exactly 0.

    It is on from its threshold to the last point if it rises, to the first if it falls.
    """
    threshold = abs(steps.offset / steps.slope)
    far = np.where(steps.rising, abs(z[-1]), abs(z[0]))
    terms: FloatArray = abs(steps.slope) * np.maximum(threshold, far)
    return terms


def _too_many(z: FloatArray, changes: NDArray[np.intp], error: float) -> str:
    tight = int(changes[np.argmin(z[changes + 1] - z[changes])])
    return (
        f"{len(changes)} steps, the steepest between {float(z[tight]):.6g} and "
        f"{float(z[tight + 1]):.6g}, would add up an error of {error:.1e} in float32"
    )
