"""The scale by which a norm multiplies what it reads: an interval, and a constant at BOS."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from numpy.typing import NDArray

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float


@dataclass(frozen=True, slots=True)
class Scale:
    """What one norm of a host multiplies by.

    Attributes:
        low: The least at positions after BOS.
        high: The most there.
        bos: The scale at BOS.
    """

    low: float
    high: float
    bos: float

    @property
    def middle(self) -> float:
        """The scale that weights are made for."""
        return math.sqrt(self.low * self.high)

    @property
    def least(self) -> float:
        """The least, as a multiple of that."""
        return self.low / self.middle

    @property
    def most(self) -> float:
        """The most, as a multiple of that."""
        return self.high / self.middle

    @property
    def at_bos(self) -> float:
        """The scale at BOS, as a multiple of that."""
        return self.bos / self.middle

    @property
    def ratio(self) -> float:
        """How far the ends are apart."""
        return self.high / self.low

    def widened(self, factor: float) -> Scale:
        """The same with ends that are further apart, each by a factor."""
        return Scale(self.low / factor, self.high * factor, self.bos)


def measured(scales: Float[NDArray[np.float64], "batch seq"]) -> Scale:
    """The interval of some scales, BOS at position 0."""
    after = scales[:, 1:]
    return Scale(float(after.min()), float(after.max()), float(scales[:, 0].mean()))
