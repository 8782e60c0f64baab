"""Steps and coldness keep their margins in float32."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optitracr.craft.numerics import MarginError, coldness, steps_between
from optitracr.rounding import ATTENTION_LEAK


@pytest.mark.parametrize("positions", [1, 2, 9, 65, 1000])
def test_coldness_bounds_the_leak(positions: int) -> None:
    c = coldness(positions)
    assert positions * np.exp(-c / 2) <= ATTENTION_LEAK * (1 + 1e-9)
    assert positions * np.exp(-0.95 * c / 2) > ATTENTION_LEAK


def run_steps(values: list[float], changes: list[int], x: np.ndarray) -> np.ndarray:
    steps, _ = steps_between(values, changes)
    x32 = x.astype(np.float32)[:, None]
    slope, offset = steps.slope.astype(np.float32), steps.offset.astype(np.float32)
    high = np.maximum(slope * x32 + offset, 0)
    low = np.maximum(slope * x32 + (offset - np.float32(1)), 0)
    return np.where(steps.rising, high - low, 1 - (high - low))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(-300, 300), min_size=2, max_size=40, unique=True),
    st.integers(1, 30),
)
def test_steps_are_zero_and_one_at_the_values(numerators: list[int], denominator: int) -> None:
    values = sorted(n / denominator for n in numerators)
    changes = list(range(len(values) - 1))
    found = run_steps(values, changes, np.array(values))
    expected = np.tri(len(values), len(values) - 1, -1)
    np.testing.assert_allclose(found, expected, atol=2e-3)


@pytest.mark.parametrize("length", [10, 64])
def test_steps_between_shares_of_any_length(length: int) -> None:
    shares = [1 / (count + 1) for count in range(length, -1, -1)]
    found = run_steps(shares, list(range(length)), np.array(shares))
    np.testing.assert_allclose(found, np.tri(length + 1, length, -1), atol=3e-5)


def test_steps_tolerate_noise_of_a_quarter_gap() -> None:
    values = [-1.0, 0.0, 0.5, 3.0]
    noise = 0.24 * np.array([1.0, 0.5, -0.5, -2.5])
    found = run_steps(values, [0, 1, 2], np.array(values) + noise)
    np.testing.assert_allclose(found, np.tri(4, 3, -1), atol=1e-5)


def test_too_close_values_are_refused() -> None:
    with pytest.raises(MarginError, match="closer than float32"):
        steps_between([0.0, 1.0, 1.0 + 1e-7], [1])
    steps_between([0.0, 1.0, 1.0 + 1e-7], [0])


def test_no_change_needs_no_step() -> None:
    steps, pivot = steps_between([1.0, 2.0], [])
    assert steps.slope.size == 0
    assert pivot == 0
