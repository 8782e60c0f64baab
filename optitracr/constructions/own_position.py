"""How a position attends to itself, as a head does that takes away what is there.

A position is told by a point, such as that of a circle, whose product with itself exceeds that with
any other; or by two numbers, a power of a base that rises with the position and one that falls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optitracr.constructions.powers import KEY_BITS
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True, slots=True)
class OwnPosition:
    """Logits (numbers @ query + bias) @ (numbers @ key).T, where BOS is the last number.

    Attributes:
        query: Shape [numbers, inner].
        bias: Shape [inner].
        key: Shape [numbers, inner].
    """

    query: Float[FloatArray, "numbers inner"]
    bias: Float[FloatArray, " inner"]
    key: Float[FloatArray, "numbers inner"]


def by_point(points: Float[FloatArray, "positions numbers"], cold: float) -> OwnPosition:
    """By a point of which the product with itself is the largest.

    Args:
        points: Of BOS and of each position.
        cold: Logits between the own position and any other.
    """
    products = points @ points.T
    own = np.diag(products)[1:].copy()
    np.fill_diagonal(products, -np.inf)
    gap = float((own - products[1:].max(axis=1)).min())
    identity = np.eye(points.shape[1] + 1)
    return OwnPosition(identity * (cold / gap), np.zeros(len(identity)), identity)


def by_powers(
    up: Float[FloatArray, " positions"], down: Float[FloatArray, " positions"], cold: float
) -> OwnPosition | None:
    """By two powers, whose sum of products across is the least with itself.

    Of B^p and B^-p that is B^(p - q) + B^(q - p), which is 2 for p = q and B or more elsewhere.

    Args:
        up: Of each position, in rising powers of a base, the least of which may be zero.
        down: Of each, in falling powers of it.
        cold: Logits between the own position, or BOS for itself, and any other.

    Returns:
        None if they are no such powers, or of too many sizes for float32.
    """
    products = np.outer(up, down) + np.outer(down, up)
    own = np.diag(products).copy()
    np.fill_diagonal(products, np.inf)
    gap = float((products.min(axis=0) - own).min())
    if gap <= 0.0 or own.max() > gap:
        return None
    factor = cold / gap
    on_keys = min(KEY_BITS, int(np.log2(factor)) // 2)
    if factor * 2.0**-on_keys * max(up.max(), down.max()) > 2.0**KEY_BITS:
        return None
    query, key = np.zeros((3, 3)), np.eye(3)
    key[:2] *= 2.0**on_keys
    query[1, 0] = query[0, 1] = -factor * 2.0**-on_keys
    below = factor * float(own.max()) + cold
    query[2, 2] = below + cold
    return OwnPosition(query, np.array([0.0, 0.0, -below]), key)
