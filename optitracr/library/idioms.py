"""Turns of phrase that many programs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from optitracr.rasp import (
    Aggregate,
    Comparison,
    Select,
    SelectorWidth,
    SequenceMap,
    SOp,
    indices,
    tokens,
)

Test = Callable[[Any], bool]


def token_is(token: Any) -> Test:
    """The test for one token."""
    return lambda x: bool(x == token)


def position_if(test: Test, sop: SOp) -> SOp:
    """The index where a value passes a test, None elsewhere: a key for marked positions."""
    return SequenceMap(lambda x, i: i if test(x) else None, sop, indices)


def count_if(test: Test, sop: SOp) -> SOp:
    """How many values of the whole input pass a test."""
    return SelectorWidth(Select(sop, tokens, lambda k, q: test(k)))


def count_so_far(test: Test, sop: SOp) -> SOp:
    """How many values up to here, this one included, pass a test."""
    return SelectorWidth(Select(position_if(test, sop), indices, Comparison.LEQ))


def value_at(position: SOp, sop: SOp) -> SOp:
    """The value at a computed position, None where there is no such position."""
    return Aggregate(Select(indices, position, Comparison.EQ), sop)


def earlier_equals(sop: SOp) -> SOp:
    """How many earlier positions hold the same value.

    One selector does it by comparing pairs of value and index, so that no conjunction of
    two selectors is needed.
    """
    placed = SequenceMap(lambda x, i: (x, i), sop, indices)
    return SelectorWidth(Select(placed, placed, lambda k, q: k[0] == q[0] and k[1] < q[1]))


def unless_repeated(sop: SOp, repeated: SOp) -> SOp:
    """The value at the first of equal tokens, None at the others."""
    return SequenceMap(lambda x, n: x if n == 0 else None, sop, repeated)


def ordered_by(key: SOp, sop: SOp) -> SOp:
    """The values in ascending order of a key that has no ties; None keys are left out."""
    smaller = SelectorWidth(Select(key, key, Comparison.LT))
    target = SequenceMap(lambda k, n: n, key, smaller)
    return Aggregate(Select(target, indices, Comparison.EQ), sop)


def highest(sop: SOp) -> SOp:
    """The largest of natural numbers below the input's length, at every position.

    Index i is reached if some value exceeds it; the largest value is how many are.
    """
    above = SelectorWidth(Select(sop, indices, Comparison.GT))
    return count_if(lambda n: n > 0, above)
