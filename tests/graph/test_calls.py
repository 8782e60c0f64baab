"""Functions and predicates that raise, and those that are not pure: one policy at every level."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.errors import EvaluationError, ProgramError, ValueSetError
from optitracr.graph.build import build_graph
from optitracr.graph.calls import (
    Occurrence,
    UserCall,
    call_or_undefined,
    call_table,
    check_defined,
    none_occurs,
)
from optitracr.graph.inference import inferred
from optitracr.graph.inputs import Inputs
from optitracr.graph.joint.values import JointValues
from optitracr.graph.reach.correlated import Occurring

LEVELS = (0, 1, 2)
BOS = "compiler_bos"


def same(program: rasp.SOp, level: int, vocab: str = "ab", length: int = 3) -> None:
    """Every input on which the program is defined."""
    model = compile_rasp_to_model(program, set(vocab), length, optimize=level)
    for size in range(1, length + 1):
        for tokens in product(vocab, repeat=size):
            try:
                expected = program(tokens)
            except EvaluationError:
                continue
            assert model.apply([BOS, *tokens]).decoded[1:] == expected, tokens


def mixed(key: Any, query: Any) -> bool:
    return bool(key > query)


def no_truth(key: Any, query: Any) -> Any:
    return np.array([key == query, True])


def an_s_op(key: Any, query: Any) -> Any:
    return rasp.tokens


def three(key: Any, query: Any, more: Any) -> bool:
    return True


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("predicate", [mixed, no_truth, an_s_op, three])
@pytest.mark.parametrize("nested", [False, True])
def test_predicate_that_raises_is_refused_by_name(
    predicate: Callable[..., Any], level: int, nested: bool
) -> None:
    odd: rasp.Selector = rasp.Select(rasp.indices, rasp.tokens, predicate).named("odd")
    if nested:
        odd = rasp.SelectorOr(rasp.SelectorNot(odd), rasp.Select(rasp.tokens, rasp.tokens, mixed))
    program = rasp.Aggregate(odd, rasp.tokens).named("wanted")
    where = r"'odd\w*' \(.*test_calls\.py:\d+\).*'wanted\w*' \(.*test_calls\.py:\d+\)"
    with pytest.raises(ValueSetError, match=where + r".*raised \w+Error.*\(0, 'a'\)"):
        compile_rasp_to_model(program, {"a", "b"}, 3, optimize=level)


def before_the_end(key: int, query: int) -> bool:
    if key >= query:
        raise ValueError("a key beyond the length")
    return key == query - 1


def not_longer(key: int, query: int) -> bool:
    return [True, False, True, False][key - query]


def by_letter(key: str, query: str) -> bool:
    return {"aA": True, "aB": False, "bA": False, "bB": True}[key + query]


UPPER = rasp.Map(str.upper, rasp.tokens)
HALF = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
UNREACHABLE = {
    "keys beyond the length": rasp.SelectorWidth(
        rasp.Select(rasp.indices, rasp.length, before_the_end)
    ),
    "the last token": rasp.Aggregate(
        rasp.Select(rasp.indices, rasp.length, before_the_end), rasp.tokens
    ),
    "keys beyond a map of the length": rasp.SelectorWidth(
        rasp.Select(rasp.indices, rasp.length - 1, lambda k, q: [k == q][min(0, q - k)])
    ),
    "within a nested selector": rasp.SelectorWidth(
        rasp.SelectorNot(rasp.Select(rasp.indices, rasp.length, before_the_end))
    ),
    "counts beyond the length": rasp.SelectorWidth(
        rasp.Select(
            rasp.SelectorWidth(HALF), rasp.length, lambda k, q: ([k, 1] * (q - k + 1))[0] < 2
        )
    ),
    "one position": rasp.SequenceMap(lambda x, y: {"aA": 1, "bB": 2}[x + y], rasp.tokens, UPPER),
    "positions beyond the length": rasp.SequenceMap(
        lambda index, length: [3, 2, 1][index - length], rasp.indices, rasp.length
    ),
    "counts so far beyond the position": rasp.SequenceMap(
        lambda count, index: list(range(index + 2))[count],
        rasp.SelectorWidth(HALF & rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LEQ)),
        rasp.indices,
    ),
    "a copy of another token": rasp.SequenceMap(
        lambda own, copy: {"aa": 1, "bb": 2}[own + copy],
        rasp.tokens,
        rasp.Aggregate(rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.EQ), rasp.tokens),
    ),
    "division": rasp.SelectorWidth(
        rasp.Select(rasp.indices, rasp.indices, lambda k, q: 6 // (k - q + 3) > 1)
    ),
}


@pytest.mark.sweep
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", UNREACHABLE)
def test_what_no_input_reaches_is_not_refused(name: str, level: int) -> None:
    same(UNREACHABLE[name], level)


def test_a_refusal_names_an_input() -> None:
    """The count exceeds the position on one input in many, which the message gives."""
    count = rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, lambda k, q: k + q == "qz"))
    program = rasp.SequenceMap(lambda n, i: [0, 1, 2][n - i], count, rasp.indices)
    with pytest.raises(ValueSetError, match=r"occurs on the input \['z', 'q', 'q', 'q'"):
        compile_rasp_to_model(program, set("abcdefqz"), 4)


@pytest.mark.parametrize("level", LEVELS)
def test_pairs_that_an_input_reaches_are_refused(level: int) -> None:
    selector = rasp.Select(rasp.indices, rasp.length, lambda k, q: [False, True][q - k])
    with pytest.raises(ValueSetError, match="IndexError"):
        compile_rasp_to_model(rasp.SelectorWidth(selector), {"a"}, 3, optimize=level)


def test_the_interpreter_names_a_predicate_without_truth_value() -> None:
    with pytest.raises(EvaluationError, match="the predicate of 'select_"):
        rasp.Select(rasp.tokens, rasp.tokens, no_truth)("ab")


@pytest.mark.parametrize(
    ("key", "query"), [("indices", "length"), ("length", "indices"), ("tokens", "map_2")]
)
def test_pairs_of_key_and_query_that_can_occur(key: str, query: str) -> None:
    """What is said not to occur occurs on no input."""
    program = rasp.SequenceMap(
        lambda x, y: (x, y), rasp.SequenceMap(lambda x, y: (x, y), UPPER, rasp.length), rasp.indices
    )
    graph = build_graph(program)
    inputs = Inputs(("a", "b"), 3)
    nodes = inferred(graph, inputs).by_label()
    keys, queries = (nodes[label].value_set.values for label in (key, query))
    occurring = Occurring(JointValues(nodes, inputs))
    seen = set()
    for size in (1, 2, 3):
        for tokens in product("ab", repeat=size):
            values = {label: sop(tokens) for label, sop in graph.expressions}
            seen |= set(product(values[key], values[query]))
    for i, j in product(range(len(keys)), range(len(queries))):
        pair = (keys[i], queries[j])
        assert occurring.apart(key, query, (i, j)) or pair not in seen, pair


def counter() -> Callable[..., int]:
    calls = itertools.count()
    return lambda *arguments: next(calls)


def coin() -> Callable[..., bool]:
    draw = random.Random(0)
    return lambda *arguments: draw.random() < 0.5


IMPURE = {
    "counter": lambda: rasp.Map(counter(), rasp.tokens),
    "coin": lambda: rasp.Map(coin(), rasp.tokens),
    "pairs": lambda: rasp.SequenceMap(coin(), rasp.tokens, rasp.indices),
    "predicate": lambda: rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, coin())),
    "within": lambda: rasp.SelectorWidth(
        rasp.SelectorAnd(HALF, rasp.Select(rasp.indices, rasp.tokens, coin()))
    ),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", IMPURE)
def test_functions_with_state_or_chance_are_refused_by_name(name: str, level: int) -> None:
    with pytest.raises(ProgramError, match=r"test_calls\.py:\d+.*gives \S+ and then \S+ for"):
        compile_rasp_to_model(IMPURE[name](), {"a", "b"}, 3, optimize=level)


def test_nan_is_like_nan() -> None:
    program = rasp.Map(lambda t: t == t, rasp.Map(lambda t: float("nan"), rasp.tokens))
    compile_rasp_to_model(program, {"a", "b"}, 3, optimize=0)


def test_predicates_are_called_once_for_a_pair() -> None:
    """And a few times more, for a sample of the pairs, to see that they are pure."""
    calls = []

    def equal(key: int, query: int) -> bool:
        calls.append((key, query))
        return key == query

    selector = rasp.Select(rasp.indices, rasp.indices, equal)
    program = rasp.Aggregate(rasp.SelectorOr(selector, selector), rasp.tokens)
    compile_rasp_to_model(program, {"a"}, 30, optimize=2, check=False)
    assert len(calls) <= 30 * 30 + 64


def test_what_no_input_reaches_makes_no_number_none() -> None:
    """Numbers cannot be None, and do not have to be where only the unreachable raises."""
    left = rasp.length - rasp.indices - 1
    number = rasp.numerical(rasp.Map(lambda x: [2, 5, 1][: x + 1][x] if x >= 0 else [][x], left))
    mean = rasp.numerical(rasp.Aggregate(HALF, number, default=0))
    assert compile_rasp_to_model(mean, {"a", "b"}, 3).verify().undefined == 0


def test_a_copy_of_what_stands_before_the_first_is_always_none() -> None:
    before = rasp.Aggregate(rasp.Select(rasp.indices, rasp.indices, lambda k, q: k == q - 1), UPPER)
    program = rasp.SequenceMap(lambda x, index: {1: x, 2: "other"}[index], before, rasp.indices)
    same(program, 2)


def six_by(value: Any) -> Any:
    return 6 // value


SURE = UserCall(six_by, "the function of 's'", "argument", "help")


def test_what_raises_is_undefined_and_said_by_place() -> None:
    table = call_table(SURE, [(0, 2, "?")])
    assert table.results == [None, 3, None]
    [(place, error)] = table.errors.items()
    assert place == (2,)
    assert isinstance(error, TypeError)


def test_what_raises_where_no_input_leads_is_undefined() -> None:
    operands = [(0, 2, "?")]
    check_defined(SURE, operands, call_table(SURE, operands).errors, none_occurs)


def test_what_raises_where_an_input_leads_is_refused_by_name() -> None:
    operands = [(0, 2, "?")]
    table = call_table(SURE, operands)

    def seen(places: Sequence[tuple[int, ...]]) -> Occurrence:
        return Occurrence(places[0], ("a", "b"))

    with pytest.raises(ValueSetError) as raised:
        check_defined(SURE, operands, table.errors, seen)
    message = str(raised.value)
    assert message.startswith("the function of 's' raised TypeError: ")
    assert "for the argument ('?'), which occurs on the input ['a', 'b']; help" in message


def test_a_division_by_zero_is_no_fault_of_the_program() -> None:
    table = call_table(SURE, [(0, 2)])
    assert table.results == [None, 3]
    assert not table.errors


def test_one_call_whatever_it_raises() -> None:
    assert call_or_undefined(SURE.call, ["?"]).undefined
    assert call_or_undefined(SURE.call, [0]).undefined
    assert call_or_undefined(SURE.call, [3]).value == 2
