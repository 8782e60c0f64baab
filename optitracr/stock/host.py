"""An empty host: columns that hold a constant, beside which the norm sees nothing.

The stream of a compiled model is small: ones and noughts, counts, points of circles. A constant C
in columns of its own, thousands of times larger, makes the norm divide by nearly the same number
everywhere: by sqrt(2 C^2 + |x|^2) over the root of the width, of which |x|^2 / (4 C^2) is all that
depends on the input. The gains multiply with that number, so that every reader has what the stream
holds, times a factor within that of 1.

- LayerNorm takes the mean off first. The constant stands in two columns, with both signs, so that
  it has none; and the weights of every reader sum to zero, by columns that are always zero: then
  the mean, and however it was rounded, is the same number in all that they read and cancels.
- RMSNorm takes no mean off. One column is enough, and is read where there are no biases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optitracr.architectures.activations import LEAST_FACTOR
from optitracr.architectures.architecture import LARGEST_GAIN, Architecture, Norm
from optitracr.craft.spaces import FloatArray
from optitracr.stock.weights import Affine

if TYPE_CHECKING:
    from jaxtyping import Float

ROUNDING = 2.0**-20
"""By what part of itself the largest gain is not reached, so that rounding does not pass it."""


LARGEST = 8.0 * (1 + 2.0**-4)
"""Of what a column of the guest holds, as it lies there: it then adds to the norm what eight by
eight columns of ones would, and what stands besides where the output reads a constant."""

LOUDEST, LOUD = 2.0 * LARGEST, 6.0 / LARGEST_GAIN
"""Of what a column holds while positions are counted in it, at most, and by what part of the
constant: as much moves the norm's scale by some 2e-5, and proofs follow it up to 3e-5."""

CONSTANT = 16.0
"""What the column of the constant is read as where there are no biases: these are up to some ten
times as large as weights, and the largest weight is of both."""


@dataclass(frozen=True, slots=True)
class EmptyHost:
    """Where the stream of a compiled model lies in a wider one.

    Attributes:
        architecture: What the stream is read through.
        guest: Columns of the compiled model, which come first.
        width: All columns.
        amplitude: The constant, C.
    """

    architecture: Architecture
    guest: int
    width: int
    amplitude: float

    @classmethod
    def of(cls, architecture: Architecture, guest: int, width: int) -> EmptyHost:
        """The host whose gains are as large as the architecture allows.

        Args:
            architecture: What the stream is read through.
            guest: Columns of the compiled model.
            width: All columns; at least `BESIDE` more.
        """
        columns = {Norm.NONE: 0, Norm.LAYER_NORM: 2, Norm.RMS_NORM: 1}[architecture.norm]
        gain = architecture.largest_gain * (1.0 - ROUNDING)
        amplitude = gain * math.sqrt(width / columns) if columns else 0.0
        return cls(architecture, guest, width, amplitude)

    @property
    def loudest(self) -> float:
        """What a column may hold to count in: as large as a number, and not as loud as is seen."""
        return min(LOUDEST, LOUD * self.amplitude) if self.amplitude else LOUDEST

    @property
    def steepest(self) -> float:
        """The slope of a step that has weights as large as they may be."""
        return self.architecture.largest_weight / 2.0 ** LEAST_FACTOR[self.architecture.activation]

    @property
    def constant(self) -> Float[FloatArray, " width"]:
        """What every position holds besides, [width]."""
        row = np.zeros(self.width)
        match self.architecture.norm:
            case Norm.LAYER_NORM:
                row[self.guest : self.guest + 2] = self.amplitude, -self.amplitude
            case Norm.RMS_NORM:
                row[self.guest] = self.amplitude
            case Norm.NONE:
                pass
        return row

    @property
    def gain(self) -> Float[FloatArray, " width"]:
        """Of each norm: what the guest holds is read as it is, the constant as 1 or `CONSTANT`."""
        scale = float(np.sqrt((self.constant**2).mean())) or 1.0
        row = np.full(self.width, scale)
        match self.architecture.norm:
            case Norm.LAYER_NORM:
                row[self.guest : self.guest + 2] = scale / self.amplitude
            case Norm.RMS_NORM:
                row[self.guest] = CONSTANT * scale / self.amplitude
            case Norm.NONE:
                pass
        return row

    def deviation(self, energy: float) -> float:
        """By what part of itself what is read is too small, at most.

        Args:
            energy: The sum of the squares of what the guest holds at a position, at most.
        """
        whole = float((self.constant**2).sum())
        return 0.0 if whole == 0.0 else 1.0 - 1.0 / math.sqrt(1.0 + energy / whole)

    def read(
        self, w: Float[FloatArray, "guest outputs"], b: Float[FloatArray, " outputs"]
    ) -> Affine:
        """A linear map of what the guest holds, as one of what the norm gives.

        Args:
            w: Weights over the guest's columns.
            b: A bias, which the constant column gives where the architecture has none.
        """
        wide = np.zeros((self.width, w.shape[1]))
        wide[: self.guest] = w
        if self.architecture.norm is Norm.LAYER_NORM:
            zeros = slice(self.guest + 2, self.width)
            wide[zeros] = -w.sum(axis=0) / (self.width - self.guest - 2)
        if self.architecture.biases:
            return Affine(wide, np.array(b, dtype=np.float64))
        wide[self.guest] = b / CONSTANT
        return Affine(wide, np.zeros(w.shape[1]))

    def bounded(self, part: Affine) -> Affine:
        """A map of what the norm gives; what is beyond the largest bias is read from the constant.

        Args:
            part: The map, which is changed.
        """
        if self.architecture.norm is not Norm.LAYER_NORM or not self.architecture.biases:
            return part
        most = self.architecture.largest_weight
        own = np.clip(part.b, -most, most)
        part.w[self.guest] += (part.b - own) / 2
        part.w[self.guest + 1] -= (part.b - own) / 2
        return Affine(part.w, own)

    def written(self, w: Float[FloatArray, "inputs guest"]) -> Float[FloatArray, "inputs width"]:
        """What is written to the guest's columns, as one of all."""
        wide = np.zeros((w.shape[0], self.width))
        wide[:, : self.guest] = w
        return wide
