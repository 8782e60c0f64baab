"""What is linear in columns is found, with what is whole as whole; what is not is not."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr.constructions.linear import Span

COLUMNS = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0], [3.0, 1.0, 1.0]])


def test_what_is_linear_has_its_weights() -> None:
    weights = np.array([[2.0, 0.25], [-1.0, 0.0], [0.0, 3.0]])
    found, told = Span.of(COLUMNS).weights(COLUMNS @ weights, 1e-9, 16.0)
    assert told.tolist() == [True, True]
    assert found.tolist() == weights.tolist()


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e3])
def test_columns_may_depend_on_each_other_and_be_of_any_size(scale: float) -> None:
    columns = np.concatenate([COLUMNS * [scale, 1.0, 1.0], COLUMNS[:, :2] @ [[1.0], [1.0]]], axis=1)
    wanted = COLUMNS[:, :1]
    found, told = Span.of(columns).weights(wanted, 1e-9, 1e5)
    assert told.all()
    assert columns @ found == pytest.approx(wanted, abs=1e-9)


def test_what_is_off_in_one_row_is_not_linear() -> None:
    wanted = COLUMNS @ [[1.0, 0.5], [1.0, 0.5], [1.0, 2.0]]
    wanted[2, 0] += 1e-6
    assert Span.of(COLUMNS).weights(wanted, 1e-9, 16.0)[1].tolist() == [False, True]


def test_weights_are_no_larger_than_they_may_be() -> None:
    wanted = COLUMNS @ [[17.0], [0.0], [0.0]]
    assert not Span.of(COLUMNS).weights(wanted, 1e-9, 16.0)[1].any()
    assert Span.of(COLUMNS).weights(wanted, 1e-9, 17.5)[1].all()
