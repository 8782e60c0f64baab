"""Piecewise functions that have to take fewer neurons than what is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optitracr.craft.numerics import MarginError
from optitracr.craft.piecewise import Passing, of_one_hots, through_points, with_fewer

VALUES = st.lists(st.sampled_from([0.0, 1.0, 2.0, 5.0]), min_size=2, max_size=9)


@given(VALUES, st.booleans(), st.integers(0, 20))
def test_the_same_is_made_or_nothing(values: list[float], exact: bool, limit: int) -> None:
    z, outputs = np.arange(len(values), dtype=np.float64), np.array(values)[:, None]
    passing = of_one_hots(z) if exact else None
    best = through_points(z, outputs, passing)
    found = with_fewer(z, outputs, passing, limit=limit)
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
    assert through_points(z, kink, of_one_hots(z)).neurons == 1
    assert through_points(z, abs(z - 2)[:, None], of_one_hots(z)).neurons == 2
    assert through_points(z, z[:, None], of_one_hots(z)).neurons == 1


def test_points_too_close_are_refused_whatever_the_limit() -> None:
    z, outputs = np.array([1.0, 1.0 + 1e-9]), np.array([[0.0], [1.0]])
    with pytest.raises(MarginError):
        with_fewer(z, outputs, of_one_hots(z), limit=3)
    assert with_fewer(z, outputs, None, limit=2) is None


SHARES = 1.0 / np.arange(9.0, 0.0, -1.0)


def test_noise_is_passed_on_as_far_as_it_may_be() -> None:
    """One neuron a value in place of two, off by the noise times the slope and no more."""
    noise = 1e-6 * SHARES
    for allowed, neurons in ((1e-4, 8), (1e-6, 16)):
        found = through_points(SHARES, np.eye(9), Passing(noise, np.full(9, allowed)))
        assert found.neurons == neurons
        for sign in (-1.0, 0.0, 1.0):
            hidden = np.maximum(np.outer(SHARES + sign * noise, found.slope) + found.offset, 0.0)
            assert abs(hidden @ found.weight + found.bias - np.eye(9)).max() <= allowed


def test_steps_are_taken_where_interpolation_saves_nothing() -> None:
    z, jump = np.arange(4.0), np.array([[0.0], [0.0], [1.0], [1.0]])
    found = through_points(z, jump, of_one_hots(z))
    hidden = np.maximum(np.outer(z + 0.1, found.slope) + found.offset, 0.0)
    assert hidden @ found.weight + found.bias == pytest.approx(jump)


def test_where_interpolation_is_too_steep_there_are_leaps() -> None:
    """A sawtooth takes a neuron for its slope and two a tooth, whatever noise each tooth bears."""
    z = np.arange(225.0)
    teeth, noise = (z % 113)[:, None], np.full(225, 1e-4)
    found = through_points(z, teeth, Passing(noise, np.full(225, 2e-4)), 1e-2)
    assert found.neurons == 3
    for sign in (-1.0, 0.0, 1.0):
        hidden = np.maximum(np.outer(z + sign * noise, found.slope) + found.offset, 0.0)
        assert abs(hidden @ found.weight + found.bias - teeth).max() <= 1.01e-4
    assert through_points(z, teeth, None, 1.0).neurons == 448
