"""Categorical Aggregates that average, often or rarely, are exact or refused by name."""

from __future__ import annotations

import string
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.errors import UnsupportedError
from optitracr.rasp import Aggregate, Comparison, Map, Select, SequenceMap, indices, tokens

LETTERS = tuple(string.ascii_lowercase)
UP_TO_B = Select(tokens, tokens, lambda k, q: k <= "b")
EARLIER = Select(indices, indices, Comparison.LEQ)
LESS = Select(tokens, tokens, Comparison.LT)
MIXED = Map({"a": 1, "b": 2, "c": "x"}.get, tokens)
AB_NUMBERS = Map({"a": 1, "b": 4}.get, tokens)


def ends(word: str) -> rasp.Selector:
    """Selects one letter from another."""
    return Select(tokens, tokens, lambda k, q: k == word[0] and q == word[1])


EXACT: dict[str, tuple[Callable[[], rasp.SOp], tuple[Any, ...], int]] = {
    "a mean beside a word": (lambda: Aggregate(UP_TO_B, MIXED), ("a", "b", "c"), 4),
    "words that are selected alone": (
        lambda: Aggregate(Select(tokens, tokens, lambda k, q: k <= "b" or q == "c"), MIXED),
        ("a", "b", "c"),
        4,
    ),
    "a word by default": (lambda: Aggregate(LESS, indices, "none"), ("a", "b"), 4),
    "a tuple by default, read": (
        lambda: Map(lambda x: x == (0,), Aggregate(LESS, indices, (0,))),
        ("a", "b"),
        4,
    ),
    "None at keys that are None": (
        lambda: Aggregate(Select(AB_NUMBERS, indices, Comparison.GEQ), AB_NUMBERS),
        ("a", "b", "c"),
        4,
    ),
    "a mean that is a value": (
        lambda: Aggregate(Select(indices, indices, lambda k, q: k in (1, 3)), indices),
        ("a",),
        5,
    ),
    "a mean that is the default": (
        lambda: Aggregate(Select(indices, indices, lambda k, q: q == 1), indices, 1),
        ("a",),
        4,
    ),
    "a mean of means": (
        lambda: Aggregate(EARLIER, Aggregate(EARLIER, indices)),
        ("a",),
        4,
    ),
    "a mean of fractions of tokens": (
        lambda: Aggregate(EARLIER, Map(lambda x: x / 7, tokens)),
        (1, 2, 3),
        3,
    ),
    "truth values": (lambda: Aggregate(EARLIER, tokens == "a"), ("a", "b"), 4),
}


@pytest.mark.sweep
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("name", EXACT)
def test_averages_are_exact(name: str, level: int) -> None:
    make, vocab, length = EXACT[name]
    try:
        model = compile_rasp_to_model(make(), vocab, length, optimize=level, check=False)
    except UnsupportedError:
        assert level < 2
        return
    report = model.verify(2_000)
    assert report.exhaustive


RARE: dict[str, tuple[Callable[[], rasp.SOp], list[str]]] = {
    "positions of one letter seen from another": (
        lambda: Aggregate(ends("kz"), indices),
        list("kkaz"),
    ),
    "both ends of a rare pair": (
        lambda: Aggregate(ends("kz") | ends("zk"), indices),
        list("zzk"),
    ),
    "a rare mark": (
        lambda: Aggregate(
            Select(
                SequenceMap(lambda t, i: t == "j" and i > 0, tokens, indices),
                tokens,
                lambda k, q: k and q == "a",
            ),
            indices,
        ),
        list("ajja"),
    ),
}


@pytest.mark.sweep
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("name", RARE)
def test_averages_that_hardly_any_input_takes(name: str, level: int) -> None:
    make, xs = RARE[name]
    program = make()
    model = compile_rasp_to_model(program, LETTERS, 4, optimize=level)
    expected = program(xs)
    assert any(isinstance(x, float) and x % 1 for x in expected)
    assert model.apply(["compiler_bos", *xs]).decoded[1:] == expected


@pytest.mark.parametrize(
    ("program", "named"),
    [
        (Aggregate(EARLIER, AB_NUMBERS), "['c']"),
        (Aggregate(EARLIER, Map(lambda t: Fraction(1, 3) if t == "a" else 2, tokens)), "Fraction"),
    ],
)
def test_what_no_number_holds_is_refused_by_name_with_an_input(
    program: rasp.SOp, named: str
) -> None:
    with pytest.raises(UnsupportedError, match="mean of different numbers, as on") as refusal:
        compile_rasp_to_model(program.named("average"), ("a", "b", "c"), 3)
    assert named in str(refusal.value)
    assert "s-op 'average" in str(refusal.value)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_what_a_mean_takes_more_is_said(level: int) -> None:
    program = Aggregate(ends("kz"), indices).named("rare")
    model = compile_rasp_to_model(program, LETTERS, 4, optimize=level, check=False)
    assert [row.variable for row in model.savings if row.kind == "added"] == [model.name]
    assert "the mean as a number" in str(model.savings)
    copy = Aggregate(Select(indices, indices, Comparison.EQ), indices)
    assert not compile_rasp_to_model(copy, LETTERS, 4, optimize=level).savings.of("added")


BIG = 2**53 + 1


def test_large_integers_are_not_their_own_means() -> None:
    """Two of one are rounded to another number, so that no copy is right."""
    for program, vocab in (
        (Aggregate(Select(tokens, tokens, Comparison.EQ), tokens), {BIG, BIG + 1}),
        (Aggregate(EARLIER, Map(lambda t: BIG, tokens)), {"a", "b"}),
    ):
        with pytest.raises(UnsupportedError, match=f"mean of {BIG} and itself, as on"):
            compile_rasp_to_model(program, vocab, 3)
    alone = Aggregate(Select(indices, indices, Comparison.EQ), tokens)
    assert compile_rasp_to_model(alone, {BIG, BIG + 1}, 3).verify().exhaustive


def test_infinity_has_no_place_beside_words() -> None:
    values = Map({"a": float("inf"), "b": 1, "c": "x"}.get, tokens)
    with pytest.raises(UnsupportedError, match="one is inf"):
        compile_rasp_to_model(Aggregate(EARLIER, values), {"a", "b", "c"}, 3)


NUMBER = rasp.numerical(Map({"a": 0, "b": 1}.get, tokens))


@pytest.mark.sweep
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("default", [None, 0, 3])
@pytest.mark.parametrize(
    "read",
    [
        lambda x: rasp.categorical(Map(lambda v: "one" if v == 1 else "not", x)),
        lambda x: rasp.numerical(x + 1),
        lambda x: Aggregate(Select(indices, indices, Comparison.EQ), rasp.categorical(x * 2)),
        lambda x: rasp.SelectorWidth(Select(x, tokens, lambda k, q: k == 1)),
    ],
)
@pytest.mark.parametrize("before", [0, 1])
def test_numbers_that_are_copied_and_can_be_none(
    before: int, read: Callable[[rasp.SOp], rasp.SOp], default: Any, level: int
) -> None:
    """What reads such a copy is asked for the operand's values, and for no means of them."""
    one = Select(indices, indices, lambda k, q: k == q - before)
    program = read(rasp.numerical(Aggregate(one, NUMBER, default)))
    try:
        model = compile_rasp_to_model(program, {"a", "b", "c"}, 3, optimize=level)
    except UnsupportedError:
        assert level < 2
        return
    assert model.verify().exhaustive
