"""Coldness and slopes, computed from the margins they have to keep in float32."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.craft.spaces import FloatArray
from optitracr.rounding import ATTENTION_LEAK

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

FLOAT32_EPSILON = 2.0**-23
"""Distance from 1 to the next float32: its fraction has 23 bits."""

INPUT_ERROR = 32 * FLOAT32_EPSILON
"""Relative error that the numbers in the residual stream are assumed to have at most: some thirty
roundings, of which a sum or a mean of a few takes fewer."""

STEP_ERROR = 2.0**-10
"""Largest rounding error of one step that is accepted: a fiftieth of what a one-hot dimension may
be off by, so that many steps may add up."""


RAMP = 0.5
"""Part of the gap between two values that a step's ramp fills: a quarter on either side is left to
the noise of the values."""


class MarginError(ArithmeticError):
    """Two values are closer than float32 can keep apart."""


def coldness(positions: int) -> float:
    """Logit that separates selected from not selected, BOS standing half-way.

    With logits c, c/2 and 0 for selected, BOS and not selected, the attention that leaks
    is at most positions * exp(-c/2); c is the least that keeps it below ATTENTION_LEAK.
    """
    return 2.0 * (math.log(max(positions, 1)) - math.log(ATTENTION_LEAK))


def bos_logit(selected: float, coldness: float, attended: bool) -> float:
    """The logit that a head gives BOS, from that of a key that it selects.

    Args:
        selected: What all conditions of the head add up to at a selected key; at any other they
            add up to less by `coldness` at least.
        coldness: What separates the two.
        attended: Whether BOS is attended like a selected key, as a head does that counts; if
            not, it stands half-way, for queries that select nothing.
    """
    return selected if attended else selected - coldness / 2


@dataclass(frozen=True, slots=True)
class Steps:
    """Neuron pairs that turn a number into 0/1 steps at thresholds.

    A rising pair gives 0 below its threshold and 1 above; a falling pair the reverse. Each
    is relu(z) - relu(z - 1) with a slope of its own, so that its ramp fills the middle half
    of the gap between the two values that it separates.

    Attributes:
        slope: Shape [steps], negative for falling pairs.
        offset: Shape [steps]; z = slope * x + offset.
        rising: Shape [steps].
    """

    slope: Float[FloatArray, " steps"]
    offset: Float[FloatArray, " steps"]
    rising: Bool[NDArray[np.bool_], " steps"]


def steps_between(
    values: Sequence[float] | FloatArray,
    changes: Sequence[int] | NDArray[np.intp],
    ramp: float = RAMP,
) -> tuple[Steps, int]:
    """Steps at the gaps between consecutive values where an output changes.

    Gaps below a pivot value are served by falling steps and those above by rising ones;
    the pivot is where the worst rounding error is least: a pair that is off has exactly
    zero activations, one that is on has an error proportional to its argument.

    Args:
        values: Sorted numbers.
        changes: Indices i for which the gap from values[i] to values[i + 1] gets a step.
        ramp: Part of each gap that the ramp fills, in its middle.

    Returns:
        The steps, and the index of the pivot value.

    Raises:
        MarginError: If a gap is too small for float32.
    """
    x = np.asarray(values, dtype=np.float64)
    at = np.asarray(changes, dtype=np.intp)
    if at.size == 0:
        return Steps(np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool)), 0
    low, high = x[at], x[at + 1]
    gap = high - low
    beside = gap * (1.0 - ramp) / 2
    _check_gaps(low, high, beside)
    slope = 1.0 / (ramp * gap)
    rising_cost = slope * (x[-1] - low)
    falling_cost = slope * (high - x[0])
    costs, rising_most = np.zeros(at.size + 1), np.zeros(at.size + 1)
    np.maximum.accumulate(falling_cost, out=costs[1:])
    np.maximum.accumulate(rising_cost[::-1], out=rising_most[-2::-1])
    np.maximum(costs, rising_most, out=costs)
    split = int(costs.argmin())
    error = costs[split] * FLOAT32_EPSILON
    if error > STEP_ERROR:
        tight = int(np.argmin(gap))
        raise MarginError(_too_close(low[tight], high[tight]))
    rising = np.arange(at.size) >= split
    offset = np.where(rising, -slope * (low + beside), slope * (high - beside))
    pivot = int(at[split]) if split < at.size else len(values) - 1
    return Steps(np.where(rising, slope, -slope), offset, rising), pivot


def _check_gaps(low: FloatArray, high: FloatArray, beside: FloatArray) -> None:
    scale = np.maximum(np.maximum(abs(low), abs(high)), FLOAT32_EPSILON)
    bad = (beside < INPUT_ERROR * scale).nonzero()[0]
    if bad.size:
        raise MarginError(_too_close(low[bad[0]], high[bad[0]]))


def _too_close(low: float, high: float) -> str:
    return f"the values {float(low)!r} and {float(high)!r} are closer than float32 can keep apart"
