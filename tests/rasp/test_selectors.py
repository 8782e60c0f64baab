"""Selectors: predicates, combinations, simplification."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from optitracr import rasp
from optitracr.rasp import (
    Comparison,
    Full,
    Select,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    indices,
    selector_and,
    selector_not,
    selector_or,
    tokens,
)

EQ = Select(tokens, tokens, Comparison.EQ)
LT = Select(tokens, tokens, Comparison.LT)
OTHER = Select(indices, tokens, Comparison.LEQ)
IS_TWO = Select(tokens, Full(2), Comparison.EQ)
XS = [2, 0, 1, 2]


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        (Comparison.EQ, [False, True, False]),
        (Comparison.LT, [True, False, False]),
        (Comparison.LEQ, [True, True, False]),
        (Comparison.GT, [False, False, True]),
        (Comparison.GEQ, [False, True, True]),
        (Comparison.NEQ, [True, False, True]),
        (Comparison.TRUE, [True, True, True]),
        (Comparison.FALSE, [False, False, False]),
    ],
)
def test_comparisons_have_the_key_on_the_left(comparison: Comparison, expected: list[bool]) -> None:
    assert [comparison(key, 2) for key in (1, 2, 3)] == expected
    opposite = selector_not(Select(tokens, tokens, comparison))
    assert isinstance(opposite, Select)
    assert [opposite.predicate(key, 2) for key in (1, 2, 3)] == [not x for x in expected]


def test_rows_are_queries_and_columns_keys() -> None:
    assert OTHER(XS) == [
        [True, True, True, False],
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
    ]


@pytest.mark.parametrize("comparison", list(Comparison))
def test_none_is_never_selected(comparison: Comparison) -> None:
    some = rasp.Map({1: 1}.get, tokens)
    assert Select(some, tokens, comparison)([1, 2])[0][1] is False
    assert Select(tokens, some, comparison)([1, 2])[1] == [False, False]


def test_predicate_results_become_bools() -> None:
    assert Select(tokens, tokens, lambda k, q: k)([0, 3]) == [[False, True], [False, True]]


COMBINED: list[tuple[Callable[[], rasp.Selector], type[rasp.Selector]]] = [
    (lambda: EQ & LT, Select),
    (lambda: EQ | LT, Select),
    (lambda: ~EQ, Select),
    (lambda: ~~EQ, Select),
    (lambda: ~(EQ | LT), Select),
    (lambda: EQ & OTHER, SelectorAnd),
    (lambda: EQ | OTHER, SelectorOr),
    (lambda: ~(EQ & OTHER), SelectorNot),
    (lambda: ~~(EQ & OTHER), SelectorAnd),
    (lambda: EQ & Select(Full(1), tokens, Comparison.LEQ), Select),
    (lambda: Select(Full(1), tokens, Comparison.LEQ) & OTHER, Select),
    (lambda: Select(tokens, Full(1), Comparison.GT) | EQ, Select),
    (
        lambda: Select(Full(1), tokens, Comparison.LT) & Select(tokens, Full(2), Comparison.EQ),
        Select,
    ),
    (lambda: Select(Full(1), Full(0), Comparison.GT) | EQ, Select),
    (lambda: Select(Full(None), tokens, Comparison.TRUE) | EQ, SelectorOr),
    (lambda: Select(indices, indices, Comparison.TRUE) & EQ, Select),
    (lambda: EQ & Select(indices, indices, Comparison.FALSE), Select),
    (lambda: Select(indices, indices, Comparison.TRUE) | EQ, Select),
    (lambda: EQ | Select(indices, indices, Comparison.FALSE), Select),
    (lambda: EQ & Select(rasp.length, Full(3), Comparison.TRUE), Select),
    (lambda: OTHER & (EQ & LT), SelectorAnd),
]


@pytest.mark.parametrize(("make", "kind"), COMBINED)
def test_kind_of_combinations(make: Callable[[], rasp.Selector], kind: type[rasp.Selector]) -> None:
    assert type(make()) is kind


PAIRS = [
    (EQ, LT),
    (EQ, OTHER),
    (Select(Full(1), tokens, Comparison.LEQ), EQ),
    (Select(tokens, Full(1), Comparison.GT), OTHER),
    (Select(Full(1), tokens, Comparison.LT), IS_TWO),
    (Select(indices, indices, Comparison.TRUE), EQ),
    (Select(indices, indices, Comparison.FALSE), EQ),
    (Select(tokens, tokens, Comparison.FALSE), OTHER),
    (EQ & LT, ~EQ),
]


@pytest.mark.parametrize(("fst", "snd"), PAIRS)
def test_simplified_equals_unsimplified(fst: rasp.Selector, snd: rasp.Selector) -> None:
    for xs in product([0, 1, 2], repeat=3):
        for one, other in ((fst, snd), (snd, fst)):
            assert (one & other)(xs) == selector_and(one, other, simplify=False)(xs)
            assert (one | other)(xs) == selector_or(one, other, simplify=False)(xs)
        assert (~fst)(xs) == selector_not(fst, simplify=False)(xs)


def test_without_simplification() -> None:
    assert isinstance(selector_and(EQ, LT, simplify=False), SelectorAnd)
    assert isinstance(selector_or(EQ, LT, simplify=False), SelectorOr)
    inner = selector_not(EQ, simplify=False)
    assert isinstance(inner, SelectorNot)
    assert inner.inner is EQ
    assert isinstance(selector_not(inner, simplify=False), SelectorNot)


def test_negated_select_still_leaves_none_out() -> None:
    some = rasp.Map({1: 1}.get, tokens)
    select = Select(some, tokens, Comparison.EQ)
    assert (~select)([1, 2]) == [[False, False], [True, False]]
    assert selector_not(select, simplify=False)([1, 2]) == [[False, True], [True, True]]


def test_combinations_name_their_operands() -> None:
    both = EQ & OTHER
    assert isinstance(both, SelectorAnd)
    assert both.fst is EQ
    assert both.snd is OTHER
    assert list(both.children) == [EQ, OTHER]


def test_constant_selector() -> None:
    matrix = [[True, False], [True, True]]
    assert rasp.ConstantSelector(matrix)("ab") == matrix
    fitted = rasp.ConstantSelector(matrix, check_length=False)
    assert fitted("a") == [[True]]
    assert fitted("abc") == [[True, False, False], [True, True, False], [False, False, False]]


def test_thousands_of_conjunctions_over_the_same_keys() -> None:
    selector: rasp.Selector = EQ
    for _ in range(3000):
        selector = selector & EQ
    assert selector([1, 2]) == [[True, False], [False, True]]
