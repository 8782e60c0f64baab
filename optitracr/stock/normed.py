"""What readers behind a norm make of the residual stream, within bounds for float32.

The norm gives s g (x - m), where s is the inverse of a root mean square, g a gain, and m the mean,
or nothing. A reader's weights over that, times the gains and times what s is in an empty host, are
its weights over the stream. They sum to zero, so that the mean cancels; and s differs from what it
is in the empty host by a factor that is known for each row, up to what is off in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optitracr.architectures.architecture import Norm
from optitracr.checking.proof.attention import Port
from optitracr.checking.proof.bounded import SLACK, TINY, UNIT, Bounded, FloatArray, gamma
from optitracr.stock.forward import EPSILON
from optitracr.stock.lower import Lowered
from optitracr.stock.weights import Affine, single

if TYPE_CHECKING:
    from jaxtyping import Float

OPERATIONS = 6.0
"""Roundings of what the norm gives in each column: the mean is taken off, it is multiplied with the
scale and the gain, or these with each other first, and with a bias of zero added."""

ROOT = 4.0
"""Roundings of the scale besides the sum of squares: division, epsilon, root, and inverse."""


TURNING = 4.0
"""Roundings of a dimension that is turned: sine and cosine, two products and their sum."""

NEAR = 2.0**-14
"""By what part of itself a map of the stream may differ from that in an empty host: some hundred
times what it does. Where it differs by more, nothing is known of what it gives."""


@dataclass(frozen=True, slots=True, eq=False)
class Scales:
    """What the norm makes of each row.

    Attributes:
        factor: Its scale over that in the empty host, [rows, 1].
        off: By what part of itself that may be off, [rows, 1].
        centered: The row without the mean, [rows, width].
        size: The sizes of what is rounded, [rows, width].
        mean_off: By how much the mean may be off, [rows, 1].
    """

    factor: Float[FloatArray, "rows 1"]
    off: Float[FloatArray, "rows 1"]
    centered: Float[FloatArray, "rows width"]
    size: Float[FloatArray, "rows width"]
    mean_off: Float[FloatArray, "rows 1"]


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """Reads a stream through the norms of a stock transformer.

    Attributes:
        model: The transformer.
        empty: The scale in an empty host.
        turn: By what part of themselves rotary positions turn what queries and keys read, at most.
    """

    model: Lowered
    empty: float
    turn: float

    @classmethod
    def of(cls, model: Lowered) -> Reader:
        """That of a transformer."""
        constant, norm = model.host.constant, model.architecture.norm
        empty = 1.0 / np.sqrt((constant**2).mean() + EPSILON[norm])
        return cls(model, float(empty), _turn(model))

    def weights(self, gain: FloatArray, part: Affine) -> Affine:
        """A map of what the norm gives as one of the stream, in the empty host."""
        w, b, g = (single(x).astype(np.float64) for x in (part.w, part.b, gain))
        return Affine(self.empty * g[:, None] * w, b)

    def scales(self, rows: Bounded, apart: FloatArray | float = 0.0) -> Scales:
        """What the norm makes of rows.

        Args:
            rows: The rows, [rows, width].
            apart: By how much they may be off besides.
        """
        norm, width = self.model.architecture.norm, rows.center.shape[1]
        center, error = rows.center, rows.error + apart
        mean = np.zeros((len(center), 1))
        mean_off, size = np.zeros_like(mean), np.abs(center) + error
        if norm is Norm.LAYER_NORM:
            mean = center.mean(axis=1, keepdims=True)
            mean_off = error.mean(axis=1, keepdims=True)
            mean_off = mean_off + gamma(width + 1.0) * size.mean(axis=1, keepdims=True)
            size = size + np.abs(mean) + mean_off
        centered = center - mean
        square = (centered**2).mean(axis=1, keepdims=True)
        moved = 2.0 * (np.abs(centered) * (error + mean_off)).mean(axis=1, keepdims=True)
        moved += ((error + mean_off) ** 2).mean(axis=1, keepdims=True)
        relative = moved / square
        # Half of what is off in a square is off in its root; whoever updates mean and square
        # together, column by column, rounds twice as often.
        off = 0.5 * relative / (1.0 - np.minimum(relative, 0.5)) + gamma(width + 2.0) + ROOT * UNIT
        scale = 1.0 / np.sqrt(square + EPSILON[norm])
        return Scales(scale / self.empty, off, centered, size, mean_off)

    def shared(
        self, rows: Bounded, apart: FloatArray | float = 0.0
    ) -> Float[FloatArray, "rows width"]:
        """By how much what the norm gives may be off, the same for all that read it, [rows, width].

        Args:
            rows: The rows.
            apart: By how much they may be off besides.
        """
        scales = self.scales(rows, apart)
        rounded = scales.off + OPERATIONS * UNIT
        return np.asarray(scales.factor * (1.0 + scales.off) * scales.size * rounded)

    def read(
        self,
        part: Affine,
        rows: Bounded,
        apart: FloatArray | float = 0.0,
        turned: bool = False,
        shared: bool = False,
    ) -> Bounded:
        """What a map of the stream makes of rows, [rows, outputs].

        Args:
            part: As `weights` gives it.
            rows: The rows.
            apart: By how much they may be off besides. It counts where sums are rounded, and is not
                handed on but for how far this map is from that of an empty host.
            turned: Whether the result is turned by position.
            shared: Whether what the norm itself is off by is told apart, by `shared`.
        """
        scales, sizes = self.scales(rows, apart), np.abs(part.w)
        plain = scales.factor * (scales.centered @ part.w)
        mass = scales.factor * (1.0 + scales.off) * (scales.size @ sizes)
        terms = (part.w != 0.0).sum(axis=0) + 2.0
        error = (gamma(terms) + SLACK * terms) * mass
        if not shared:
            error += scales.off * (np.abs(plain) + UNIT * mass) + OPERATIONS * UNIT * mass
        error += gamma(2.0) * np.abs(part.b) + TINY
        error += scales.factor * scales.mean_off * np.abs(part.w.sum(axis=0))
        error += scales.factor * (1.0 + scales.off) * (rows.error @ sizes)
        error += NEAR * ((rows.error + apart) @ sizes)
        center = plain + part.b
        if turned:
            error += self.turn * (np.abs(center) + error).sum(axis=1, keepdims=True)
            error += TURNING * UNIT * (np.abs(center) + error)
        error = np.where(np.abs(scales.factor - 1.0) + scales.off > NEAR / 2, np.inf, error)
        return Bounded(center, error)

    def port(self, part: Port, rows: Bounded, apart: FloatArray | float) -> Bounded:
        """What a head's port makes of rows, [rows, heads, size]."""
        width, heads, size = part.weights.shape
        affine = Affine(part.weights.reshape(width, heads * size), part.bias.reshape(-1))
        found = self.read(affine, rows, apart, turned=self.turn > 0.0)
        shape = (-1, heads, size)
        return Bounded(found.center.reshape(shape), found.error.reshape(shape))


def _turn(model: Lowered) -> float:
    """The largest angle by which a dimension in use is turned at the last position."""
    base, size = model.weights.rotary_base, model.sizes.head_size
    if base == 0.0:
        return 0.0
    fastest = int((model.space.slots % (size // 2)).min())
    return float(model.sizes.positions * base ** (-2.0 * fastest / size)) * (1.0 + NEAR)
