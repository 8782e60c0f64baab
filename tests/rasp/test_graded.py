"""Selectors of one key, the first, the last or the best, in the interpreters."""

from __future__ import annotations

import pytest

from optitracr import rasp
from optitracr.errors import EvaluationError, ProgramError
from optitracr.rasp import (
    Aggregate,
    Comparison,
    Map,
    Select,
    SelectBest,
    SelectFirst,
    SelectLast,
    SelectorWidth,
    indices,
    tokens,
)

ALL = Select(indices, indices, Comparison.TRUE)
SAME = Select(tokens, tokens, Comparison.EQ)
BEFORE = Select(indices, indices, Comparison.LT)


def test_the_first_and_the_last_of_what_is_selected() -> None:
    assert Aggregate(SelectFirst(SAME), indices)(list("abcab")) == [0, 1, 2, 0, 1]
    assert Aggregate(SelectLast(SAME), indices)(list("abcab")) == [3, 4, 2, 3, 4]
    last = Aggregate(SelectLast(SAME & BEFORE), indices)
    assert last(list("aaba")) == [None, 0, None, 1]


def test_ties_of_the_best_go_to_the_last_position() -> None:
    best = Aggregate(SelectBest(ALL, SelectorWidth(SAME)), indices)
    assert best(list("aabb")) == [3] * 4
    assert best(list("abb")) == [2] * 3
    assert best(list("bba")) == [1] * 3


def test_scores_of_different_types_are_compared_and_none_is_left_out() -> None:
    score = Map({"a": 1, "b": 1.5, "c": True}.get, tokens)
    best = Aggregate(SelectBest(ALL, score), indices, default="none")
    assert best(list("acd")) == [1] * 3
    assert best(list("bca")) == [0] * 3
    assert best(list("dd")) == ["none"] * 2


def test_a_score_that_is_no_number_is_undefined_where_its_key_is_selected() -> None:
    best = SelectBest(Select(tokens, tokens, Comparison.EQ), tokens).named("best")
    with pytest.raises(EvaluationError, match=r"'best_\d+' .* the score 'a' is no number"):
        best(["a"])
    assert SelectBest(ALL & ~ALL, tokens)(["a"]) == [[False]]
    with pytest.raises(EvaluationError, match="no number"):
        SelectBest(ALL, Map(lambda x: float("nan"), tokens))(["a"])


def test_the_causal_reading_takes_what_a_query_sees() -> None:
    assert rasp.evaluate_causal(Aggregate(SelectLast(ALL), indices), list("aaa")) == [0, 1, 2]
    best = Aggregate(SelectBest(ALL, -indices), indices)
    assert rasp.evaluate_causal(best, list("aaa")) == [0] * 3


def test_they_combine_as_other_selectors_do() -> None:
    last, xs = SelectLast(SAME), list("aba")
    assert SelectorWidth(last)(xs) == [1, 1, 1]
    assert SelectorWidth(~last)(xs) == [2, 2, 2]
    assert SelectorWidth(last & BEFORE)(xs) == [0, 0, 0]
    assert SelectorWidth(SelectFirst(SAME) | last)(xs) == [2, 1, 2]
    assert SelectLast(SelectFirst(SAME))(xs) == SelectFirst(SAME)(xs)
    assert str(last.named("newest").label) == "newest_3"


@pytest.mark.parametrize("make", [SelectFirst, SelectLast, lambda x: SelectBest(x, indices)])
def test_only_selectors_have_a_best_key(make: object) -> None:
    with pytest.raises(ProgramError, match="must be a selector"):
        make(tokens)  # type: ignore[operator]
    with pytest.raises(ProgramError, match="its score must be an s-op"):
        SelectBest(ALL, 1)  # type: ignore[arg-type]
