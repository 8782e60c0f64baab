"""Numbers that float32 computes, within bounds that hold for every order of summation.

A sum of n products, added up in any order and with or without fused multiplication, is off by at
most gamma(n) times the sum of their sizes (Higham 2002, Accuracy and Stability of Numerical
Algorithms, section 3.1). Where every product is a multiple of one power of two, and all of them
together are below 2^24 of it, nothing is rounded at all, and the bound is zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

FloatArray = NDArray[np.float64]

UNIT = 2.0**-24
"""Largest relative error of one operation of float32, rounded to nearest."""

BITS = 24
"""Bits of float32's significand: whole multiples of a number up to 2^24 times it are exact."""

LOWEST = -126
"""Exponent of float32's smallest normal number. What is smaller may be set to zero."""

LARGEST = 2.0**44
"""Numbers up to which bounds are given: products of two, and sums of thousands of these, are far
below 2^128, where float32 ends, and below the logit of what is masked. Beyond it anything may
stand, infinity and NaN among it, and the bound is infinite."""

TINY = 2.0**-60
"""More than what is lost in a sum where float32 underflows: 2^LOWEST a number, with a weight up to
LARGEST, in up to a million terms."""

SLACK = 2.0**-48
"""Relative error allowed for the bounds' own arithmetic, which is float64's: 32 units of it, for
each term of a sum."""

SECOND_ORDER = 1.0 + 2.0**-12
"""For roundings of what was rounded: with up to some thousand operations on a term, each of
relative size 2^-24, they are that much of the first ones."""

LARGE, SPARSE = 1 << 14, 8
"""Numbers in a matrix from which on it is seen whether most are zero, and numbers for each that is
not from which on they are passed over: where that measured quicker."""

FRACTION_BITS, BIAS, EXPONENT = 52, 1023, 0x7FF
"""Of float64: the bits behind the point, what is added to exponents, and the bits of these."""

FRACTION = (1 << FRACTION_BITS) - 1
"""The bits behind the point, all set."""

NO_BITS = 1 << 20
"""Exponent of the lowest bit of zero, which is a multiple of every power of two."""


@dataclass(frozen=True, slots=True, eq=False)
class Bounded:
    """Numbers as float32 may compute them.

    Attributes:
        center: What they are near.
        error: How far off at most, in whatever order sums are added up.
    """

    center: FloatArray
    error: FloatArray

    @classmethod
    def exact(cls, numbers: NDArray[np.floating]) -> Bounded:
        """Numbers of float32 that are known."""
        center = np.asarray(numbers, dtype=np.float64)
        return cls(center, np.zeros_like(center))

    @property
    def size(self) -> FloatArray:
        """The largest absolute value that each may have."""
        return np.asarray(np.abs(self.center) + self.error)

    def __getitem__(self, part: Any) -> Bounded:
        return Bounded(self.center[part], self.error[part])


def gamma(terms: FloatArray | float) -> FloatArray:
    """By how much of its size a sum of products is off, with so many operations on each term."""
    count = np.asarray(terms, dtype=np.float64)
    return np.asarray(count * UNIT / np.maximum(1.0 - count * UNIT, UNIT))


def added(left: Bounded, right: Bounded, apart: FloatArray | float = 0.0) -> Bounded:
    """Sums of two numbers each.

    Args:
        left: The one.
        right: The other.
        apart: By how much the left one may be off besides. It counts where the sum is rounded,
            and is not handed on: whoever gives it follows it, in what is off on the right.
    """
    center = left.center + right.center
    error = left.error + right.error
    certain = (error == 0.0) & (apart == 0.0)
    known = certain & (center.astype(np.float32) == center) & _is_normal(center)
    zero = ((right.center == 0.0) & (right.error == 0.0)) | (
        (left.center == 0.0) & (left.error == 0.0) & (apart == 0.0)
    )
    unrounded = known | (zero & _is_normal(center))
    most = np.abs(center) + error
    rounding = np.where(unrounded, 0.0, (UNIT + SLACK) * most + TINY)
    return Bounded(center, limited(error + rounding, most))


