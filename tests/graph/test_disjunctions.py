"""Widths of disjunctions that are too large for joint variables, as sums."""

from __future__ import annotations

import random

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Elementwise, Width, conjuncts_of
from optitracr.graph.provenance import Role
from optitracr.graph.rewrites.disjunctions import SplitDisjunctions
from optitracr.graph.tabled import TabledNode
from optitracr.rasp import (
    Comparison,
    Select,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorWidth,
    indices,
    tokens,
)
from tests.graph.test_passes import made, rewritten

INPUTS = Inputs(("a", "b", "c"), 3)
SPLIT = SplitDisjunctions(most=0)
LESS = Select(tokens, tokens, Comparison.LT)
EQUAL = Select(tokens, tokens, Comparison.EQ)
EARLIER = Select(indices, indices, Comparison.LT)
FIRST = Select(indices, tokens, lambda k, q: k == 0)
IS_B = Select(tokens, indices, lambda k, q: k == "b")
SOME = rasp.Map(lambda t: None if t == "c" else t, tokens)
ALIKE = Select(SOME, SOME, Comparison.EQ)


def parts_of(selector: rasp.Selector, inputs: Inputs = INPUTS) -> list[TabledNode]:
    """The widths of which that of a selector is made, having seen that it means the same."""
    after = rewritten(SelectorWidth(selector), SPLIT, inputs=inputs)
    return [node for node in made(after, Role.SUMMAND) if isinstance(node.operation, Width)]


@pytest.mark.parametrize("causal", [False, True])
def test_a_stable_order_is_the_sum_of_two_widths(causal: bool) -> None:
    order = SelectorOr(LESS, SelectorAnd(EQUAL, EARLIER))
    first, second = parts_of(order, Inputs(("a", "b", "c"), 3, causal))
    assert isinstance(first.operation, Width)
    assert isinstance(second.operation, Width)
    counted = [len(list(conjuncts_of(x.operation.selector))) for x in (first, second)]
    assert counted == [1, 2]


def test_an_order_by_three_variables_is_the_sum_of_three_widths() -> None:
    half = rasp.Map(lambda t: t == "c", tokens)
    among = SelectorAnd(Select(half, half, Comparison.EQ), LESS)
    equal = SelectorAnd(Select(half, half, Comparison.EQ), SelectorAnd(EQUAL, EARLIER))
    order = SelectorOr(Select(half, half, Comparison.LT), SelectorOr(among, equal))
    after = rewritten(SelectorWidth(order), SPLIT, inputs=INPUTS)
    assert len(made(after, Role.SUMMAND)) == 4
    assert isinstance(after.node(after.output).operation, Elementwise)


@pytest.mark.parametrize(
    ("selector", "parts"),
    [
        (SelectorOr(EARLIER, EQUAL), 2),
        (SelectorOr(SelectorAnd(EARLIER, LESS), SelectorAnd(EARLIER, FIRST)), 2),
        (SelectorOr(SelectorAnd(EARLIER, LESS), SelectorAnd(FIRST, IS_B)), 3),
        (SelectorAnd(SelectorOr(EARLIER, EQUAL), IS_B), 2),
        (SelectorNot(SelectorAnd(EARLIER, EQUAL)), 2),
        (SelectorNot(SelectorOr(SelectorNot(EARLIER), SelectorNot(EQUAL))), 0),
        (SelectorOr(ALIKE, EARLIER), 2),
        (SelectorOr(EARLIER, SelectorNot(EARLIER)), 0),
    ],
)
def test_disjunctions_are_disjoint_conjunctions(selector: rasp.Selector, parts: int) -> None:
    assert len(parts_of(selector)) == parts


def test_what_selects_where_a_variable_is_none_stays() -> None:
    assert not parts_of(SelectorOr(EARLIER, SelectorNot(ALIKE)))


def test_what_has_too_many_parts_stays() -> None:
    pairs = [
        SelectorAnd(Select(tokens, tokens, lambda k, q, x=x: k == x), Select(indices, indices, y))
        for x, y in zip("abcab", [Comparison.LT, Comparison.GT] * 3, strict=False)
    ]
    whole = pairs[0]
    for pair in pairs[1:]:
        whole = SelectorOr(whole, SelectorAnd(pair, SelectorOr(FIRST, IS_B)))
    assert not parts_of(whole)


def test_small_disjunctions_stay() -> None:
    after = rewritten(SelectorWidth(SelectorOr(EARLIER, EQUAL)), SplitDisjunctions())
    assert not made(after, Role.SUMMAND)


@pytest.mark.parametrize("seed", range(8))
def test_random_selectors_select_as_many(seed: int) -> None:
    draw = random.Random(seed)
    plain = [LESS, EQUAL, EARLIER, FIRST, IS_B, ALIKE]

    def selector(depth: int) -> rasp.Selector:
        if not depth:
            return draw.choice(plain)
        parts = [selector(depth - 1), selector(draw.randrange(depth))]
        kind = draw.choice([SelectorOr, SelectorOr, SelectorAnd, SelectorNot])
        return SelectorNot(parts[0]) if kind is SelectorNot else kind(*parts)

    assert sum(len(parts_of(selector(3))) for _ in range(6)) > 0


@pytest.mark.parametrize("optimize", [0, 1, 2])
def test_the_order_of_many_tokens_at_some_positions_compiles(optimize: int) -> None:
    place = SelectorWidth(SelectorOr(LESS, SelectorAnd(EQUAL, EARLIER)))
    model = compile_rasp_to_model(place, set(range(101)), 10, optimize=optimize, check=False)
    given = [100, 3, 100, 0, 50, 3, 3, 99, 1, 2]
    assert model.apply(["compiler_bos", *given]).decoded[1:] == place(given)
