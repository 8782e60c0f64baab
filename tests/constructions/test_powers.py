"""Orders by powers: logits near zero for what is selected, and lower by a margin for the rest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optitracr.constructions.bilinear import Bilinear
from optitracr.constructions.conjunctions import Condition
from optitracr.constructions.powers import LEAST_CLASSES, order_of, orders_of, powers
from optitracr.craft.spaces import FloatArray

MARGIN = 25.0
UNEVEN = 2.0**-7


def condition(table: np.ndarray) -> Condition:
    return Condition("key", "query", np.pad(table, ((0, 1), (0, 1))))


def decided(table: np.ndarray, span: int = 0, factor: float = 1.0) -> Bilinear | None:
    order = order_of(table)
    return order and powers(condition(table), order, MARGIN, UNEVEN / factor, span, factor)


def logits(form: Bilinear) -> FloatArray:
    """Shape [keys, queries], as float32 makes them."""
    assert form.key is not None
    assert form.query is not None
    key, query = (
        rows.astype(np.float32) @ weights.astype(np.float32)
        for rows, weights in ((form.key.rows, form.w_key), (form.query.rows, form.w_query))
    )
    found: FloatArray = (key @ query.T).astype(np.float64)
    return found


def tells(form: Bilinear, table: np.ndarray) -> bool:
    found = logits(form)
    uneven = -found[table].min(initial=0.0)
    return bool(
        found[table].max(initial=0.0) <= 0.0
        and uneven <= form.uneven * (1 + 1e-6) <= UNEVEN * (1 + 1e-6)
        and found[~table].max(initial=-np.inf) <= -MARGIN * (1 - 1e-6)
    )


THRESHOLDS = st.integers(3, 9).flatmap(
    lambda keys: st.tuples(
        st.permutations(range(keys)), st.lists(st.integers(0, keys), min_size=3, max_size=9)
    )
)


@given(THRESHOLDS)
def test_any_order(drawn: tuple[list[int], list[int]]) -> None:
    """Keys in any order, each query with a threshold of its own."""
    place, threshold = drawn
    table = np.array(place)[:, None] < np.array(threshold)[None, :]
    form = decided(table)
    if form is None:
        classes = min(len(np.unique(side, axis=0)) for side in (table, table.T))
        assert classes < LEAST_CLASSES or len(place) > 8
    else:
        assert tells(form, table)


@pytest.mark.parametrize(("length", "numbers"), [(5, 1), (8, 1), (12, 2), (20, 3)])
def test_longer_inputs_take_blocks(length: int, numbers: int) -> None:
    table = np.triu(np.ones((length, length), dtype=bool))
    form = decided(table)
    assert form is not None
    assert tells(form, table)
    assert form.inner == numbers


def test_so_many_positions_take_a_one_hot() -> None:
    assert decided(np.triu(np.ones((60, 60), dtype=bool))) is None


def test_before_up_to_and_after_are_read_off_the_same_two_numbers() -> None:
    upper = np.triu(np.ones((6, 6), dtype=bool))
    tables = upper, np.triu(upper, 1), upper.T, np.tril(upper.T, -1)
    span = max(order.span for order in map(order_of, tables) if order is not None)
    forms = [form for form in (decided(table, span) for table in tables) if form is not None]
    assert len(forms) == len(tables)
    assert all(tells(form, table) for form, table in zip(forms, tables, strict=True))
    sides = [need for form in forms for need in (form.key, form.query) if need is not None]
    assert len({(need.classes, need.numbers) for need in sides}) == 2


def test_a_slope_leaves_less_room() -> None:
    """Logits that are multiplied come to the same sizes, and are as even then."""
    table = np.triu(np.ones((8, 8), dtype=bool))
    plain, steep = decided(table), decided(table, factor=100.0)
    assert plain is not None
    assert steep is not None
    assert 100 * steep.uneven <= UNEVEN
    assert (plain.inner, steep.inner) == (1, 2)


BESIDE = abs(np.subtract.outer(np.arange(6), np.arange(6))) <= 1


@pytest.mark.parametrize(
    ("table", "read"), [(np.eye(6, k=1), 2), (np.eye(6, k=-2), 2), (BESIDE, 2), (BESIDE[::-1], 4)]
)
def test_what_lies_together_is_selected_by_two_orders(table: np.ndarray, read: int) -> None:
    """They read the two numbers that all orders read, also where a query selects nothing."""
    table = table.astype(bool)
    found = orders_of(table)
    assert found is not None
    assert np.array_equal(found[0] & found[1], table)
    upper = np.triu(np.ones((6, 6), dtype=bool))
    tables = upper, upper.T, *found
    span = max(order.span for order in map(order_of, tables) if order is not None)
    forms = [form for form in (decided(each, span) for each in tables) if form is not None]
    sides = [need for form in forms for need in (form.key, form.query) if need is not None]
    assert len({(need.classes, need.numbers) for need in sides}) == read
    both = logits(forms[2]) + logits(forms[3])
    assert both[table].min() >= -2 * UNEVEN
    assert both[~table].max() <= -MARGIN * (1 - 1e-6)


@pytest.mark.parametrize(
    "table", [~np.eye(5, dtype=bool), np.triu(np.ones((5, 5))), np.ones((5, 5))], ids=str
)
def test_what_is_not_selected_by_two_orders(table: np.ndarray) -> None:
    assert orders_of(np.asarray(table, dtype=bool)) is None


@pytest.mark.parametrize(
    "table", [np.eye(5), np.ones((5, 5)), np.arange(5)[:, None] < [0, 0, 3]], ids=str
)
def test_what_is_no_order_or_hardly_one(table: np.ndarray) -> None:
    assert order_of(np.asarray(table, dtype=bool)) is None
