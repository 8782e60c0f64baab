"""The promise that each query selects at most one key, in the interpreters."""

from __future__ import annotations

import re

import pytest

from optitracr import rasp
from optitracr.errors import EvaluationError, ProgramError
from optitracr.rasp import (
    Aggregate,
    Comparison,
    Full,
    Select,
    SelectorAnd,
    SelectorAtMostOne,
    SelectorOr,
    at_most_one,
    indices,
    tokens,
)

PLUS = Select(tokens, Full("+"), Comparison.EQ)
ONCE = at_most_one(PLUS)
ALL = Select(indices, indices, Comparison.TRUE)
NOTHING = Select(indices, indices, Comparison.FALSE)


def test_it_selects_what_the_other_does() -> None:
    assert ONCE(list("a+b")) == PLUS(list("a+b"))
    assert Aggregate(ONCE, indices)(list("a+b")) == [1, 1, 1]
    assert Aggregate(ONCE, indices)(list("ab")) == [None, None]


def test_a_broken_promise_names_the_query_and_two_keys() -> None:
    named = at_most_one(PLUS.named("plus")).named("once")
    with pytest.raises(EvaluationError, match=r"^'once_\d+' .* at most one key") as caught:
        named(list("a+b+"))
    assert re.search(
        r"of 'plus_\d+' .* query at position 0 .* positions 1 and 3;", str(caught.value)
    )
    with pytest.raises(EvaluationError, match="position 2 selects the keys at positions 0 and 1"):
        at_most_one(Select(tokens, tokens, lambda k, q: q == "b"))(["a", "a", "b"])


def test_the_causal_reading_counts_what_a_query_sees() -> None:
    one_before = at_most_one(Select(tokens, tokens, lambda k, q: k == "+" and q == "a"))
    where = Aggregate(one_before, indices)
    assert rasp.evaluate_causal(where, list("+a+")) == [None, 0, None]
    with pytest.raises(EvaluationError, match="position 1"):
        where(list("+a+"))
    with pytest.raises(EvaluationError, match="position 3 selects the keys at positions 0 and 2"):
        rasp.evaluate_causal(where, list("+a+a"))


@pytest.mark.parametrize(
    "made", [ONCE | ALL, ~ONCE, ONCE & ALL, ALL & ONCE, ONCE & NOTHING, ~~ONCE]
)
def test_a_promise_within_another_selector_is_checked(made: rasp.Selector) -> None:
    made(list("a+b"))
    with pytest.raises(EvaluationError, match="at most one key"):
        made(list("++"))


def test_simplifying_never_drops_a_promise_nor_makes_one() -> None:
    assert ONCE & ALL is ONCE
    assert ONCE | NOTHING is ONCE
    assert isinstance(ONCE & NOTHING, SelectorAnd)
    assert isinstance(NOTHING & ONCE, SelectorAnd)
    assert isinstance(ONCE | ALL, SelectorOr)
    assert isinstance(ONCE & PLUS, SelectorAnd)
    count = rasp.SelectorWidth(ONCE)
    assert isinstance(Select(count, count, Comparison.TRUE) & PLUS, SelectorAnd)
    assert at_most_one(ONCE) is ONCE
    assert isinstance(at_most_one(ONCE & PLUS), SelectorAtMostOne)


def test_only_selectors_are_promised_about() -> None:
    for make in (at_most_one, SelectorAtMostOne):
        with pytest.raises(ProgramError, match="must be a selector"):
            make(tokens)
