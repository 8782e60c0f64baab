"""Functions of several counts as functions of one mean."""

from __future__ import annotations

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.candidates.common_means import JoinCounts
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Aggregate
from optitracr.graph.provenance import Role
from optitracr.graph.rewrites.widths import SplitWidths
from optitracr.graph.tabled import Definition
from optitracr.model.proof import Status
from optitracr.rasp import Comparison, Select, SelectorWidth, SequenceMap, indices, tokens
from tests.graph.test_passes import made, rewritten

SO_FAR = Select(indices, indices, Comparison.LEQ)
BEFORE = Select(indices, indices, Comparison.LT)
SIDE = indices % 2
BESIDE = Select(SIDE, SIDE, Comparison.EQ)
EVERY = Select(tokens, tokens, Comparison.TRUE)


def is_token(token: str) -> rasp.Selector:
    return Select(tokens, tokens, lambda key, query: key == token)


def difference(first: rasp.Selector, second: rasp.Selector) -> rasp.SOp:
    return SequenceMap(lambda x, y: x - y, SelectorWidth(first), SelectorWidth(second))


def sign(first: rasp.Selector, second: rasp.Selector) -> rasp.SOp:
    return SequenceMap(lambda x, y: (x > y) - (x < y), SelectorWidth(first), SelectorWidth(second))


def defined(program: rasp.SOp, causal: bool = False) -> tuple[Definition, ...]:
    """The definitions of an output, which agree with the program on every input."""
    inputs = Inputs(("a", "b", "c"), 3, causal)
    after = rewritten(program, SplitWidths(), JoinCounts(), inputs=inputs)
    means = made(after, Role.RATIO)
    assert all(isinstance(mean.operation, Aggregate) for mean in means)
    found = after.node(after.output).definitions
    assert {x for own in found for x in own.operands} <= {"indices", *(x.label for x in means)}
    return found


def test_the_sign_of_a_difference_is_that_of_a_mean() -> None:
    [definition] = defined(sign(is_token("a"), is_token("b")))
    assert definition.table.ndim == 1
    [definition] = defined(sign(is_token("a") & BESIDE, is_token("b") & BESIDE))
    assert definition.table.ndim == 1


def test_a_ratio_of_counts_is_a_mean() -> None:
    half = SequenceMap(lambda x, n: 2 * x > n, SelectorWidth(is_token("a")), SelectorWidth(EVERY))
    [definition] = defined(half)
    assert definition.table.ndim == 1


@pytest.mark.parametrize("base", [SO_FAR, BEFORE])
def test_the_index_tells_a_difference_by_a_mean_of_what_is_before(base: rasp.Selector) -> None:
    [definition] = defined(difference(is_token("a") & base, is_token("b") & base))
    assert definition.operands[1] == "indices"


def test_in_a_causal_model_the_index_tells_how_many_positions_there_are() -> None:
    apart = difference(is_token("a"), is_token("b"))
    beside = SequenceMap(lambda i, x: (i, x), indices, apart)
    for causal in (False, True):
        inputs = Inputs(("a", "b", "c"), 3, causal)
        after = rewritten(beside, SplitWidths(), JoinCounts(), inputs=inputs)
        assert len(made(after, Role.RATIO)) == causal


def test_counts_out_of_different_positions_have_no_common_mean() -> None:
    assert defined(sign(is_token("a") & SO_FAR, is_token("b"))) == ()
    assert defined(sign(is_token("a") & SO_FAR, is_token("b") & BEFORE)) == ()


def test_what_a_weighted_sum_does_not_tell_is_no_function_of_a_mean() -> None:
    both = SequenceMap(
        lambda x, y: (x > 0) + 2 * (y > 0),
        SelectorWidth(is_token("a")),
        SelectorWidth(is_token("b")),
    )
    assert defined(both) == ()


def test_one_head_compares_two_counts() -> None:
    program = sign(is_token("a") & SO_FAR, is_token("b") & SO_FAR)
    model = compile_rasp_to_model(program, {"a", "b", "c"}, 5, objective="parameters")
    assert model.proof.status is Status.PROVEN
    assert (model.size.layers, model.size.heads, model.size.neurons) == (1, 1, 0)
    [saving] = [each for each in model.savings if each.kind == "rewritten"]
    assert saving.detail == f"by way of {saving.variable}.ratio"
    options = {"objective": "parameters", "without": "rewrites"}
    without = compile_rasp_to_model(program, {"a", "b", "c"}, 5, **options)
    assert without.size.heads > 1
