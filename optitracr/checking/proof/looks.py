"""Where the queries of heads look, by logits within bounds for float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.bounded import SLACK, TINY, UNIT, Bounded, FloatArray, gamma

if TYPE_CHECKING:
    from jaxtyping import Float

EXPONENTIAL = 16 * UNIT
"""Relative error of an exponential: 8 units in the last place, each two rounding errors at most."""

SCALING = 1
"""Operations on each term of a logit beside its product and its sum: queries are scaled, or the sum
is. That the root of the head size is rounded scales all logits of a query alike."""

SMALL = 2.0**-40
"""Weight of a key beyond which rounding counts it as a summand: a 65,000th of what rounds a weight
of one is rounded by."""

ALIKE = 4
"""Rounding errors of logits' differences: the scale of all of them, its reciprocal, the difference
from the largest one."""

GONE = 100.0
"""How far a logit may be below the largest one, whatever both are off by, so that its weight is
below 2^-126, of which all may be lost or that much gained."""

UNEVEN = 64.0
"""How far a logit may be off so that weights have a bound: beyond it the weight of a key may be
anything, and numbers that are multiplied with zero weights would hide it."""


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Where each query looks.

    Attributes:
        weights: Shape [batch, heads, query, key]; as real numbers make them.
        off: By how much of itself each may be off.
        uneven: The root of the mean square of what is off in them by logits and exponentials, as
            far as it moves a mean by a standard deviation, [batch, heads, query, 1].
        terms: How many keys a query sees, [batch, 1, query, 1].
        large: How many of them weigh more than `SMALL`, [batch, heads, query, 1]. A number that is
            added to a larger one is rounded off by its own size at most, so that the others count
            with that.
    """

    weights: Float[FloatArray, "batch heads query key"]
    off: Float[FloatArray, "batch heads query key"]
    uneven: Float[FloatArray, "batch heads query 1"]
    terms: Float[FloatArray, "batch 1 #query 1"]
    large: Float[FloatArray, "batch heads query 1"]


def logits(size: int, query: Bounded, key: Bounded) -> tuple[FloatArray, FloatArray]:
    """What queries and keys come to, [..., queries, keys], and how far each is off.

    That the root of the head size is rounded is left out: it scales all logits alike.

    Args:
        size: The head size.
        query: Shape [..., queries, columns].
        key: Shape [..., keys, columns].
    """
    scale = float(np.float32(np.sqrt(max(size, 1))))
    keys, off_keys = key.center.swapaxes(-1, -2), key.error.swapaxes(-1, -2)
    most = np.abs(keys) + off_keys
    center = query.center @ keys / scale
    handed = np.zeros_like(center)
    if off_keys.any() or query.error.any():
        handed += (np.abs(query.center) @ off_keys + query.error @ most) / scale
    terms = float(query.center.shape[-1])
    rounding = gamma(terms + SCALING) + SLACK * terms
    return center, handed + rounding * (query.size @ most / scale) + TINY


def looks(size: int, query: Bounded, key: Bounded, mask: NDArray[np.bool_]) -> Looks:
    """Where queries look, by the logits and how far these are off.

    Args:
        size: The head size.
        query: Shape [batch, heads, query, columns].
        key: Shape [batch, heads, key, columns].
        mask: Which keys each query may see, [batch, 1, #query, key].
    """
    # Keys come first, as NumPy takes ten times as long over many short last axes.
    found, off = (_first(part) for part in logits(size, query, key))
    mask = _first(mask)
    found = np.where(mask, found, -np.inf)
    down = found - found.max(axis=0)
    with np.errstate(invalid="ignore"):
        seen = mask & ~_gone(down, off)
        widest = np.where(seen, off, 0.0).max(axis=0)
        near = ALIKE * UNIT * (np.abs(down) + off + widest)
        off = np.where(seen, off + near + EXPONENTIAL, 0.0)
        off = np.where(off <= UNEVEN, off, np.inf)
    weights = np.exp(down)
    weights = weights / weights.sum(axis=0)
    some = weights > 0.0
    terms = mask.sum(axis=0, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        large = ((weights > SMALL) & mask).sum(axis=0, dtype=np.float64)
        small = (SLACK + 2.0 * SMALL) * terms
        most = (weights * np.exp(off)).sum(axis=0)
        relative = np.expm1(off + np.log(most) + gamma(large + 2.0) + small)
        apart = np.where(some, np.expm1(off), 0.0)
        uneven = most * np.sqrt((weights * apart**2).sum(axis=0))
    relative = np.where(some, relative, 0.0)
    return Looks(
        _last(weights), _last(relative), uneven[..., None], terms[..., None], large[..., None]
    )


def _gone(down: FloatArray, off: FloatArray) -> NDArray[np.bool_]:
    """Which keys weigh nothing, by how far their logits are below the largest one."""
    largest = np.where(down == 0.0, off, 0.0).max(axis=0)
    near = ALIKE * UNIT * (np.abs(down) + off + largest)
    return np.asarray(down + off + largest + near <= -GONE)


def _first(numbers: NDArray[Any]) -> NDArray[Any]:
    """Numbers of keys, with these first."""
    return np.ascontiguousarray(np.moveaxis(numbers, -1, 0))


def _last(numbers: NDArray[Any]) -> NDArray[Any]:
    """Numbers of keys, with these last."""
    return np.ascontiguousarray(np.moveaxis(numbers, 0, -1))