def _is_normal(numbers: FloatArray) -> NDArray[np.bool_]:
    """Which numbers are zero, or so large that they are never set to zero."""
    return np.asarray((numbers == 0.0) | (np.abs(numbers) >= 2.0**LOWEST))


def limited(error: FloatArray, most: FloatArray) -> FloatArray:
    """What is off, without bound where numbers leave the range in which bounds hold."""
    return np.where(most <= LARGEST, error, np.inf)


def kept(before: Bounded, after: Bounded, out: Mapping[str, Any]) -> Bounded:
    """The stream after a sublayer, as it was where that writes nothing.

    Nothing is zero times a finite number; where numbers have no bound, it is not known to be that.

    Args:
        before: The stream before it, [rows, width].
        after: The stream after it.
        out: The sublayer's last linear map.
    """
    nothing = ~(np.asarray(out["w"]) != 0.0).any(axis=0) & (np.asarray(out["b"]) == 0.0)
    idle = nothing & np.isfinite(after.error)
    return Bounded(
        np.where(idle, before.center, after.center), np.where(idle, before.error, after.error)
    )


def positive(numbers: Bounded) -> Bounded:
    """What ReLU makes of numbers."""
    most = numbers.center + numbers.error
    center = np.maximum(numbers.center, 0.0)
    return Bounded(center, np.where(most <= 0.0, 0.0, np.minimum(numbers.error, most)))


def mapped(
    numbers: Bounded,
    weights: Float[NDArray[np.floating], "inputs outputs"],
    bias: Float[NDArray[np.floating], " outputs"] | None = None,
    apart: FloatArray | float = 0.0,
) -> Bounded:
    """What a linear map makes of numbers.

    Args:
        numbers: Shape [rows, inputs].
        weights: Shape [inputs, outputs], of float32.
        bias: Shape [outputs]; None for none.
        apart: By how much the numbers may be off besides, [rows, inputs]. It counts where sums
            are rounded, and is not handed on: whoever gives it follows it.
    """
    off = numbers.error
    return Factor(numbers.center, off + apart if np.any(apart) else off).mapped(weights, bias, off)


