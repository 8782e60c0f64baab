"""Piecewise functions that have to take fewer neurons than what is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optitracr.craft.numerics import MarginError
from optitracr.craft.piecewise import through_points, with_fewer

VALUES = st.lists(st.sampled_from([0.0, 1.0, 2.0, 5.0]), min_size=2, max_size=9)


@given(VALUES, st.booleans(), st.integers(0, 20))
def test_the_same_is_made_or_nothing(values: list[float], exact: bool, limit: int) -> None:
    z, outputs = np.arange(len(values), dtype=np.float64), np.array(values)[:, None]
    best = through_points(z, outputs, exact)
    found = with_fewer(z, outputs, exact, limit=limit)
    if best.neurons >= limit:
        assert found is None
    else:
        assert found is not None
        assert found.neurons == best.neurons
        assert np.array_equal(found.slope, best.slope)
        assert np.array_equal(found.weight, best.weight)
    hidden = np.maximum(np.outer(z, best.slope) + best.offset, 0.0)
    assert hidden @ best.weight + best.bias == pytest.approx(outputs)


def test_interpolation_from_the_best_pivot() -> None:
    z, kink = np.arange(5.0), np.array([[0.0], [0.0], [0.0], [1.0], [2.0]])
    assert through_points(z, kink, exact=True).neurons == 1
    assert through_points(z, abs(z - 2)[:, None], exact=True).neurons == 2
    assert through_points(z, z[:, None], exact=True).neurons == 1


def test_points_too_close_are_refused_whatever_the_limit() -> None:
    z, outputs = np.array([1.0, 1.0 + 1e-9]), np.array([[0.0], [1.0]])
    with pytest.raises(MarginError):
        with_fewer(z, outputs, exact=True, limit=3)
    assert with_fewer(z, outputs, exact=False, limit=2) is None
