"""What neurons of other activations than ReLU give, within bounds for float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.architectures.activations import given
from optitracr.architectures.architecture import Activation
from optitracr.checking.proof.bounded import UNIT, Bounded, FloatArray

if TYPE_CHECKING:
    from jaxtyping import Bool


@dataclass(frozen=True, slots=True)
class Shape:
    """How far an activation is from ReLU, and how it is computed.

    Attributes:
        far: Beyond it, in either direction, there is nothing but ReLU to speak of.
        tail: By how much real numbers differ from ReLU there at most.
        slope: Its steepest slope.
        rounding: Roundings of what it gives, as a part of its pre-activation.
    """

    far: float
    tail: float
    slope: float
    rounding: float


SHAPES = {
    Activation.RELU: Shape(0.0, 0.0, 1.0, 0.0),
    Activation.GELU: Shape(7.0, 1e-10, 1.13, 16.0),
    Activation.GELU_NEW: Shape(7.0, 1e-10, 1.13, 16.0),
    Activation.SILU: Shape(15.0, 5e-6, 1.1, 16.0),
}
"""Assumed are an exponential within 8 units in the last place, and a hyperbolic tangent and an
error function within as many, which are 1 and -1 where real ones are within 2^-30 of that."""


FAR_ROUNDING = 4.0
"""Roundings where the exponential, or what a hyperbolic tangent has to 1, is so small that its own
show no longer: of a sum with 1, of the quotient, and of one or two products."""


@dataclass(frozen=True, slots=True, eq=False)
class Fired:
    """What neurons give.

    Attributes:
        hidden: Within bounds that hold but for what is off in the stream.
        on: Which neurons are what they read, whatever that is off by.
        off: Which are zero.
    """

    hidden: Bounded
    on: Bool[NDArray[np.bool_], "rows neurons"]
    off: Bool[NDArray[np.bool_], "rows neurons"]


def fired(activation: Activation, before: Bounded, wide: FloatArray) -> Fired:
    """What neurons give for pre-activations.

    Args:
        activation: Of the neurons.
        before: Their pre-activations, [rows, neurons].
        wide: By how much these may be off besides, by what is off in the stream.
    """
    shape = SHAPES[activation]
    reach = before.error + wide
    on, off = before.center - reach > shape.far, before.center + reach <= -shape.far
    real = given(activation, before.center)
    size = np.abs(before.center)
    rounded = UNIT * np.where(size > shape.far, FAR_ROUNDING, shape.rounding) * size
    error = shape.slope * before.error + shape.tail + rounded
    return Fired(Bounded(np.where(off, 0.0, real), np.where(off, shape.tail, error)), on, off)
