"""What a transformer makes of what its components read and write, beside what float32 rounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from optitracr.craft.spaces import FloatArray

Bend = Callable[[FloatArray, FloatArray], FloatArray]
"""By how much neurons give something else than ReLU: of pre-activations [rows, neurons], given the
largest weight of each neuron, [neurons]."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """A transformer, as far as components are right or wrong in it.

    Attributes:
        read_error: By what part of itself all that is read may be too large, or too small.
        bend: What neurons give besides ReLU; None for nothing.
        remains: Whether it counts what neurons leave of what they erase, as it was below zero: of
            noise, and at BOS. It seldom is where anybody minds, and most plans are right that bear
            none of it.
    """

    read_error: float = 0.0
    bend: Bend | None = None
    remains: bool = False


PLAIN = Carrier()
"""A transformer without norms, of ReLU."""

WARY = Carrier(remains=True)
"""The same, where a model turned out to be wrong for what had been taken not to matter."""
