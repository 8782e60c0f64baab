"""What a head of a host selects: conditions over variables that the stream holds.

A strict order of positions takes a dimension of the head for each position. Where a count of keys
before the query counts its own position as well once the order is left out, it is that less one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optitracr.hosts.guest import Condition, Mask

if TYPE_CHECKING:
    from jaxtyping import Bool


@dataclass(frozen=True, slots=True)
class Selecting:
    """What a head selects.

    Attributes:
        conditions: What has to hold.
        surplus: How many more keys these count than are meant, where they count any.
    """

    conditions: tuple[Condition, ...]
    surplus: int = 0


def mismatched(condition: Condition) -> Bool[Mask, "queries keys"]:
    """Where a condition can fail; what cannot occur, and keys that no query sees, do not count."""
    return np.asarray(~condition.holds & possible(condition))


def possible(condition: Condition) -> Bool[Mask, "queries keys"]:
    """Which entries of query and key can occur together, the query seeing the key."""
    found = condition.query.possible[:, None] & condition.key.possible[None, :]
    if _compares_positions(condition):
        found &= np.tri(*found.shape, dtype=np.bool_)
    return np.asarray(found)


def binding(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """The conditions that can fail."""
    return tuple(each for each in conditions if mismatched(each).any())


def counted(conditions: Sequence[Condition]) -> Selecting:
    """Conditions for a count, without a strict order of positions where that can be."""
    strict = [each for each in conditions if _is_strict(each)]
    others = tuple(each for each in conditions if not _is_strict(each))
    if strict and all(_selects_itself(each) for each in others):
        return Selecting(others, surplus=1)
    return Selecting(tuple(conditions))


def _compares_positions(condition: Condition) -> bool:
    return condition.key.is_index and condition.query.is_index


def _is_strict(condition: Condition) -> bool:
    """Whether it selects every key before the query's own position and not that one."""
    if not _compares_positions(condition):
        return False
    size = condition.key.size
    return bool(np.array_equal(mismatched(condition)[:size, :size], np.eye(size, dtype=bool)))


def _selects_itself(condition: Condition) -> bool:
    """Whether a query that selects anything selects its own position."""
    if condition.key.label != condition.query.label:
        return False
    possible = condition.query.possible
    some = condition.holds[:, condition.key.possible].any(axis=1)
    return bool((condition.holds.diagonal() | ~some | ~possible).all())
