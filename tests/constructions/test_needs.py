"""What is read of a variable: values that count alike are one class, with nothing lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optitracr.constructions.needs import (
    NO_CLASS,
    Need,
    canonical,
    classes_of_rows,
    need_of_rows,
)

ROWS = st.integers(1, 3).flatmap(
    lambda width: st.lists(
        st.lists(st.sampled_from([-1.0, 0.0, 2.0]), min_size=width, max_size=width),
        min_size=1,
        max_size=8,
    )
)


@given(st.lists(st.integers(-2, 4), min_size=1))
def test_classes_are_numbered_by_their_first_member(classes: list[int]) -> None:
    named = canonical(classes)
    assert canonical(named) == named
    for i, one in enumerate(classes):
        assert (named[i] == NO_CLASS) == (one < 0)
        for j, other in enumerate(classes):
            if one >= 0:
                assert (named[i] == named[j]) == (one == other)
    firsts = [c for i, c in enumerate(named) if c >= 0 and c not in named[:i]]
    assert firsts == sorted(firsts)


@given(ROWS, st.booleans())
def test_classes_and_the_constant_give_the_rows_again(rows: list[list[float]], drop: bool) -> None:
    given_rows = np.array(rows)
    classes, contributions, constant = classes_of_rows(given_rows, drop)
    padded = np.concatenate([contributions, np.zeros((1, given_rows.shape[1]))])
    assert (padded[np.array(classes)] + constant == given_rows).all()
    assert len(contributions) == len({tuple(row) for row in rows}) - (NO_CLASS in classes)
    if not drop:
        assert not constant.any()


def test_the_commonest_row_is_left_to_the_constant() -> None:
    classes, _, constant = classes_of_rows(np.array([[1.0], [2.0], [1.0]]), drop=True)
    assert classes == (NO_CLASS, 0, NO_CLASS)
    assert constant.tolist() == [1.0]


def test_zeros_need_no_constant() -> None:
    classes, _, constant = classes_of_rows(np.array([[1.0], [0.0], [1.0]]), drop=True)
    assert classes == (0, NO_CLASS, 0)
    assert constant.tolist() == [0.0]


@given(ROWS)
def test_a_need_of_numbers_reads_them(rows: list[list[float]]) -> None:
    need = need_of_rows("x", np.array(rows), clean=True)
    if need is None:
        assert not np.array(rows).any()
    else:
        assert need.clean
        assert need.columns == len(rows[0])
        assert need.rows.tolist() == rows


@pytest.mark.parametrize(
    ("need", "columns"),
    [
        (Need("x", ()), 1),
        (Need("x", (0, 1, 0, NO_CLASS)), 2),
        (Need("x", (0, 1), ((0.5, 1.0, 2.0), (1.0, 1.0, 1.0))), 3),
    ],
)
def test_columns(need: Need, columns: int) -> None:
    assert need.columns == columns
    assert need.raw == (not need.classes)


def test_one_hots_of_classes_and_nothing_for_none() -> None:
    assert Need("x", (0, 1, NO_CLASS)).rows.tolist() == [[1, 0], [0, 1], [0, 0]]
