"""Bilinear forms for orders: powers of a base, a number or a few on each side.

Let keys have places, and let each query select those before a threshold of its own. A key holds a
power of a base that rises with its place, a query one that falls with its threshold. Their product
is small for what is selected, and for all else at least the base times as large.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.bilinear import Bilinear
from optitracr.constructions.conjunctions import Condition
from optitracr.constructions.needs import need_of_rows
from optitracr.constructions.selections import Table, kept_by_table
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

KEY_BITS = 43
"""Size, as a power of two, that keys may come to in the columns of a head, and queries likewise:
2^44 is what a proof gives bounds for, and a one-hot of which all powers are added up comes to twice
the largest."""

BITS = 2 * KEY_BITS - 6 - 3
"""Of the largest product of a key and a query: without the coldness, which is less than 2^6 for
some thousand positions, and the root of the head size, which is at most 2^3 for 64 columns."""

LEAST_CLASSES = 3
"""Classes of keys, and of queries, from which the exact construction takes more than one column."""

MOST_BITS = 24
"""Of a base, as many as float32 has: what is selected is then as even as rounding leaves it."""

MOST_NUMBERS = 4
"""Numbers on each side up to which a form is looked for: four are for some twenty positions, and
with more positions models are large for other reasons."""


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """What queries select: keys before a threshold.

    Attributes:
        place: Of each key; keys that no query tells apart may share one.
        threshold: Of each query: it selects all keys of smaller places.
        rises: Whether places are the numbers of the values, from the first or (False) from the
            last; None if they are others.
    """

    place: Int[NDArray[np.intp], " keys"]
    threshold: Int[NDArray[np.intp], " queries"]
    rises: bool | None

    @property
    def count(self) -> int:
        """How many places there are."""
        return int(self.place.max(initial=-1)) + 1

    @property
    def least(self) -> int:
        """The least threshold."""
        return int(self.threshold.min(initial=self.count))

    @property
    def span(self) -> int:
        """By how much the place of a key that is not selected exceeds a threshold at most."""
        return self.count - 1 - self.least


@kept_by_table
def order_of(table: Bool[NDArray[np.bool_], "keys queries"]) -> Order | None:
    """The order by which queries select keys; None if there is none, or hardly one."""
    if min(table.shape) < LEAST_CLASSES:
        return None
    selected = table.sum(axis=1)
    if len(set(selected.tolist())) < LEAST_CLASSES:
        return None
    step = np.diff(selected)
    if (step <= 0).all():
        place, rises = np.arange(len(table)), True
    elif (step >= 0).all():
        place, rises = np.arange(len(table))[::-1], False
    else:
        place, rises = np.unique(-selected, return_inverse=True)[1].ravel(), None
    threshold = np.where(table, place[:, None] + 1, 0).max(axis=0)
    if not np.array_equal(place[:, None] < threshold[None, :], table):
        return None
    if len(set(threshold.tolist())) < LEAST_CLASSES:
        return None
    return _shifted(Order(place, threshold, rises))


@kept_by_table
def orders_of(table: Bool[NDArray[np.bool_], "keys queries"]) -> tuple[Table, Table] | None:
    """Two orders that select together what queries select, if that is keys beside one another.

    They are the keys up to the last that is selected, and those from the first one on. Of a query
    before all that select any key, or after them, nothing is in one of the two, as it is where
    the others go on.

    Returns:
        None if it is anything else, or one order does it.
    """
    selecting = np.flatnonzero(table.any(axis=0))
    if not selecting.size or order_of(table) is not None:
        return None
    upper = np.logical_or.accumulate(table[::-1], axis=0)[::-1]
    lower = np.logical_or.accumulate(table, axis=0)
    if not np.array_equal(upper & lower, table):
        return None
    ahead, behind = slice(0, selecting[0]), slice(selecting[-1] + 1, None)
    first, last = table.argmax(axis=0)[selecting[[0, -1]]]
    rises = first <= last
    (lower if rises else upper)[:, ahead] = True
    (upper if rises else lower)[:, behind] = True
    if any(order_of(each) is None for each in (upper, lower)):
        return None
    return upper, lower


def _shifted(order: Order) -> Order:
    """The same with thresholds that rise or fall by one from query to query, if they may.

    Thresholds beyond all places, or before them, may be others beyond or before.
    """
    if order.rises is None:
        return order
    queries = len(order.threshold)
    along = np.arange(queries) if order.rises else np.arange(queries)[::-1]
    told = (order.threshold > 0) & (order.threshold < order.count)
    shifts = np.unique((order.threshold - along)[told])
    if shifts.size != 1:
        return order
    shifted = along + shifts[0]
    same = np.clip(shifted, 0, order.count) == np.clip(order.threshold, 0, order.count)
    return Order(order.place, shifted, order.rises) if same.all() else order


def powers(
    condition: Condition,
    order: Order,
    margin: float,
    most_uneven: float,
    span: int,
    factor: float = 1.0,
) -> Bilinear | None:
    """Keys and queries as powers of a base.

    Args:
        condition: What to select.
        order: The order by which it does.
        margin: Logits between selected and not selected.
        most_uneven: By how much the logits of what is selected may differ.
        span: The largest span of an order over these keys in the program: with one base for all
            they read the same numbers.
        factor: By how much the logits will be multiplied.

    Returns:
        None if that takes too many numbers, or is not exact enough.
    """
    span = max(span, order.span, 1)
    room = BITS - math.ceil(math.log2(factor))
    bits = min(MOST_BITS, room // span)
    if margin * 2.0**-bits <= most_uneven:
        return _by_one(condition, order, margin, bits, span)
    places = order.span + 1
    for numbers in range(1, min(MOST_NUMBERS, (places - 1) // 2) + 1):
        size = -(-places // numbers)
        bits = min(MOST_BITS, room // max(size - 1, 1))
        if margin * 2.0**-bits <= most_uneven:
            return _by_blocks(condition, order, margin, bits, size)
    return None


def _by_one(condition: Condition, order: Order, margin: float, bits: int, span: int) -> Bilinear:
    """One number a side: the same for all orders of the values of a variable."""
    keys = _power(bits * (order.place - (order.count - 1)), -bits * span)
    queries = _power(-bits * (order.threshold - order.least), -bits * span)
    exponent = bits * order.span
    return _bilinear(condition, keys[:, None], queries[:, None], margin, exponent, bits)


def _by_blocks(condition: Condition, order: Order, margin: float, bits: int, size: int) -> Bilinear:
    """A number a side for each so many places: of a later block than its own a query selects none.

    Keys that all queries select need no number.
    """
    first = np.arange(order.least, order.count, size)
    place = order.place[:, None] - first
    inside = (place >= 0) & (place < size)
    keys = np.where(inside, _power(bits * (place - (size - 1)), -bits * size), 0.0)
    left = order.threshold[:, None] - first
    queries = _power(-bits * np.maximum(left, 0), -bits * (size - 1))
    queries[order.threshold >= order.count] = 0.0
    return _bilinear(condition, keys, queries, margin, bits * (size - 1), bits)


def _power(exponent: NDArray[np.integer], least: int) -> FloatArray:
    """Powers of two from some exponent on, below which numbers add nothing to a logit."""
    return np.where(exponent >= least, np.exp2(exponent.astype(np.float64)), 0.0)


def _bilinear(
    condition: Condition,
    keys: FloatArray,
    queries: FloatArray,
    margin: float,
    exponent: int,
    bits: int,
) -> Bilinear:
    """Logits of so many times the product of two numbers of at most one, taken away."""
    numbers = keys.shape[1]
    on_keys = min(KEY_BITS, exponent)
    query = need_of_rows(condition.query, queries)
    key = need_of_rows(condition.key, keys, clean=True)
    assert query is not None, "some query does not select all keys"
    assert key is not None, "some key is not selected by all queries"
    return Bilinear(
        query=replace(query, steep=True),
        key=replace(key, steep=True),
        w_query=-margin * 2.0 ** (exponent - on_keys) * np.eye(numbers),
        b_query=np.zeros(numbers),
        w_key=2.0**on_keys * np.eye(numbers),
        bos_query=np.zeros(numbers),
        bos=0.0,
        selected=0.0,
        uneven=margin * 2.0**-bits,
    )
