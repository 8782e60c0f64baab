"""The search for rare inputs: it finds what random inputs miss, the same in every run."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.checking import verification
from optitracr.checking.rare_inputs import RareInputs, SearchBudget, find_rare_inputs
from optitracr.checking.verification import verify_model
from optitracr.errors import VerificationError
from optitracr.inputs import check_inputs, telling_inputs

LETTERS = tuple(string.ascii_lowercase)
BUDGET = SearchBudget(evaluated=4096, kept=400)
PREVIOUS = rasp.Aggregate(
    rasp.Select(rasp.indices, rasp.indices, lambda key, query: key == query - 1), rasp.tokens
)


def after(first: str, second: str) -> rasp.SOp:
    return rasp.SequenceMap(lambda p, x: (p, x) == (first, second), PREVIOUS, rasp.tokens)


def selecting(key: str, query: str) -> rasp.Selector:
    return rasp.Select(rasp.tokens, rasp.tokens, lambda k, q: k == key and q == query)


def two_pairs() -> rasp.SOp:
    both = rasp.Select(after("x", "y"), rasp.tokens, lambda key, query: key and query == "z")
    return rasp.SelectorWidth(both) >= 2


RARE: dict[str, tuple[Callable[[], rasp.SOp], object]] = {
    "a selector selects three": (lambda: rasp.SelectorWidth(selecting("j", "w")), 3),
    "one pair in a row": (lambda: after("q", "z"), True),
    "a mean of two positions": (lambda: rasp.Aggregate(selecting("f", "m"), rasp.indices), 7.5),
    "two pairs in a row and a third token": (two_pairs, True),
}


def sequences(found: RareInputs) -> list[list[str]]:
    return [[LETTERS[code] for code in row if code >= 0] for row in found.codes.tolist()]


@pytest.mark.parametrize("name", RARE)
def test_rare_values_are_found(name: str) -> None:
    make, value = RARE[name]
    program = make()
    found = find_rare_inputs(program, LETTERS, 12, budget=BUDGET)
    assert any(value in program(xs) for xs in sequences(found))
    assert len(found.codes) <= BUDGET.kept
    assert found.evaluated == BUDGET.evaluated
    assert found.lengths.min() >= 1


def test_random_inputs_miss_them() -> None:
    sample = check_inputs(len(LETTERS), 12, 64, 64, seed=0)
    program = rasp.SelectorWidth(selecting("j", "w"))
    rows = [[LETTERS[code] for code in row if code >= 0] for row in sample.codes.tolist()]
    assert not any(2 in program(xs) for xs in rows)


def test_the_same_in_every_run() -> None:
    first, again = (find_rare_inputs(two_pairs(), LETTERS, 9, budget=BUDGET) for _ in range(2))
    assert np.array_equal(first.codes, again.codes)
    other = find_rare_inputs(two_pairs(), LETTERS, 9, budget=BUDGET, seed=1)
    assert not np.array_equal(first.codes, other.codes)


def test_known_inputs_are_built_on() -> None:
    code = {letter: place for place, letter in enumerate(LETTERS)}
    known = [[code[letter] for letter in "axyzz"]]
    few = SearchBudget(evaluated=200, kept=200)
    found = find_rare_inputs(two_pairs(), LETTERS, 9, budget=few, known=known)
    assert list("axyzz") in sequences(found)


def test_inputs_on_which_the_program_is_undefined_are_left_out() -> None:
    program = rasp.Map(lambda token: LETTERS.index(token) // (token != "k"), rasp.tokens)
    found = find_rare_inputs(program, LETTERS, 4, budget=BUDGET)
    assert {xs for row in sequences(found) for xs in row} == set(LETTERS) - {"k"}


def test_the_causal_reading_is_searched_where_asked() -> None:
    program = rasp.SelectorWidth(selecting("j", "w"))
    found = find_rare_inputs(program, LETTERS, 6, causal=True, budget=BUDGET)
    values = {x for xs in sequences(found) for x in rasp.evaluate_causal(program, xs)}
    assert values >= {0, 1, 2, 3}


@pytest.mark.parametrize(("vocabulary", "longest"), [(1, 1), (2, 3), (40, 5), (3, 200)])
def test_starting_inputs(vocabulary: int, longest: int) -> None:
    codes = telling_inputs(np.random.default_rng(0), vocabulary, longest, 100)
    assert 1 <= len(codes) <= 100
    assert codes.shape[1] == longest
    assert codes.min() >= -1
    assert codes.max() < vocabulary
    assert set(range(vocabulary)) <= set(codes.ravel().tolist())


def test_verification_sees_a_fault_that_only_rare_inputs_show(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The weights of a program that differs where two or three keys are selected."""
    width = rasp.SelectorWidth(selecting("j", "w"))
    right, other = (
        compile_rasp_to_model(
            rasp.Map(lambda n, wanted=wanted: n == wanted, width).named("rare"),
            LETTERS,
            8,
            optimize=1,
        )
        for wanted in (2, 3)
    )
    faulty = replace(right, params=other.params)
    assert verify_model(right, 100, 100, backend="numpy").inputs > 200
    with pytest.raises(VerificationError, match="'j'"):
        verify_model(faulty, 100, 100, backend="numpy")
    monkeypatch.setattr(verification, "add_rare_inputs", lambda inputs, *_: inputs)
    verify_model(faulty, 100, 100, backend="numpy")