class Factor:
    """Numbers that linear maps are made of, and what they have in common for all of these."""

    def __init__(self, center: FloatArray, all_off: FloatArray, every: bool = False) -> None:
        """Prepares some numbers.

        Args:
            center: What they are near, [rows, inputs].
            all_off: How far off at most, all told.
            every: Whether those count that are zero for sure in all rows. These add nothing, unless
                they are multiplied with infinity or NaN.
        """
        self._all = center, all_off
        self._some = ((center != 0.0) | (all_off != 0.0) | every).any(axis=0)
        self.center, self.all_off = center[:, self._some], all_off[:, self._some]
        self.most = np.abs(self.center) + self.all_off

    @cached_property
    def lowest(self) -> NDArray[np.int64]:
        """The lowest bit of each input that is known in all rows, [inputs]."""
        known = (self.all_off == 0.0).all(axis=0)
        if not known.any():
            return np.full(len(known), -NO_BITS)
        return np.where(known, lowest_of_columns(self.center), -NO_BITS)

    @cached_property
    def rounded(self) -> list[FloatArray]:
        """Which numbers can be more than zero, and how large those whose products are rounded."""
        known = is_power(self.center) & (self.all_off == 0.0)
        return [(self.most != 0.0).astype(np.float64), np.where(known, 0.0, self.most)]

    @cached_property
    def is_off(self) -> bool:
        """Whether any is off."""
        return bool(self.all_off.any())

    def mapped(
        self,
        weights: Float[NDArray[np.floating], "inputs outputs"],
        bias: Float[NDArray[np.floating], " outputs"] | None,
        off: FloatArray,
        hands_on: Bool[NDArray[np.bool_], " outputs"] | None = None,
    ) -> Bounded:
        """What a linear map makes of them.

        Args:
            weights: Shape [inputs, outputs], of float32.
            bias: Shape [outputs]; None for none.
            off: How far off they are, as far as that is handed on, [rows, inputs].
            hands_on: The outputs that hand it on, [outputs]; None if all do.
        """
        if not (self._some | np.isfinite(weights).all(axis=1)).all():
            return Factor(*self._all, every=True).mapped(weights, bias, off, hands_on)
        matrix = np.asarray(np.asarray(weights)[self._some], dtype=np.float64)
        own = np.zeros(matrix.shape[1]) if bias is None else np.asarray(bias, dtype=np.float64)
        sizes = np.abs(matrix)
        left, masses = factors(matrix, self.center, self.most)
        found, mass = np.asarray(left @ matrix) + own, np.asarray(masses @ sizes) + np.abs(own)
        exact = self._exact_columns(matrix, own, mass)
        error = np.zeros_like(found)
        rough = np.flatnonzero(~exact)
        if rough.size:
            # What is never rounded reads nothing that is off: the others alone are looked at.
            matrix, sizes, own = matrix[:, rough], sizes[:, rough], own[rough]
            counts, plain = factors(matrix, *self.rounded)
            terms = np.asarray(counts @ (matrix != 0.0).astype(np.float64)) + (own != 0.0)
            products = np.asarray(plain @ np.where(is_power(matrix), 0.0, sizes))
            wide = product(self.all_off, sizes) if self.is_off else np.zeros_like(products)
            sums = Sums(mass[:, rough], terms, products, wide)
            handed = wide if off is self._all[1] else product(off[:, self._some], sizes)
            if hands_on is not None:
                handed = np.where(hands_on[rough], handed, 0.0)
            error[:, rough] = handed + sums.rounding(found[:, rough])
        return Bounded(found, limited(error, mass))

    def _exact_columns(
        self, matrix: FloatArray, bias: FloatArray, mass: FloatArray
    ) -> NDArray[np.bool_]:
        """Outputs whose sums are never rounded, whatever their order."""
        return unrounded(grid_of(self.lowest, matrix, bias), mass.max(axis=0, initial=0.0))


def factors(right: FloatArray, *lefts: FloatArray) -> list[Any]:
    """Matrices of one shape as left factors: without zeros, where these are most of what is large.

    Args:
        right: What is not finite where a right factor is not: zero times infinity is no number, and
            must not be passed over.
        lefts: The matrices.
    """
    shape, size = lefts[0].shape, lefts[0].size
    if size <= LARGE:
        return [*lefts]
    pattern = np.logical_or.reduce([each != 0.0 for each in lefts])
    if np.count_nonzero(pattern) * SPARSE >= size or not np.isfinite(right).all():
        return [*lefts]
    from scipy.sparse import csr_array

    rows, columns = places(pattern)
    starts = np.searchsorted(rows, np.arange(len(pattern) + 1))
    return [csr_array((each[rows, columns], columns, starts), shape=shape) for each in lefts]


