"""Means of numbers as the rationals that they are, rounded once.

A float stands for the simplest rational that it is nearest to: 0.1 for 1/10, 0.333... for 1/3.
A mean is the sum of these, divided, and rounded to a float at the end. So two ways to one
number give one float, whatever the order of the positions. Integers stay integers until the
division; numbers of other types are added and divided as Python does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from numbers import Number
from typing import Any

WHOLE = 1 << 53
"""Integers up to this size are floats; the mean of a larger one and itself may be another."""


@dataclass(frozen=True, slots=True)
class Exact:
    """A sum of integers and floats, so far."""

    total: Fraction


def mean(values: Sequence[Any]) -> Any:
    """The mean of one or more numbers; raises what the addition of other types raises."""
    return finish(reduce(add, values[1:], start(values[0])), len(values))


def start(value: Any) -> Any:
    """The sum of one number."""
    return Exact(rational(value)) if _is_finite_float(value) else value


def add(total: Any, value: Any) -> Any:
    """A sum with one more number."""
    if isinstance(total, Exact):
        if isinstance(value, int):
            return Exact(total.total + value)
        if _is_finite_float(value):
            return Exact(total.total + rational(value))
        return float(total.total) + value
    if isinstance(total, int) and _is_finite_float(value):
        return Exact(total + rational(value))
    return total + value


def finish(total: Any, count: int) -> Any:
    """The mean of so many numbers with that sum."""
    if isinstance(total, Exact):
        return float(total.total / count)
    return total / count


@lru_cache(maxsize=1 << 16)
def rational(value: float) -> Fraction:
    """The simplest rational that a finite float is nearest to.

    It is the first convergent of the float's continued fraction that rounds to it. A fraction
    with a denominator of less than some 2**26 is a convergent of the float nearest to it.
    """
    if value < 0:
        return -rational(-value)
    numerator, denominator = value.as_integer_ratio()
    low, high = (0, 1), (1, 0)
    while denominator:
        whole = numerator // denominator
        low, high = high, (whole * high[0] + low[0], whole * high[1] + low[1])
        if high[0] / high[1] == value:
            return Fraction(*high)
        numerator, denominator = denominator, numerator - whole * denominator
    return Fraction(value)


def is_its_own_mean(value: Any, count: int) -> bool:
    """Whether the mean of up to so many of a value is that value, or has no meaning."""
    if isinstance(value, float | Fraction) or not isinstance(value, Number):
        return True
    if isinstance(value, int):
        return abs(value) <= WHOLE
    try:
        return all(mean([value] * n) == value for n in range(2, count + 1))
    except (ArithmeticError, TypeError, ValueError):
        return True


def common_denominator(values: Sequence[Fraction]) -> int:
    """The least denominator that all have in common."""
    return math.lcm(*(value.denominator for value in values))


def over_common_denominator(values: Sequence[Any]) -> tuple[list[int], int]:
    """Integers and floats as integers, each over the same denominator."""
    numbers = [rational(x) if isinstance(x, float) else Fraction(x) for x in values]
    denominator = common_denominator(numbers)
    return [int(number * denominator) for number in numbers], denominator


def _is_finite_float(value: Any) -> bool:
    return isinstance(value, float) and math.isfinite(value)
