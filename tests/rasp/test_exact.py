"""Floats as the rationals that they stand for, and means of them."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from optitracr.rasp.exact import mean, rational

DENOMINATORS = st.integers(1, 1 << 25)


@given(st.integers(-(1 << 25), 1 << 25), DENOMINATORS)
def test_the_float_of_a_fraction_stands_for_it(numerator: int, denominator: int) -> None:
    assert rational(numerator / denominator) == Fraction(numerator, denominator)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_stands_for_a_rational_that_is_nearest_to_it(value: float) -> None:
    assert float(rational(value)) == value


@given(st.lists(st.integers(1, 30), min_size=2, max_size=4), st.integers(1, 30))
def test_a_mean_does_not_depend_on_the_way_to_it(numerators: list[int], base: int) -> None:
    values = [numerator / base for numerator in numerators]
    expected = sum(numerators) / (base * len(numerators))
    assert {mean(order) for order in permutations(values)} == {expected}


def test_integers_stay_integers_until_the_division() -> None:
    assert mean([10**20, 10**20 + 2]) == (2 * 10**20 + 2) / 2


def test_what_is_no_finite_number_adds_as_in_python() -> None:
    assert mean([math.inf, 1.5]) == math.inf
    assert math.isnan(mean([1.5, math.inf, -math.inf]))
    assert mean([Fraction(1, 3), 1]) == Fraction(2, 3)
    assert mean([0.5, 1j]) == 0.25 + 0.5j
