"""Comparisons of all pairs at once, beside Python's comparison of each."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optitracr.graph.comparisons import compared
from optitracr.rasp import Comparison
from optitracr.rasp.predicates import Combination, Curried, Negation

NUMBERS = st.one_of(
    st.integers(),
    st.sampled_from([2**53, 2**53 + 1, 2**63, 2**64 + 1, -(2**70), 0, 1, -1]),
    st.booleans(),
    st.floats(allow_nan=False),
    st.sampled_from([0.0, -0.0, float(2**53), math.inf, -math.inf]),
)
ORDERED = st.one_of(st.lists(NUMBERS, max_size=6), st.lists(st.text(max_size=2), max_size=6))
EQUALITIES = (Comparison.EQ, Comparison.NEQ, Comparison.TRUE, Comparison.FALSE)


def called(predicate: Callable[[Any, Any], object], keys: list[Any], queries: list[Any]) -> Any:
    rows = [[bool(predicate(key, query)) for query in queries] for key in keys]
    return np.array(rows, dtype=bool).reshape(len(keys), len(queries))


@given(st.data(), st.sampled_from(Comparison))
def test_ordered_values_compare_as_in_python(data: st.DataObject, comparison: Comparison) -> None:
    values = data.draw(ORDERED)
    cut = data.draw(st.integers(0, len(values)))
    keys, queries = values[:cut], values[cut:]
    found = compared(comparison, keys, queries)
    assert found is not None
    assert np.array_equal(found, called(comparison, keys, queries))


@given(
    st.lists(st.one_of(NUMBERS, st.text(max_size=1)), max_size=8),
    st.lists(st.one_of(NUMBERS, st.text(max_size=1)), max_size=8),
    st.sampled_from(EQUALITIES),
)
def test_values_of_any_kind_are_equal_as_in_python(
    keys: list[Any], queries: list[Any], comparison: Comparison
) -> None:
    found = compared(comparison, keys, queries)
    assert found is not None
    assert np.array_equal(found, called(comparison, keys, queries))


@given(st.lists(st.integers(-3, 3), max_size=4), st.lists(st.integers(-3, 3), max_size=4))
def test_what_is_made_of_comparisons_is_compared_too(keys: list[int], queries: list[int]) -> None:
    less, same = Comparison.LT, Comparison.EQ
    inner = Combination.of(any, (Curried(less, None, 1), Negation(Curried(same, 2, None))))
    predicate = Combination.of(all, (Comparison.GEQ, inner, Comparison.NEQ))
    found = compared(predicate, keys, queries)
    assert found is not None
    assert np.array_equal(found, called(predicate, keys, queries))


def test_predicates_nested_thousands_deep_take_no_recursion() -> None:
    predicate: Any = Comparison.LT
    for _ in range(5_001):
        predicate = Negation(predicate)
    found = compared(predicate, [0, 1], [1])
    assert found is not None
    assert found.tolist() == [[False], [True]]


class Odd(int):
    """An integer that compares in a way of its own."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


@pytest.mark.parametrize(
    ("predicate", "keys"),
    [
        (Comparison.LT, (1, "a")),
        (Comparison.LT, (1, None)),
        (Comparison.EQ, (1, None)),
        (Comparison.EQ, (1, math.nan)),
        (Comparison.LEQ, (1.0, math.nan)),
        (Comparison.EQ, (1, Odd(2))),
        (Comparison.EQ, (1, Decimal(1))),
        (Comparison.EQ, (1, 1j)),
        (Comparison.EQ, ((1,), (2,))),
        (Comparison.EQ, (np.int64(1),)),
        (lambda key, query: key == query, (1,)),
        (Negation(lambda key, query: key == query), (1,)),
        (Combination.of(all, (Comparison.EQ, lambda key, query: True)), (1,)),
    ],
)
def test_what_may_compare_in_ways_of_its_own_is_called(predicate: Any, keys: Any) -> None:
    assert compared(predicate, keys, keys) is None
