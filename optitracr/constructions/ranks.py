"""When a key that has a given rank is the first or the last of some keys in an order.

Keys and queries are given by what they hold, their *places*: an entry of an array for each
combination of values. No two keys of an input have the same index, which is one of the values. A
query is served by the *members* of a set of its own, and the rank of a member is how many keys are
related to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """An order of keys: by a number of one variable, and then by the index.

    Attributes:
        axis: The variable; None if the index alone decides.
        ranks: The number of each of its values; nothing for the index alone.
        by_index: 1.0 if of equal ones the earlier comes first, -1.0 if the later does.
        place: Where each place of keys stands in the order.
    """

    axis: int | None
    ranks: Float[Floats, " values"]
    by_index: float
    place: Float[Floats, " keys"]


def orders(
    related: Bool[Mask, "keys keys"], codes: Int[NDArray[np.int64], "axes keys"], index: int
) -> Iterator[Order]:
    """Orders that a relation may be: that of the index, its reverse, and by a variable before it.

    Args:
        related: Whether the first of two keys is related to the second.
        codes: What each place of keys holds.
        index: The axis of the index.
    """
    indices = codes[index].astype(np.float64)
    none = np.zeros(0)
    yield Order(None, none, 1.0, indices)
    yield Order(None, none, -1.0, -indices)
    for axis in range(len(codes)):
        if axis != index and len(np.unique(codes[axis])) > 1:
            ranks = _ranks(related, codes[axis])
            for by_index in (1.0, -1.0):
                place = ranks[codes[axis]] * (indices.max() + 1.0) + by_index * indices
                yield Order(axis, ranks, by_index, place)


def _ranks(related: Mask, codes: NDArray[np.int64]) -> Floats:
    """How many values of a variable come before each, as far as a relation says."""
    values = np.eye(int(codes.max()) + 1)[codes]
    often = values.T @ related.astype(np.float64) @ values
    return np.asarray((often > often.T).sum(axis=0), dtype=np.float64)


def starts_at(
    related: Bool[Mask, "keys keys"],
    members: Bool[Mask, "keys queries"],
    order: Order,
    index: Int[NDArray[np.int64], " keys"],
) -> int | None:
    """The rank of the first member of a set, from which on ranks rise by one in an order.

    Of members of one set the first of two is related to the second just if it comes before it, and
    what is related to a member is one too: then the keys related to a member are those before it,
    and itself if it is related to itself.

    Args:
        related: Whether the first of two keys is related to the second.
        members: The members of each query's set.
        order: The order.
        index: The index of each place of keys.

    Returns:
        None if ranks are not known to rise so.
    """
    apart = index[:, None] != index
    with_member = _product(members, members.T) & apart
    before = order.place[:, None] < order.place
    equal = order.place[:, None] == order.place
    if (with_member & (equal | (related != before))).any():
        return None
    if (related & apart & _product(~members, members.T)).any():
        return None
    itself = related.diagonal()[members.any(axis=1)]
    if itself.all():
        return 1
    return None if itself.any() else 0


def is_beginning(
    part: Bool[Mask, "keys queries"],
    members: Bool[Mask, "keys queries"],
    order: Order,
    index: Int[NDArray[np.int64], " keys"],
) -> bool:
    """Whether some of each query's members are those up to one of them, in an order.

    Args:
        part: The members in question.
        members: The members of each query's set.
        order: The order.
        index: The index of each place of keys.
    """
    if (part & ~members).any():
        return False
    before = (order.place[:, None] < order.place) & (index[:, None] != index)
    return not (before & _product(members & ~part, part.T)).any()


def numbers_of(
    related: Bool[Mask, "keys keys"], codes: Int[NDArray[np.int64], " keys"]
) -> Floats | None:
    """Numbers of a variable's values such that keys are related just if the first has the smaller.

    Args:
        related: Whether the first of two keys is related to the second.
        codes: What each place of keys holds of the variable.

    Returns:
        None if there are no such numbers.
    """
    ranks = _ranks(related, codes)
    number = ranks[codes]
    return ranks if (related == (number[:, None] < number)).all() else None


def _product(first: Mask, second: Mask) -> Mask:
    """Whether some middle one is in both: the product of two relations."""
    return np.asarray(first.astype(np.float32) @ second.astype(np.float32) > 0)
