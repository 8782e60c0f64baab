"""Piecewise-linear functions of one number by ReLUs, through given points.

Two constructions: *hinges* interpolate between consecutive points, one neuron a change of
slope; *steps* are flat around every point and jump between them, two neurons a jump, and
so tolerate noise in the argument. The cheaper one that float32 carries is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.craft.numerics import FLOAT32_EPSILON, MarginError, Steps, steps_between
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float

HINGE_ERROR = 1e-5
"""Largest error of the interpolation that is accepted: a tenth of what a number may be off by, of
which other parts need some as well."""

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

MAX_HINGES = 512
"""Points beyond which only steps are considered: the errors of so many changes of slope add up to
more than is accepted as a rule."""


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
    exact: bool,
    tolerance: float = JUMP_ERROR,
    close: bool = False,
) -> Piecewise:
    """The smallest construction through the points that keeps its margin.

    Args:
        z: Shape [points], increasing.
        outputs: Shape [points, outputs].
        exact: Whether arguments are sums of one-hots, free of noise.
        tolerance: Largest rounding error of all steps together.
        close: Bound that error closely, for what has no other construction.

    Raises:
        MarginError: If two points with different outputs are too close for float32.
    """
    changes = np.flatnonzero((outputs[1:] != outputs[:-1]).any(axis=1))
    if changes.size == 0:
        empty = np.zeros(0)
        return Piecewise(empty, empty, np.zeros((0, outputs.shape[1])), outputs[0])
    made = []
    if exact and z.size <= MAX_HINGES:
        made = [h for h in _hinges(z, outputs) if _hinge_error(h, z) <= HINGE_ERROR]
    try:
        made.append(_steps(z, outputs, changes, tolerance, close))
    except MarginError:
        if not made:
            raise
    return min(made, key=lambda candidate: candidate.neurons)


def _hinges(z: FloatArray, outputs: FloatArray) -> list[Piecewise]:
    """Interpolations from a pivot to both sides: the first point, the last, the middle."""
    slopes = (outputs[1:] - outputs[:-1]) / (z[1:] - z[:-1])[:, None]
    pivots = dict.fromkeys((0, z.size // 2, z.size - 1))
    return [_hinges_from(z, outputs, slopes, pivot) for pivot in pivots]


def _hinges_from(z: FloatArray, outputs: FloatArray, slopes: FloatArray, pivot: int) -> Piecewise:
    right, left = slopes[pivot:], slopes[:pivot][::-1]
    right_change = np.diff(right, axis=0, prepend=np.zeros((1, outputs.shape[1])))
    left_change = np.diff(left, axis=0, prepend=np.zeros((1, outputs.shape[1])))
    right_at, left_at = z[pivot:-1], z[1 : pivot + 1][::-1]
    keep_right, keep_left = right_change.any(axis=1), left_change.any(axis=1)
    ones = np.ones(keep_right.sum()), np.ones(keep_left.sum())
    return Piecewise(
        slope=np.concatenate([ones[0], -ones[1]]),
        offset=np.concatenate([-right_at[keep_right], left_at[keep_left]]),
        weight=np.concatenate([right_change[keep_right], -left_change[keep_left]]),
        bias=outputs[pivot],
    )


def _hinge_error(hinges: Piecewise, z: FloatArray) -> float:
    """Rounding of every active neuron, and the argument's noise times the slope."""
    noise = 4 * FLOAT32_EPSILON * abs(z).max()
    active = np.maximum(np.outer(z, hinges.slope) + hinges.offset, 0.0)
    rounding = (active @ abs(hinges.weight)).max(initial=0.0) * FLOAT32_EPSILON
    local = ((active > 0) * hinges.slope) @ hinges.weight
    return float(rounding + noise * abs(local).max(initial=0.0))


def _steps(
    z: FloatArray, outputs: FloatArray, changes: NDArray[np.intp], tolerance: float, close: bool
) -> Piecewise:
    steps, pivot = steps_between([float(x) for x in z], [int(i) for i in changes])
    jumps = outputs[changes + 1] - outputs[changes]
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
