"""Scores of heads: 0 where a condition holds, less where it fails, in few dimensions or many."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr.hosts.factors import Failing, factored

NEVER_TURNED = np.zeros(48)


def failing(holds: np.ndarray, matters: np.ndarray) -> Failing:
    return Failing(~holds & matters, matters, ~holds)


@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize("room", [8, 48])
def test_an_equality_fits_few_dimensions(shift: int, room: int) -> None:
    holds = np.eye(40, k=-shift, dtype=bool)
    table = failing(holds, np.tri(40, dtype=bool))
    [found] = factored([table], NEVER_TURNED[:room]) or []
    product = found.queries @ found.keys.T
    assert found.inner <= room
    assert found.is_exact == (room >= 40)
    assert abs(product[holds]).max() < 1e-9
    assert product[table.fails].min() >= found.margin > 0.01


def test_an_order_does_not_fit_fewer_dimensions_than_positions() -> None:
    before = np.tri(40, k=-1, dtype=bool)
    matters = np.tri(40, dtype=bool)
    assert factored([failing(before, matters)], NEVER_TURNED[:39]) is None
    assert factored([failing(before, matters)], NEVER_TURNED[:40]) is not None
