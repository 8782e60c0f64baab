"""When values are the same, and NumPy's scalars."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

from optitracr import rasp
from optitracr.rasp.identity import equals_itself, identity_key, is_same, plain
from optitracr.rasp.tables import Interner


class Point(NamedTuple):
    x: int
    y: int


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (2, 2.0),
        (0, False),
        (0.0, -0.0),
        ((1, ("a", 0)), (1, ("a", False))),
        (frozenset({1}), frozenset({True})),
        (complex(0, 0.0), complex(0, -0.0)),
        (Decimal("1"), Decimal("1.0")),
        (Fraction(3), 3),
        (Point(1, 2), (1, 2)),
    ],
)
def test_equal_values_that_are_not_the_same(one: Any, other: Any) -> None:
    assert one == other
    assert not is_same(one, other)
    assert Interner([one, other]).values == [None, one, other]


def test_values_that_are_the_same() -> None:
    for value in (1, "a", True, 0.5, -0.0, (1, (2.0, None)), float("nan"), Decimal("1.0"), 2**70):
        assert is_same(value, type(value)(str(value)) if isinstance(value, float) else value)
    assert identity_key((1, 2)) == identity_key((*range(1, 3),))


def test_what_does_not_equal_itself() -> None:
    assert not equals_itself(float("nan"))
    assert not equals_itself((1, (float("nan"),)))
    assert equals_itself((1, frozenset({0.5})))


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        (np.int64(3), 3),
        (np.uint8(3), 3),
        (np.float32(0.5), 0.5),
        (np.float64(0.1), 0.1),
        (np.bool_(True), True),
        (np.str_("ab"), "ab"),
        ((np.int8(1), (np.str_("x"),)), (1, ("x",))),
    ],
)
def test_scalars_of_numpy_are_what_they_stand_for(scalar: Any, value: Any) -> None:
    assert is_same(plain(scalar), value)
    for program in (rasp.Full(scalar), rasp.Map(lambda _: scalar, rasp.tokens)):
        assert is_same(program(["a"])[0], value)
    seen: list[Any] = []
    rasp.Map(seen.append, rasp.tokens)([scalar])
    assert is_same(seen[0], value)


def test_arrays_stay_arrays() -> None:
    array = np.array([1])
    assert plain(array) is array
    assert plain((array, 1))[0] is array