def places(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of what holds in a matrix: NumPy's own takes five times as long."""
    return np.divmod(np.flatnonzero(mask), max(1, mask.shape[1]))


def product(left: FloatArray, right: FloatArray) -> FloatArray:
    """A product of matrices, of which the left one may be large and mostly zero."""
    (factor,) = factors(right, left)
    return np.asarray(factor @ right)


def passed_on(error: FloatArray, into: FloatArray, out: FloatArray) -> FloatArray:
    """What is off in rows x, once they are x + x @ into @ out: error @ |1 + into @ out|.

    Only columns that are read or written are multiplied, of which a wide stream has few.

    Args:
        error: By how much the rows are off, [rows, width].
        into: What is read, [width, rank].
        out: What is written, [rank, width].
    """
    read = np.flatnonzero(error.any(axis=0) & (into != 0.0).any(axis=1))
    found = error.copy()
    if not read.size:
        return found
    found[:, read] = 0.0
    columns = np.union1d(read, np.flatnonzero((out != 0.0).any(axis=0)))
    total = into[read] @ out[:, columns]
    total[np.arange(len(read)), np.searchsorted(columns, read)] += 1.0
    found[:, columns] += error[:, read] @ np.abs(total)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What bounds of sums of products are made of, sum by sum.

    Attributes:
        mass: The sizes of the products, and of what is added besides, together.
        terms: How many there are.
        products: The sizes of those that are rounded, together.
        wide: By how much what is off in the factors moves the sum.
    """

    mass: FloatArray
    terms: FloatArray
    products: FloatArray
    wide: FloatArray

    def rounding(self, center: FloatArray) -> FloatArray:
        """How far float32, and the arithmetic of the bounds themselves, is off.

        Args:
            center: The sums; not those that are never rounded.
        """
        # One addition rounds its result; of several, each rounds a part of the sum.
        once = UNIT * (np.abs(center) + self.wide)
        several = gamma(self.terms - 1.0) * self.mass
        added_up = np.where(self.terms > 2.0, several, np.where(self.terms == 2.0, once, 0.0))
        rounded = (UNIT * self.products + added_up) * SECOND_ORDER + TINY * (self.terms > 0.0)
        return np.asarray(rounded + SLACK * (self.terms + 1.0) * self.mass)


def is_power(numbers: FloatArray) -> NDArray[np.bool_]:
    """Which numbers are zero or a power of two, so that a product with them is exact."""
    return np.asarray(_bits(numbers) & FRACTION == 0)


def _bits(numbers: FloatArray) -> NDArray[np.int64]:
    """The bits of numbers of float64."""
    return np.ascontiguousarray(numbers, dtype=np.float64).view(np.int64)


def lowest_of_columns(numbers: FloatArray) -> NDArray[np.int64]:
    """The lowest bit that is set in any number of each column of a matrix."""
    if numbers.size <= LARGE:
        return np.asarray(lowest_bits(numbers).min(axis=0, initial=NO_BITS))
    found = np.full(numbers.shape[1], NO_BITS, dtype=np.int64)
    row, column = places(numbers != 0.0)
    np.minimum.at(found, column, lowest_bits(numbers[row, column]))
    return found


def grid_of(inputs: NDArray[np.int64], matrix: FloatArray, bias: FloatArray) -> NDArray[np.int64]:
    """The exponent of which all that is added up is a multiple of two's power, [outputs].

    Args:
        inputs: The lowest bits of what is multiplied, [inputs].
        matrix: What that is multiplied with, [inputs, outputs].
        bias: What is added besides, [outputs].
    """
    if matrix.size <= LARGE:
        # The bias is multiplied with one, whose lowest bit is that of two to the power of zero.
        summands, factor = np.concatenate([matrix, bias[None]]), np.append(inputs, 0)
        products = np.where(summands != 0.0, factor[:, None] + lowest_bits(summands), NO_BITS)
        return np.asarray(products.min(axis=0, initial=NO_BITS))
    found = lowest_bits(bias)
    row, column = places(matrix != 0.0)
    np.minimum.at(found, column, inputs[row] + lowest_bits(matrix[row, column]))
    return found


def unrounded(grid: NDArray[np.int64], mass: FloatArray) -> NDArray[np.bool_]:
    """Which sums are never rounded, whatever their order.

    Args:
        grid: The exponent of which all that is added up is a multiple of two's power.
        mass: The sizes of it together, at most.
    """
    small = mass <= np.exp2(np.minimum(np.maximum(grid + BITS, -1000.0), 1000.0))
    # Without numbers that may be set to zero, and of inputs that are known.
    return np.asarray((grid >= LOWEST) & small)


def lowest_bits(numbers: FloatArray) -> NDArray[np.int64]:
    """The exponent of the lowest bit that is set in each number."""
    bits = _bits(numbers)
    whole = (bits & FRACTION) | (1 << FRACTION_BITS)
    place = (_bits((whole & -whole).astype(np.float64)) >> FRACTION_BITS) - BIAS
    exponent = ((bits >> FRACTION_BITS) & EXPONENT) - BIAS - FRACTION_BITS
    return np.where(numbers == 0.0, NO_BITS, exponent + place)
