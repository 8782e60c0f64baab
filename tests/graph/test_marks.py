"""Functions that tell equal values apart compile exactly, or are refused with what helps."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.errors import EvaluationError
from optitracr.graph.build import build_graph
from optitracr.graph.inference import inferred
from optitracr.graph.inputs import Inputs
from optitracr.graph.variants import ToldApartError
from optitracr.rasp import Comparison, indices, tokens

SO_FAR = rasp.Select(indices, indices, Comparison.LEQ)
BEFORE = rasp.Select(indices, indices, lambda k, q: k == q - 1)
SAME = rasp.Select(tokens, tokens, Comparison.EQ)
OTHERS = rasp.Select(tokens, tokens, Comparison.NEQ)

FORMS = {("a", 0): False, ("a", 1): 0, ("a", 2): -0.0, ("b", 1): 1.0, ("b", 2): True}


def mixed() -> rasp.SOp:
    """0, False, -0.0, 1, 1.0 and True, by token and position."""
    return rasp.SequenceMap(lambda x, i: FORMS.get((x, i), 1), tokens, indices)


def name_of(x: Any) -> str:
    return f"{type(x).__name__} {x}"


def named(sop: rasp.SOp) -> rasp.SOp:
    return rasp.Map(name_of, sop, simplify=False)


def twice(x: Any, y: Any) -> str:
    return name_of(x) + name_of(y)


PROGRAMS: dict[str, Callable[[], rasp.SOp]] = {
    "a map": lambda: named(mixed()),
    "tuples": lambda: named(rasp.Map(lambda x: (x, 1) if x == "a" else ("a", True), tokens)),
    "both operands": lambda: rasp.SequenceMap(twice, mixed(), mixed()),
    "a copy": lambda: named(rasp.Aggregate(BEFORE, mixed())),
    "a copy of a copy": lambda: named(rasp.Aggregate(BEFORE, rasp.Aggregate(BEFORE, mixed()))),
    "a chain": lambda: named(rasp.Map(lambda x: x, mixed(), simplify=False)),
    "a mean or one value": lambda: named(rasp.Aggregate(SO_FAR, indices)),
    "equal values or one": lambda: named(rasp.Aggregate(SAME, rasp.Map(ord, tokens))),
    "a mean, one value or none": lambda: named(rasp.Aggregate(OTHERS, indices)),
    "a number": lambda: named(
        rasp.numerical(rasp.Aggregate(OTHERS, rasp.numerical(indices), default=0))
    ),
    "keys and queries": lambda: rasp.SelectorWidth(
        rasp.Select(mixed(), mixed(), lambda k, q: type(k) is type(q))
    ),
    "a part of a selector": lambda: rasp.Aggregate(
        rasp.Select(mixed(), indices, lambda k, q: isinstance(k, float)) & BEFORE, tokens
    ),
    "a second reader": lambda: rasp.SequenceMap(
        lambda x, y: (x, y), named(mixed()), rasp.Map(lambda x: x > 0, mixed(), simplify=False)
    ),
    "nobody": lambda: rasp.Map(lambda x: x * 3 + 1, rasp.Aggregate(BEFORE, mixed())),
}


def assert_exact(program: rasp.SOp, level: int) -> None:
    model = compile_rasp_to_model(program, {"a", "b"}, 3, optimize=level, time_limit=1)
    inputs = [list(xs) for size in (1, 2, 3) for xs in product("ab", repeat=size)]
    outputs = model.apply_batch([["compiler_bos", *xs] for xs in inputs]).decoded
    for xs, output in zip(inputs, outputs, strict=True):
        try:
            expected = program(xs)
        except EvaluationError:
            continue
        assert output[1:] == expected
    model.verify(200)


@pytest.mark.sweep
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("name", PROGRAMS)
def test_who_tells_equal_values_apart_compiles_exactly(name: str, level: int) -> None:
    assert_exact(PROGRAMS[name](), level)


def test_a_default_that_only_equals_a_value() -> None:
    assert_exact(named(rasp.Aggregate(BEFORE, indices, default=True)), 2)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_mean_of_equal_values_of_several_types_has_a_remedy(level: int) -> None:
    mean = rasp.Aggregate(SO_FAR, mixed())
    with pytest.raises(ToldApartError, match=r"'map.*tells .* apart.*read 'aggregate_5' \+ 0.0"):
        compile_rasp_to_model(named(mean), {"a", "b"}, 3, optimize=level)
    assert_exact(rasp.Map(name_of, mean + 0.0), level)


def test_a_predicate_keeps_the_types_that_it_was_written_for() -> None:
    whole, real = (rasp.Map(lambda x, t=t: t(x == "a"), tokens) for t in (int, float))

    def is_float(key: Any, query: Any) -> bool:
        return isinstance(key, float)

    widths = [rasp.SelectorWidth(rasp.Select(sop, tokens, is_float)) for sop in (whole, real)]
    assert_exact(rasp.SequenceMap(lambda x, y: (x, y), *widths), 2)


def test_value_sets_keep_one_of_equal_values_and_note_the_others() -> None:
    graph = build_graph(rasp.Aggregate(BEFORE, mixed(), default=2))
    found = inferred(graph, Inputs(("a", "b"), 3)).node(graph.output).value_set
    assert found.values == (0, 1, 2)
    assert {repr(form) for form in found.forms[0]} == {"False", "0", "-0.0"}
    assert {repr(form) for form in found.forms[1]} == {"1", "1.0", "True"}
    assert 2 not in found.forms
