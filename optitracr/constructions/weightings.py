"""Weights of sums that tell the outputs of a table apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import islice, pairwise, permutations, product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.leaves import Leaf
from optitracr.constructions.reduction import Codes
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

MAX_ORDERS = 24
"""Orders of the digits of a mixed-radix sum that are tried: all of four leaves. What they differ in
is how many thresholds the sum needs, and it is small."""

MAX_PAIRS = 150
"""Pairs of two numbers beyond which no multiples of them are sought: the sums of all pairs are
sorted for each ratio, and more pairs seldom stay far apart."""

MAX_DIGITS = 4
"""Leaves up to which they are taken for digits in two places: two of each of two numbers. The ways
to place them double with each."""

BASES = (2.0, 10.0)
"""Bases of such digits: those in which people write numbers in programs."""

LEAST_MODULUS = 3
"""Values of an output from which on it is looked at as a sum modulo their number: of two, parity,
each change of the sum is one of the output, and other ways to weigh do as well."""

FAR = 60
"""Numbers that sums come to from which on those without None are also shifted no further than they
have to be: what float32 makes of a sum grows with it, and of smaller ones bears all the same."""

RATIOS = 1_500
"""Ratios of the multiples of two numbers that are tried, for either sign: over four powers of ten a
step is less than one per cent, so that the best is missed by little."""

KEPT = 512
"""Ratios of the multiples of two numbers that are kept: of some hundred tables, a megabyte."""


Weights = list[FloatArray]
"""For each leaf what each of its values adds."""


def weightings(
    leaves: Sequence[Leaf],
    digits: Sequence[Float[FloatArray, " _"]],
    table: Int[Codes, ...],
    possible: Bool[NDArray[np.bool_], ...] | None,
) -> Iterator[list[Weights]]:
    """What each value of each leaf adds, in several ways; those that take long to find come last.

    Its number with a sign, shifted where None adds nothing; a mixed-radix digit; for two
    numbers, multiples such that different outputs lie far apart.

    Args:
        leaves: One for each axis of the table.
        digits: For each leaf a number for each of its classes.
        table: The function.
        possible: Which combinations can occur; None for all.
    """
    found: list[Weights] = []
    plain = not any(leaf.may_be_none and not leaf.numerical for leaf in leaves)
    if all(leaf.numbers for leaf in leaves):
        for signs in product((1.0, -1.0), repeat=len(leaves) - 1):
            numbers = [
                sign * np.asarray(leaf.numbers)
                for sign, leaf in zip((1.0, *signs), leaves, strict=True)
            ]
            found.append(numbers if plain else _beyond_none(leaves, numbers))
            if not plain and sum(map(np.ptp, numbers)) > FAR:
                found.append(_beyond_none(leaves, numbers, closely=True))
    if len(leaves) > 1 or not plain:
        own = [
            np.asarray(leaf.numbers) if leaf.numerical else digit
            for leaf, digit in zip(leaves, digits, strict=True)
        ]
        gaps = [_least_gap(each) for each in own]
        if all(gap > 0 for gap in gaps):
            spans = [float(each.max() - each.min()) for each in own]
            for order in islice(permutations(range(len(leaves))), MAX_ORDERS):
                found.append(_radix(own, gaps, spans, order))
    if found:
        yield found
    if plain and len(leaves) == 2 and all(leaf.numerical for leaf in leaves):
        apart = _far_apart(leaves, table, possible)
        if apart is not None:
            yield [apart]


def may_be_residues(leaves: Sequence[Leaf]) -> bool:
    """Whether values of leaves can be added up modulo a number: of several that are never None."""
    return len(leaves) > 1 and not any(leaf.numerical or leaf.may_be_none for leaf in leaves)


def residues(leaves: Sequence[Leaf], table: Int[Codes, ...]) -> Iterator[list[Weights]]:
    """What values add where the output is a sum modulo the number of its values.

    Args:
        leaves: Categories that are never None.
        table: The place of the output among all that occur, in the order of its values.
    """
    count = int(table.max(initial=0)) + 1
    if count < LEAST_MODULUS or not may_be_residues(leaves):
        return
    added, total = [], np.zeros((1,) * table.ndim, dtype=np.int64)
    for axis in range(table.ndim):
        line = tuple(slice(None) if axis == other else 0 for other in range(table.ndim))
        own = (table[line] - (axis > 0) * table[(0,) * table.ndim]) % count
        shape = [1] * table.ndim
        shape[axis] = -1
        added.append(own.astype(np.float64))
        total = total + own.reshape(shape)
    if np.array_equal(total % count, table):
        yield [added]


def places(leaves: Sequence[Leaf]) -> Iterator[list[Float[FloatArray, " _"]]]:
    """What values add as digits of several numbers that are added up, each in one of two places.

    Args:
        leaves: Categories, of which all values are numbers.
    """
    if not 2 < len(leaves) <= MAX_DIGITS or not all(leaf.numbers for leaf in leaves):
        return
    if any(leaf.numerical for leaf in leaves):
        return
    plain = not any(leaf.may_be_none for leaf in leaves)
    for base in BASES:
        for own in product((1.0, base), repeat=len(leaves)):
            if len(set(own)) > 1:
                pairs = zip(own, leaves, strict=True)
                numbers = [place * np.asarray(leaf.numbers) for place, leaf in pairs]
                yield numbers if plain else _beyond_none(leaves, numbers)


def _beyond_none(
    leaves: Sequence[Leaf], numbers: Sequence[FloatArray], *, closely: bool = False
) -> list[FloatArray]:
    """Numbers shifted so that the sum is larger than any of which some leaf is None and adds 0.

    Args:
        leaves: One for each axis of the table.
        numbers: What their values add.
        closely: Whether no further than that takes: beyond what all others add, not the own too.
    """
    spans = [float(np.ptp(own)) for own in numbers]
    shifts = [1.0 + sum(spans) - closely * span for span in spans]
    return [
        np.append(own - own.min() + shift, 0.0) if leaf.may_be_none and not leaf.numerical else own
        for leaf, own, shift in zip(leaves, numbers, shifts, strict=True)
    ]


def _far_apart(
    leaves: Sequence[Leaf], table: Codes, possible: NDArray[np.bool_] | None
) -> list[FloatArray] | None:
    """Multiples of two numbers whose sums keep different outputs farthest apart."""
    chosen = np.ones(table.shape, dtype=bool) if possible is None else possible
    if not 2 < chosen.sum() <= MAX_PAIRS:
        return None
    first, second = (np.asarray(leaf.numbers) for leaf in leaves)
    x, y = (values[chosen] for values in np.meshgrid(first, second, indexing="ij"))
    codes = table[chosen].astype(np.int64)
    ratio = _ratio(x.tobytes(), y.tobytes(), codes.tobytes())
    return None if ratio is None else [first, ratio * second]


@lru_cache(maxsize=KEPT)
def _ratio(pairs: bytes, others: bytes, outputs: bytes) -> float | None:
    """The multiple of the second numbers of some pairs; None if none keeps outputs apart.

    It is the same for whatever is written for each output, and asked for again and again.
    """
    x, y, codes = np.frombuffer(pairs), np.frombuffer(others), np.frombuffer(outputs, np.int64)
    ratios = _ratios()
    sums = x + ratios[:, None] * y
    order = sums.argsort(axis=1)
    given = codes.take(order)
    order += np.arange(0, sums.size, x.size)[:, None]
    along = sums.take(order)
    gaps = along[:, 1:] - along[:, :-1]
    gaps[given[:, 1:] == given[:, :-1]] = np.inf
    least = gaps.min(axis=1) / (1.0 + abs(ratios))
    best = int(least.argmax())
    if least[best] <= 0:
        return None
    return float(f"{ratios[best]:.6g}")


@cache
def _ratios() -> FloatArray:
    """The ratios that are tried."""
    ratios = np.geomspace(1e-2, 1e2, RATIOS)
    return np.concatenate([ratios, -ratios])


def _least_gap(values: FloatArray) -> float:
    """The least difference of two values; 0 if there are no two."""
    listed = sorted(set(values.tolist()))
    return min((high - low for low, high in pairwise(listed)), default=0.0)


def _radix(
    own: Sequence[FloatArray],
    gaps: Sequence[float],
    spans: Sequence[float],
    order: tuple[int, ...],
) -> list[FloatArray]:
    """Digits such that the sum tells all combinations apart, `order[0]` changing fastest."""
    digits: list[FloatArray] = [np.zeros(0)] * len(own)
    span = 0.0
    for axis in order:
        scale = 1.0 if span == 0.0 else 2.0 * span / gaps[axis]
        digits[axis] = own[axis] * scale
        span = span + scale * spans[axis]
    return digits
