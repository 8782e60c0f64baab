"""Heads of a compiled model as those of a stock one: of another size, and turned by position."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.architectures.stream import TURNED_EACH
from optitracr.craft.spaces import FloatArray
from optitracr.stock.host import EmptyHost
from optitracr.stock.weights import Affine

if TYPE_CHECKING:
    from jaxtyping import Float

SLOW = 9.0
"""Powers of ten by which a rotary pair that is used turns more slowly than one radian a position:
at a hundred positions 1e-7 of what a query reads leaks into the other half of its pair, as much as
float32 rounds off."""

LARGEST_BASE = TURNED_EACH * SLOW
"""The largest base, in powers of ten, is 36: float32 ends at 38."""


@dataclass(frozen=True, slots=True, eq=False)
class PlainHead:
    """One head over the columns of a compiled model, whose logits are divided by nothing.

    Attributes:
        query: To [inner].
        key: To [inner].
        value: To [inner].
        out: Shape [inner, guest].
    """

    query: Affine
    key: Affine
    value: Affine
    out: Float[FloatArray, "inner guest"]


@dataclass(frozen=True, slots=True, eq=False)
class HeadSpace:
    """The dimensions of a stock head.

    Attributes:
        size: Their number.
        slots: Those that queries and keys use, [inner].
        rotary_base: Of the frequencies; 0 where positions are learned.
    """

    size: int
    slots: NDArray[np.intp]
    rotary_base: float = 0.0


def learned_space(inner: int, size: int) -> HeadSpace:
    """Heads that are not turned.

    Args:
        inner: Dimensions that a compiled head needs.
        size: Dimensions that it gets.
    """
    return HeadSpace(size, np.arange(inner))


def rotary_space(inner: int, size: int) -> HeadSpace:
    """Heads of which a compiled one uses the dimensions that are turned slowly.

    Pair j of P turns by base^(-j/P) radians a position. Its dimensions are j and j + P, as in
    Llama.

    Args:
        inner: Dimensions that a compiled head needs.
        size: Dimensions that it gets, an even number; `Stock.head_size` says how many at least.
    """
    pairs = size // 2
    fast = _fast(pairs)
    slow = np.arange(fast, pairs)
    slots = np.concatenate([slow, slow + pairs])[:inner]
    return HeadSpace(size, slots, 10.0 ** (SLOW * pairs / fast))


def _fast(pairs: int) -> int:
    """The pairs that turn too fast."""
    return -(-pairs // TURNED_EACH)


def lowered_head(head: PlainHead, host: EmptyHost, space: HeadSpace) -> tuple[Affine, ...]:
    """Query, key and value [width, size], and what the head writes [size, width].

    Queries and keys are scaled against each other by a power of two, so that neither has weights
    larger than the other by much; values and what is written alike.
    """
    query, key = (host.read(part.w, part.b) for part in (head.query, head.key))
    query = scaled(query, math.sqrt(space.size))
    query, key = map(host.bounded, balanced(query, key))
    value, out = host.read(head.value.w, head.value.b), host.written(head.out)
    value, written = balanced(value, Affine(out, np.zeros(0)))
    inner = head.query.w.shape[1]
    placed = [_placed(part, space.slots, space.size) for part in (query, key)]
    stored = np.zeros((space.size, host.width))
    stored[:inner] = written.w
    value = _placed(value, np.arange(inner), space.size)
    return (*placed, value, Affine(stored, np.zeros(host.width)))


def _placed(part: Affine, slots: NDArray[np.intp], size: int) -> Affine:
    w, b = np.zeros((part.w.shape[0], size)), np.zeros(size)
    w[:, slots], b[slots] = part.w, part.b
    return Affine(w, b)


def scaled(part: Affine, factor: float | FloatArray) -> Affine:
    """A linear map times a factor, or one for each output."""
    return Affine(part.w * factor, part.b * factor)


def balanced(first: Affine, second: Affine) -> tuple[Affine, Affine]:
    """Two maps whose product counts, with weights of one size as far as powers of two go."""
    factor = balance(largest(first), largest(second))
    return scaled(first, factor), scaled(second, 1 / factor)


def balance(first: float, second: float) -> float:
    """The power of two by which the first of two sizes is multiplied, and the second divided."""
    if first == 0.0 or second == 0.0:
        return 1.0
    return float(2.0 ** round(math.log2(second / first) / 2))


def largest(part: Affine) -> float:
    """The largest absolute value of a weight or bias."""
    return float(max(np.abs(part.w).max(initial=0.0), np.abs(part.b).max(initial=0.0)))
