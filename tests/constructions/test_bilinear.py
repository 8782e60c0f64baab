"""Logits of a condition: high where it holds, lower by a margin where it does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from optitracr.constructions.bilinear import Bilinear, circle, exact, on_circle, shift_of
from optitracr.constructions.conjunctions import Condition, conjunction
from optitracr.constructions.needs import NO_CLASS, Need
from optitracr.craft.spaces import FloatArray

COLD = 20.0
TABLES = arrays.arrays(bool, st.tuples(st.integers(2, 5), st.integers(2, 5)))


def condition(table: np.ndarray) -> Condition:
    return Condition("key", "query", table)


def with_none(table: np.ndarray) -> Condition:
    """A condition that None never fulfils."""
    return condition(np.pad(table, ((0, 1), (0, 1))))


def read(need: Need | None, values: int) -> FloatArray:
    """What each value of a variable holds of a need, and None at the end."""
    if need is None:
        return np.zeros((values + 1, 0))
    return np.concatenate([need.rows, np.zeros((1, need.columns))])


def logits(form: Bilinear, keys: int, queries: int) -> FloatArray:
    """Shape [keys, queries], None last, less what BOS has."""
    key = read(form.key, keys) @ form.w_key if form.key else np.zeros((keys + 1, form.inner))
    query = np.tile(form.b_query, (queries + 1, 1))
    bos = np.full(queries + 1, form.bos)
    if form.query:
        held = read(form.query, queries)
        query = query + held @ form.w_query
        bos = bos + held @ form.bos_query
    found: FloatArray = key @ query.T - bos
    return found


@given(TABLES, st.booleans(), st.booleans())
def test_exact_forms(table: np.ndarray, key_none: bool, query_none: bool) -> None:
    held = with_none(table)
    form = exact(held, COLD, key_none, query_none)
    keys, queries = table.shape
    found = logits(form, keys, queries)
    rows = keys + int(key_none)
    columns = queries + int(query_none)
    wanted = np.where(held.table[:rows, :columns], COLD, 0.0)
    assert found[:rows, :columns] == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("size", [6, 7, 12])
@pytest.mark.parametrize("shift", [0, 1, -2])
def test_circles(size: int, shift: int) -> None:
    """Keys that are a step from their query, each read as two numbers."""
    table = np.eye(size, k=shift, dtype=bool)
    form = circle(with_none(table), COLD, {"key": size + 2}, is_width=False)
    assert form is not None
    assert form.inner == 2
    found = logits(form, size, size)[:-1, :-1]
    assert found[table] == pytest.approx(form.selected)
    assert (found[~table] <= form.selected - COLD + 1e-6).all()
    assert shift_of(with_none(table).table) == abs(shift)


def test_what_is_no_matching_has_no_circle() -> None:
    table = np.tri(5, dtype=bool)
    assert circle(with_none(table), COLD, {}, is_width=False) is None
    assert circle(with_none(np.eye(3, dtype=bool)), COLD, {}, is_width=False) is None


def test_a_circle_of_too_many_points_is_refused() -> None:
    """The radius grows with the square of the points; float32 does not carry any."""
    table = np.eye(1000, dtype=bool)
    assert circle(with_none(table), COLD, {}, is_width=True) is None


def test_points_of_a_circle_are_one_long_and_apart() -> None:
    rows = on_circle(np.array([0, 1, 2, NO_CLASS]), 3)
    assert np.linalg.norm(rows[:3], axis=1) == pytest.approx(1.0)
    assert not rows[3].any()
    assert (rows[:3] @ rows[:3].T)[~np.eye(3, dtype=bool)] == pytest.approx(-0.5)


@given(TABLES, TABLES)
def test_conjunctions_are_found_again(one: np.ndarray, other: np.ndarray) -> None:
    """What two conditions on two pairs of variables say together is split into such conditions."""
    table = one[:, None, :, None] & other[None, :, None, :]
    possible = np.ones(table.shape, dtype=bool)
    found = conjunction(("a", "b"), ("c", "d"), table, possible)
    assert found is not None
    again = np.ones(table.shape, dtype=bool)
    for part in found:
        own = (("a", "b").index(part.key), 2 + ("c", "d").index(part.query))
        shape = [1] * 4
        shape[own[0]], shape[own[1]] = part.table.shape
        again = again & part.table.reshape(shape)
    assert (again == table).all()


def test_a_disjunction_is_no_conjunction() -> None:
    eye = np.eye(3, dtype=bool)
    table = eye[:, None, :, None] | eye[None, :, None, :]
    assert conjunction(("a", "b"), ("c", "d"), table, np.ones(table.shape, dtype=bool)) is None


def test_what_cannot_occur_may_be_anything() -> None:
    eye = np.eye(2, dtype=bool)
    table = eye[:, None, :, None] | eye[None, :, None, :]
    assert conjunction(("a", "b"), ("c", "d"), table, table) is not None
