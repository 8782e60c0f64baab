"""How fast functions of one number rise between points, and what that makes of its noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optitracr.craft.spaces import FloatArray

SLACK = 1e-6
"""Share of an error by which a bound on it may be passed that is summed up in another order: far
more than what float64 rounds."""


def slopes_of(z: FloatArray, outputs: FloatArray) -> FloatArray:
    """Shape [..., points - 1, outputs]: how fast each output rises between points."""
    rises, gaps = outputs[..., 1:, :] - outputs[..., :-1, :], z[..., 1:] - z[..., :-1]
    slopes: FloatArray = rises / gaps[..., None]
    return slopes


def are_gentle(slopes: FloatArray, noise: FloatArray, allowed: FloatArray) -> NDArray[np.bool_]:
    """Shape [..., points - 1]: where neither end is off by too much for the noise there."""
    steep, most = abs(slopes).max(axis=-1), allowed * (1 + SLACK)
    gentle: NDArray[np.bool_] = noise[..., :-1] * steep <= most[..., :-1]
    gentle &= noise[..., 1:] * steep <= most[..., 1:]
    return gentle


def with_leaps(
    slopes: FloatArray, gentle: NDArray[np.bool_], gaps: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Slopes that go on where it would be too steep, from before or else from after; and jumps."""
    place = np.where(gentle, np.arange(gentle.shape[-1]), -1)
    last = np.maximum.accumulate(place, axis=-1)
    last = np.where(last < 0, gentle.argmax(axis=-1)[..., None], last)
    going = np.take_along_axis(slopes, last[..., None], axis=-2)
    return going, (slopes - going) * gaps[..., None]


def passed_on(slopes: FloatArray, noise: FloatArray) -> FloatArray:
    """What each point's output is off by, for the noise of its argument, by the steeper side."""
    between = abs(slopes).max(axis=-1)
    steep = np.zeros(noise.shape)
    steep[..., 1:] = between
    np.maximum(steep[..., :-1], between, out=steep[..., :-1])
    passed: FloatArray = noise * steep
    return passed
