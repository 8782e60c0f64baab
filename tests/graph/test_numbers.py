"""Numbers that float32 does not carry are refused by name, before anything is computed."""

from __future__ import annotations

import math
import warnings
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.errors import LimitError, ProgramError, UnsupportedError, ValueSetError

LEVELS = (0, 1, 2)
EVERYWHERE = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.TRUE)
OTHERS = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.NEQ)


def chosen(value: Any, other: Any = 2) -> rasp.SOp:
    return rasp.Map(lambda x: value if x == "b" else other, rasp.tokens).named("chosen")


def assert_exact(program: rasp.SOp, level: int, length: int = 3) -> None:
    model = compile_rasp_to_model(program, {"a", "b"}, length, optimize=level, time_limit=1)
    for size in range(1, length + 1):
        for xs in product("ab", repeat=size):
            got, want = model.apply(["compiler_bos", *xs]).decoded[1:], program(list(xs))
            for found, wanted in zip(got, want, strict=True):
                assert abs(found - wanted) <= 1e-4 * max(1.0, abs(wanted))
                assert wanted != round(wanted) or round(found) == wanted


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e200, -(10**500), 2**25 + 1, 1e30])
def test_numbers_beyond_float32_are_named(value: float, level: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(LimitError, match="s-op 'chosen"):
            compile_rasp_to_model(rasp.numerical(chosen(value)), {"a", "b"}, 3, optimize=level)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("value", [2**24, 16_000_001, 0.3, 1e-200, 5e-324, -(2**23), True])
def test_numbers_that_float32_carries_compile(value: float, level: int) -> None:
    assert_exact(rasp.numerical(chosen(value, 0)), level)


@pytest.mark.sweep
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("value", [math.inf, 1e200, 10**500, 1e-200, 2**64 + 1])
def test_classes_may_be_any_number(value: float, level: int) -> None:
    program = rasp.SequenceMap(lambda x, i: x * 2 if i else x, chosen(value), rasp.indices)
    model = compile_rasp_to_model(program, {"a", "b"}, 2, optimize=level)
    assert model.apply(["compiler_bos", "b", "b"]).decoded[1:] == program(["b", "b"])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("value", [float("nan"), ("a", float("nan"))])
def test_what_does_not_equal_itself_is_named(value: Any, level: int) -> None:
    before = rasp.Select(rasp.indices, rasp.indices, lambda k, q: k == q - 1)
    for program in (chosen(value), rasp.Aggregate(before, rasp.tokens, default=value)):
        with pytest.raises(ValueSetError, match="does not equal itself"):
            compile_rasp_to_model(program, {"a", "b"}, 3, optimize=level)


@pytest.mark.parametrize("level", LEVELS)
def test_sums_whose_terms_cancel_are_named(level: int) -> None:
    first, second = rasp.numerical(chosen(1e6 + 0.5, 0.3)), rasp.numerical(chosen(1e6, 0.2))
    program = rasp.numerical(rasp.LinearSequenceMap(first, second, 1, -1)).named("difference")
    with pytest.raises(LimitError, match="'difference"):
        compile_rasp_to_model(program, {"a", "b"}, 3, optimize=level)
    mean = rasp.numerical(rasp.Aggregate(EVERYWHERE, rasp.numerical(chosen(1e5, -1e5)), default=0))
    with pytest.raises(LimitError, match="'aggregate"):
        compile_rasp_to_model(mean, {"a", "b"}, 6, optimize=level)


@pytest.mark.parametrize("level", LEVELS)
def test_whole_sums_may_be_large(level: int) -> None:
    first, second = rasp.numerical(chosen(8_000_000, 1)), rasp.numerical(chosen(7_999_999, 0))
    assert_exact(rasp.numerical(rasp.LinearSequenceMap(first, second, 1, -1)), level)


def mean_of_powers(base: int, selector: rasp.Selector = EVERYWHERE) -> rasp.SOp:
    powers = rasp.numerical(rasp.Map(lambda i: base**i, rasp.indices))
    return rasp.numerical(rasp.Aggregate(selector, powers, default=0))


@pytest.mark.sweep
@pytest.mark.parametrize("level", LEVELS)
def test_means_of_large_whole_numbers(level: int) -> None:
    assert_exact(mean_of_powers(8), level, 5)
    assert_exact(mean_of_powers(8), level, 8)
    some = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
    with pytest.raises(LimitError, match="rounds to the right one"):
        compile_rasp_to_model(mean_of_powers(8, some), {"a", "b"}, 8, optimize=level)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("value", [Fraction(1, 3), Decimal("0.5"), 1 + 2j, "x", (1,)])
def test_what_is_no_number_is_named(value: Any, level: int) -> None:
    mean = rasp.Aggregate(EVERYWHERE, chosen(value))
    for program in (rasp.numerical(chosen(value)), rasp.numerical(mean)):
        with pytest.raises(ProgramError, match=r"no int or float|no number"):
            compile_rasp_to_model(program, {"a", "b"}, 3, optimize=level)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("default", ["none", (1, 2), {"a": 1}, [0], 1e40, math.inf])
def test_defaults_of_numbers_that_are_none(default: Any, level: int) -> None:
    program = rasp.numerical(rasp.Aggregate(OTHERS, rasp.numerical(rasp.indices), default=default))
    with pytest.raises((UnsupportedError, ValueSetError, LimitError), match=r"'aggregate.*default"):
        compile_rasp_to_model(program, {"a", "b"}, 3, optimize=level)


@pytest.mark.parametrize("default", ["none", (1, 2), 7, -0.5, True, 10**40])
def test_defaults_of_classes(default: Any) -> None:
    before = rasp.Select(rasp.indices, rasp.indices, lambda k, q: k == q - 1)
    program = rasp.Aggregate(before, rasp.indices, default=default)
    model = compile_rasp_to_model(program, {"a"}, 3)
    assert model.apply(["compiler_bos", "a", "a"]).decoded[1:] == [default, 0]


@pytest.mark.parametrize("level", LEVELS)
def test_a_small_number_beside_a_large_one_that_is_commoner(level: int) -> None:
    def found(x: str, i: int) -> float:
        return 0.3 if (x, i) == ("b", 1) else 1e6 + 0.25

    assert_exact(rasp.numerical(rasp.SequenceMap(found, rasp.tokens, rasp.indices)), level)
