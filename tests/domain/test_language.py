"""What a domain's automaton says is what one finds by looking at every sequence."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from optitracr import domain
from optitracr.domain import binding
from optitracr.domain.binding import bound
from optitracr.domain.language import Language, every_input
from optitracr.errors import InputError
from tests.domain.meaning import LONGEST, SEQUENCES, VOCABULARY, holds, random_domain

CODES = {token: code for code, token in enumerate(VOCABULARY)}


def cases(count: int, seed: int) -> list[tuple[Language, list[list[str]]]]:
    """Random domains that have inputs, and these."""
    rng = random.Random(seed)
    found = []
    while len(found) < count:
        promise = random_domain(rng)
        inside = [tokens for tokens in SEQUENCES if holds(promise, tokens)]
        if inside:
            found.append((bound(promise, VOCABULARY, LONGEST, "bos"), inside))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_inputs_are_told_from_others(seed: int) -> None:
    for language, inside in cases(25, seed):
        assert [tokens for tokens in SEQUENCES if language.contains(tokens)] == inside, language
        assert not language.contains([])
        assert not language.contains(["1"] * (LONGEST + 1))
        assert not language.contains(["2"])
        assert language.contains(["bos", *inside[0]])


@pytest.mark.parametrize("seed", range(6))
def test_inputs_are_counted_and_listed(seed: int) -> None:
    for language, inside in cases(25, seed):
        by_length = Counter(map(len, inside))
        assert language.count() == len(inside)
        assert [language.count(n) for n in range(LONGEST + 1)] == [
            by_length[n] for n in range(LONGEST + 1)
        ]
        assert language.lengths == tuple(sorted(by_length))
        assert list(language.enumerate(1000)) == inside
        assert list(language.enumerate(3)) == inside[:3]
        few = [n for n in range(LONGEST + 1) if sum(by_length[k] for k in range(n + 1)) <= 50]
        assert language.rows.exhausted(50) == few[-1]


@pytest.mark.parametrize("seed", range(6))
def test_what_stands_where(seed: int) -> None:
    for language, inside in cases(25, seed):
        at = np.zeros((LONGEST + 1, LONGEST, len(VOCABULARY)), dtype=bool)
        in_order = np.zeros((len(VOCABULARY),) * 2, dtype=bool)
        for tokens in inside:
            codes = [CODES[token] for token in tokens]
            at[len(codes), np.arange(len(codes)), codes] = True
            for place, code in enumerate(codes):
                in_order[code, codes[place + 1 :]] = True
        assert np.array_equal(language.occurrence.places, at.any(axis=0)), language
        assert np.array_equal(language.occurrence.in_order, in_order), language
        for length in range(1, LONGEST + 1):
            assert np.array_equal(language.occurrence.places_in(length), at[length][:length])


@pytest.mark.parametrize("seed", range(6))
def test_fewest_and_most(seed: int) -> None:
    sets = np.random.default_rng(seed).random((6, len(VOCABULARY))) < 0.5
    for language, inside in cases(25, seed):
        counts = [[sum(s[CODES[t]] for t in tokens) for tokens in inside] for s in sets]
        least, most = language.occurrence.least_and_most(sets)
        assert least.tolist() == [min(row) for row in counts], language
        assert most.tolist() == [max(row) for row in counts], language


@pytest.mark.parametrize("seed", range(6))
def test_what_is_drawn_and_mended_is_inside(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for language, inside in cases(25, seed):
        for row in language.rows.sample(rng, 20):
            assert language.rows.tokens(row) in inside
        lengths = rng.integers(1, LONGEST + 1, (30, 1))
        given = rng.integers(len(VOCABULARY), size=(30, LONGEST))
        given = np.where(np.arange(LONGEST) < lengths, given, -1)
        mended = [language.rows.tokens(row) for row in language.rows.mended(rng, given)]
        assert all(tokens in inside for tokens in mended)
        stay = [x for x in map(language.rows.tokens, given) if x in inside]
        assert all(tokens in mended for tokens in stay)


def test_draws_are_uniform_over_the_inputs_of_a_length() -> None:
    language = bound(domain.matches("[01]{3}|0{2}[+]"), VOCABULARY, LONGEST)
    drawn = Counter(map(tuple, language.rows.sample(np.random.default_rng(0), 9000).tolist()))
    assert len(drawn) == language.count() == 9
    # Five standard deviations of a binomial around 1000.
    assert all(abs(count - 1000) < 150 for count in drawn.values())


def test_a_predicate_that_cannot_be_asked_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "MAX_ASKED", 10)
    inside = [tokens for tokens in SEQUENCES if len(set(tokens)) == 1 and "+" not in tokens]
    promise = domain.where(lambda tokens: len(set(tokens)) == 1) & domain.matches("[^+]*")
    language = bound(promise, VOCABULARY, LONGEST)
    assert not language.is_exact
    assert [tokens for tokens in SEQUENCES if language.contains(tokens)] == inside
    assert list(language.enumerate(1000)) == inside
    with pytest.raises(InputError, match="holds a predicate"):
        language.count()


def test_large_domains_are_counted_exactly() -> None:
    digits = tuple("0123456789")
    pattern = r"\d+\+\d+=?"
    language = bound(domain.matches(pattern), tuple(sorted((*digits, "+", "="))), 64)
    expected = {n: (n - 2) * 10 ** (n - 1) + (n - 3) * 10 ** (n - 2) for n in range(3, 65)}
    assert all(language.count(n) == count for n, count in expected.items())
    drawn = language.rows.sample(np.random.default_rng(0), 200)
    assert all(language.contains(language.rows.tokens(row)) for row in drawn)
    assert not every_input(digits, 3).contains("0123")
    assert every_input(digits, 3).count() == 1110
