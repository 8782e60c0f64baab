"""What a refusal recommends helps: the program that follows it compiles and is exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.errors import OptitracrError, UnsupportedError, VerificationError
from optitracr.rasp import Comparison, indices, tokens

EVERYWHERE = rasp.Select(indices, indices, Comparison.TRUE)
BEFORE = rasp.Select(indices, indices, lambda k, q: k == q - 1)
OTHERS = rasp.Select(tokens, tokens, Comparison.NEQ)


def chosen(one: Any, other: Any) -> rasp.SOp:
    return rasp.Map(lambda x: one if x == "a" else other, tokens)


def mean(operand: rasp.SOp, **default: Any) -> rasp.SOp:
    return rasp.Aggregate(EVERYWHERE, operand, **default)


@dataclass(frozen=True)
class Refusal:
    """A program that is refused, and what becomes of it by its message.

    Attributes:
        name: What is refused.
        refused: The program.
        recommended: The words of the message that are followed.
        remedied: The program that follows them, one for each of several ways.
        levels: Where it is refused.
        remedied_levels: Where the remedy compiles.
    """

    name: str
    refused: Callable[[], rasp.SOp]
    recommended: str
    remedied: Callable[[], rasp.SOp]
    levels: tuple[int, ...] = (0, 1, 2)
    remedied_levels: tuple[int, ...] = (0, 1, 2)


REFUSALS = (
    Refusal(
        "a mean of fractions as classes",
        lambda: mean(chosen(Fraction(1, 7), Fraction(3, 2))),
        "map such numbers to floats",
        lambda: mean(rasp.Map(float, chosen(Fraction(1, 7), Fraction(3, 2)))),
    ),
    Refusal(
        "a mean of fractions as a number",
        lambda: rasp.numerical(mean(chosen(Fraction(1, 7), 2), default=0)),
        "rasp.Map(float, ...)",
        lambda: rasp.numerical(mean(rasp.Map(float, chosen(Fraction(1, 7), 2)), default=0)),
    ),
    Refusal(
        "a number that is a text",
        lambda: rasp.numerical(chosen("x", 2)),
        "encode it with rasp.categorical",
        lambda: rasp.categorical(chosen("x", 2)),
    ),
    Refusal(
        "a number beyond float32",
        lambda: rasp.numerical(chosen(2**30 + 1, 2**30)),
        "rasp.categorical",
        lambda: rasp.categorical(chosen(2**30 + 1, 2**30)),
    ),
    Refusal(
        "a number beyond float32, scaled down",
        lambda: rasp.numerical(chosen(2**30, 2**29)),
        "scale it down",
        lambda: rasp.numerical(chosen(2**30, 2**29) / 2**20),
    ),
    Refusal(
        "a mean beyond float32",
        lambda: rasp.numerical(mean(chosen(2**23 + 1, 1), default=0)),
        "scale it down",
        lambda: rasp.numerical(mean(chosen(2**23 + 1, 1) / 2**16, default=0)),
    ),
    Refusal(
        "an infinite number",
        lambda: rasp.numerical(chosen(float("inf"), 1)),
        "put a small number in its place",
        lambda: rasp.numerical(chosen(-1, 1)),
    ),
    Refusal(
        "a value that does not equal itself",
        lambda: chosen(float("nan"), 1),
        "return None for no value",
        lambda: chosen(None, 1),
    ),
    Refusal(
        "a number that defaults to a text",
        lambda: rasp.numerical(rasp.Aggregate(OTHERS, rasp.numerical(indices), default="x")),
        "give it a number (default=0)",
        lambda: rasp.numerical(rasp.Aggregate(OTHERS, rasp.numerical(indices), default=0)),
    ),
    Refusal(
        "a class that defaults to a number",
        lambda: rasp.Aggregate(BEFORE, indices, default=9),
        "annotate it rasp.numerical",
        lambda: rasp.numerical(rasp.Aggregate(BEFORE, indices, default=9)),
        levels=(0, 1),
    ),
    Refusal(
        "a class that defaults to a text",
        lambda: rasp.Aggregate(BEFORE, tokens, default="x"),
        "compile with optimize=2",
        lambda: rasp.Aggregate(BEFORE, tokens, default="x"),
        levels=(0, 1),
        remedied_levels=(2,),
    ),
    Refusal(
        "a mean that can be None",
        lambda: rasp.numerical(
            rasp.Aggregate(OTHERS, rasp.numerical(rasp.Map(lambda i: 3**i + 0.1, indices)))
        ),
        "default=0",
        lambda: rasp.numerical(
            rasp.Aggregate(
                OTHERS, rasp.numerical(rasp.Map(lambda i: 3**i + 0.1, indices)), default=0
            )
        ),
    ),
)


def assert_exact(program: rasp.SOp, level: int, length: int) -> None:
    model = compile_rasp_to_model(program, {"a", "b"}, length, optimize=level, time_limit=1)
    for size in range(1, length + 1):
        for xs in product("ab", repeat=size):
            found = model.apply_batch([["compiler_bos", *xs]]).decoded[0][1:]
            for value, wanted in zip(found, program(list(xs)), strict=True):
                if rasp.is_numerical(program):
                    assert abs(value - wanted) <= 1e-4 * max(1.0, abs(wanted))
                else:
                    assert value == wanted


@pytest.mark.sweep
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
def test_what_is_recommended_helps(refusal: Refusal) -> None:
    length = 11 if refusal.name == "a mean that can be None" else 3
    for level in refusal.levels:
        with pytest.raises(OptitracrError) as caught:
            compile_rasp_to_model(refusal.refused(), {"a", "b"}, length, optimize=level)
        assert refusal.recommended in str(caught.value)
        assert not isinstance(caught.value, VerificationError)
    for level in refusal.remedied_levels:
        assert_exact(refusal.remedied(), level, min(length, 3))


PREVIOUS = rasp.Aggregate(
    rasp.Select(rasp.indices, rasp.indices, lambda k, q: k == q - 1), rasp.tokens
).named("before")
ORDER = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LT)


def width_of_a_union(keys: rasp.SOp) -> rasp.SOp:
    return rasp.SelectorWidth(rasp.Select(keys, rasp.tokens, rasp.Comparison.EQ) | ORDER)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_none_in_a_union_is_traced_to_where_it_comes_from(level: int) -> None:
    """A map of None is None, so nothing done to the map helps."""
    refused = width_of_a_union(rasp.Map(lambda x: x, PREVIOUS, simplify=False))
    with pytest.raises(UnsupportedError, match=r"give 'before\w*' a default .* optimize=2"):
        compile_rasp_to_model(refused, set("ab"), 4, optimize=level)
    first = rasp.Aggregate(PREVIOUS.selector, rasp.tokens, default="#")
    assert compile_rasp_to_model(width_of_a_union(first), set("ab"), 4).verify().exhaustive


def test_none_of_a_function_is_for_the_function_to_mend() -> None:
    refused = width_of_a_union(rasp.Map(lambda x: x if x == "a" else None, rasp.tokens).named("f"))
    with pytest.raises(UnsupportedError, match=r"let the function of 'f\w*' return a value"):
        compile_rasp_to_model(refused, set("ab"), 4)
    mended = width_of_a_union(rasp.Map(lambda x: x if x == "a" else "", rasp.tokens))
    assert compile_rasp_to_model(mended, set("ab"), 4).verify().exhaustive
