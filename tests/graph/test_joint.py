"""What goes together: rows, columns and links, and the value sets that follow from them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, domain, rasp
from optitracr.errors import ValueSetError
from optitracr.graph.build import build_graph
from optitracr.graph.inference import inferred
from optitracr.graph.inputs import Inputs
from optitracr.graph.joint.rows import Codes, Rows, distinct, joined, one_column
from optitracr.graph.joint.values import JointValues
from optitracr.graph.program import Aggregate as AggregateOperation
from optitracr.graph.program import Elementwise
from optitracr.graph.reach.facts import Facts
from optitracr.graph.reach.selecting import averages
from optitracr.graph.tabling import tabled_program
from optitracr.rasp import Aggregate, Comparison, Select, SelectorWidth, indices, tokens

LEVELS = (0, 1, 2)
BEFORE = Select(indices, indices, Comparison.LEQ)
EVERYWHERE = Select(tokens, tokens, Comparison.TRUE)
SAME = Select(tokens, tokens, Comparison.EQ)


def running(token: str) -> rasp.SOp:
    """How many of a token stand up to here, as people write it over means."""
    return Aggregate(BEFORE, tokens == token) * (indices + 1)


def in_all(token: str) -> rasp.SOp:
    """How many of a token there are, over means."""
    return Aggregate(EVERYWHERE, tokens == token) * rasp.length


def values(
    program: rasp.SOp, vocab: str, length: int, joint: bool = True, **more: Any
) -> list[Any]:
    inputs = Inputs(tuple(sorted(vocab)), length, **more)
    graph = build_graph(program)
    return list(tabled_program(graph, inputs, joint).node(graph.output).value_set.values)


def occurring(program: rasp.SOp, vocab: str, length: int) -> set[Any]:
    every = (x for n in range(1, length + 1) for x in product(vocab, repeat=n))
    return {value for x in every for value in program(list(x))}


def same(program: rasp.SOp, vocab: str, length: int, level: int, causal: bool = False) -> None:
    model = compile_rasp_to_model(program, set(vocab), length, causal, optimize=level)
    for size in range(1, length + 1):
        for given in product(vocab, repeat=size):
            expected = rasp.evaluate_all([program], list(given), causal=causal)[program]
            assert model.apply(["compiler_bos", *given]).decoded[1:] == expected, given


# -- rows ------------------------------------------------------------------


def some_rows(labels: str, seed: int) -> Rows:
    codes = np.random.default_rng(seed).integers(-1, 3, (12, len(labels)), dtype=np.int32)
    return Rows(tuple(labels), distinct(codes))


@pytest.mark.parametrize("seed", range(20))
def test_rows_are_joined_as_tables_are(seed: int) -> None:
    left, right = some_rows("abc", seed), some_rows("cbd", seed + 100)
    expected = {
        (*x, y[2])
        for x in left.codes.tolist()
        for y in right.codes.tolist()
        if (x[2], x[1]) == (y[0], y[1])
    }
    found = joined(left, right, 1_000)
    assert found is not None
    assert found.labels == ("a", "b", "c", "d")
    assert len(found) == len(expected)
    assert set(map(tuple, found.codes.tolist())) == expected
    assert joined(left, right, len(expected)) is not None
    assert not expected or joined(left, right, len(expected) - 1) is None


def test_rows_of_other_columns_are_all_pairs() -> None:
    found = joined(one_column("a", 2), one_column("b", 3, none=True), 100)
    assert found is not None
    assert sorted(map(tuple, found.codes.tolist())) == list(product(range(2), range(-1, 3)))


def test_projected_rows_are_distinct() -> None:
    rows = Rows(("a", "b"), np.array([[0, 0], [0, 1], [1, 1]], dtype=np.int32))
    assert rows.project(["a"]).codes.tolist() == [[0], [1]]
    assert rows.without(["a"]).codes.tolist() == [[0], [1]]


def test_many_columns_of_many_values_are_told_apart() -> None:
    """More combinations than 64 bits number."""
    codes = np.random.default_rng(0).integers(0, 2**31 - 1, (50, 6), dtype=np.int32)
    assert len(distinct(np.concatenate([codes, codes]))) == 50


# -- what goes together ------------------------------------------------------


def together(
    call: Callable[[Any, Any], Any],
    first: rasp.SOp,
    second: rasp.SOp,
    length: int,
    causal: bool = False,
) -> Codes | None:
    """The rows of what a function of two s-ops reads."""
    inputs = Inputs(("a", "b"), length, causal)
    graph = build_graph(rasp.SequenceMap(call, first, second))
    known = inferred(graph, inputs, joint=True).by_label()
    operation = known[graph.output].operation
    assert isinstance(operation, Elementwise)
    return JointValues(known, inputs).rows(operation.operands)


def share_of(selector: rasp.Selector, token: str) -> rasp.SOp:
    marked = rasp.numerical(rasp.Map(lambda x: int(x == token), tokens))
    return rasp.numerical(Aggregate(selector, marked, default=0))


def times(x: float, y: int) -> float:
    return x * y


def test_a_mean_over_a_prefix_stands_beside_the_index() -> None:
    found = together(times, share_of(BEFORE, "a"), indices, 5)
    assert found is not None
    assert len(found) == sum(i + 2 for i in range(5))


@pytest.mark.parametrize("causal", [False, True])
def test_a_mean_of_everything_stands_beside_the_length(causal: bool) -> None:
    found = together(times, share_of(EVERYWHERE, "a"), rasp.length, 5, causal)
    assert found is not None
    assert len(found) == sum(n + 1 for n in range(1, 6))


def test_a_mean_stands_beside_how_many_it_is_of() -> None:
    mean = rasp.numerical(Aggregate(SAME, rasp.numerical(indices), default=0))
    found = together(times, mean, SelectorWidth(SAME), 3)
    assert found is not None
    # One position holds 0, 1 or 2; two of three, sums of 0 to 4; three, sums of 0 to 6.
    assert len(found) == 3 + 5 + 7


def test_what_has_nothing_in_common_is_not_looked_at() -> None:
    assert together(times, tokens, indices, 4) is None


def test_functions_of_the_same_variable_go_together() -> None:
    found = together(times, indices % 3, indices // 3, 9)
    assert found is not None
    assert len(found) == 9
    rows = together(times, indices % 2, indices % 4, 8)
    assert rows is not None
    assert sorted(map(tuple, rows.tolist())) == [(0, 0), (0, 2), (1, 1), (1, 3)]


@pytest.mark.parametrize("causal", [False, True])
def test_a_key_stands_before_the_length(causal: bool) -> None:
    inputs = Inputs(("a",), 4, causal)
    known = inferred(build_graph(indices + rasp.length), inputs).by_label()
    found = JointValues(known, inputs).apart("indices", "length")
    assert found is not None
    lengths = known["length"].value_set.values
    assert {(i, lengths[n]) for i, n in found.tolist()} == {
        (i, n) for i in range(4) for n in range(1, 5) if i < n
    }


# -- value sets ----------------------------------------------------------------


@pytest.mark.parametrize(
    "program",
    [
        running("a") - running("b"),
        in_all("a") - in_all("b"),
        rasp.SequenceMap(lambda x, y: x * y, Aggregate(BEFORE, indices), indices + 1),
    ],
)
def test_means_times_what_they_go_with(program: rasp.SOp) -> None:
    """All but what tokens have to do with each other is known, so that little is added."""
    found, occurs = set(values(program, "ab", 5)), occurring(program, "ab", 5)
    assert occurs <= found
    assert len(found) <= 1.2 * len(occurs)
    assert len(values(program, "ab", 5, joint=False)) > 3 * len(found)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("causal", [False, True])
def test_a_bracket_counter_over_means_is_exact(level: int, causal: bool) -> None:
    same(running("(") - running(")"), "()x", 4, level, causal)
    same(in_all("(") - in_all(")"), "()", 4, level, causal)


@pytest.mark.slow
def test_a_bracket_counter_over_means_is_narrow() -> None:
    model = compile_rasp_to_model(running("(") - running(")"), set("abc()"), 20)
    assert model.size.width <= 24


def coded(factor: int) -> rasp.SOp:
    return rasp.SequenceMap(lambda x, i: x * 100 * factor + i, tokens, indices)


@pytest.mark.parametrize("level", LEVELS)
def test_two_functions_of_one_pair(level: int) -> None:
    program = rasp.SequenceMap(lambda a, b: (a + b) % 7, coded(1), coded(2))
    model = compile_rasp_to_model(program, set(range(20)), 12, optimize=level)
    for given in ([19], [0, 19, 7] * 4, list(range(12)), list(range(19, 7, -1))):
        assert model.apply(["compiler_bos", *given]).decoded[1:] == program(given)


def test_a_function_may_raise_where_nothing_leads() -> None:
    """No token is two places at once, and nothing is asked beyond the value sets."""

    def only_together(x: int, y: int) -> int:
        if 2 * x != y:
            raise ValueError("these two do not go together")
        return x + y

    program = rasp.SequenceMap(only_together, indices % 3, 2 * (indices % 3))
    for level in LEVELS:
        same(program, "a", 5, level)
    with pytest.raises(ValueSetError, match="do not go together"):
        compile_rasp_to_model(rasp.SequenceMap(only_together, indices, indices % 3), {"a"}, 5)


def test_a_domain_says_what_stands_where() -> None:
    def told(token: str, index: int) -> int:
        return int(token) if index else ord(token)

    program = rasp.SequenceMap(told, tokens, indices)
    model = compile_rasp_to_model(program, set("ab012"), 3, domain=domain.matches("[ab][012]*"))
    for rest in ("", "0", "12", "22"):
        given = ["a", *rest]
        assert model.apply(["compiler_bos", *given]).decoded[1:] == program(given)


def sorted_numbers() -> rasp.SOp:
    """What stands at each place after sorting, as a mean of the one number that is selected."""
    pair = rasp.SequenceMap(lambda token, index: (token, index), tokens, indices)
    rank = SelectorWidth(Select(pair, pair, Comparison.LT))
    numbers = rasp.numerical(rasp.Map(lambda x: x, tokens))
    return rasp.numerical(Aggregate(Select(rank, indices, Comparison.EQ), numbers, default=0))


def test_a_mean_that_is_proven_to_be_of_one_number_has_its_values() -> None:
    """The solver proves it, as no two positions have the same rank."""
    inputs = Inputs((0, 1, 5, 11, 16), 6)
    graph = build_graph(rasp.Map(lambda x: x % 3, sorted_numbers()))
    found = tabled_program(graph, inputs, joint=True)
    [mean] = [node for node in found.nodes if isinstance(node.operation, AggregateOperation)]
    assert mean.value_set.values == (0.0, 1.0, 5.0, 11.0, 16.0)
    alone = tabled_program(graph, inputs, joint=False).node(mean.label)
    assert len(alone.value_set.values) > 100
    program = rasp.Map(lambda x: x % 3, sorted_numbers())
    model = compile_rasp_to_model(program, set(inputs.vocabulary), 6)
    for given in product(inputs.vocabulary, repeat=3):
        assert model.apply(["compiler_bos", *given]).decoded[1:] == program(list(given))


@pytest.mark.parametrize("causal", [False, True])
def test_an_order_written_as_a_disjunction_is_an_order(causal: bool) -> None:
    """Smaller, or equal and before: no two positions have the same place, of many tokens too."""
    before = Select(indices, indices, Comparison.LT)
    smaller = Select(tokens, tokens, Comparison.LT)
    place = SelectorWidth(smaller | (SAME & before))
    program = Aggregate(Select(place, indices, Comparison.EQ), tokens)
    inputs = Inputs(tuple(range(20)), 25, causal)
    graph = build_graph(program)
    facts = Facts.of(graph, inferred(graph, inputs), inputs)
    answer = averages(facts, graph.output)
    assert answer.never
    tied = Aggregate(Select(SelectorWidth(smaller | SAME), indices, Comparison.EQ), indices)
    graph = build_graph(tied)
    facts = Facts.of(graph, inferred(graph, inputs), inputs)
    assert not averages(facts, graph.output).never


@pytest.mark.parametrize("odd", [[], float("nan")])
def test_a_function_may_give_what_no_model_can_where_nothing_leads(odd: Any) -> None:
    """A list, or what does not equal itself, is refused only where an input leads to it."""
    program = rasp.SequenceMap(
        lambda x, y: x + y if 2 * x == y else odd, indices % 3, 2 * (indices % 3)
    )
    same(program, "a", 5, 2)
    reached = rasp.SequenceMap(lambda x, y: x + y if x == y else odd, indices, indices % 3)
    with pytest.raises(ValueSetError, match=r"unhashable|does not equal itself"):
        compile_rasp_to_model(reached, {"a"}, 5)
