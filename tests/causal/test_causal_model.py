"""The causal model of a program is the interpreter, interventions included."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.compiled import CompiledModel
from optitracr.errors import EvaluationError, InputError, NotFoundError
from optitracr.rasp.expression import RASPExpr
from tests.compiled import compiled

NAMES = ["hist", "sort", "reverse", "frac_prevs", "most_frequent", "shift_by", "previous_token"]


class Interchanged(rasp.DefaultRASPEvaluator):
    """The interpreter, with one s-op set to what it is on another input."""

    def __init__(self, sop: rasp.SOp, source: Sequence[Any]) -> None:
        super().__init__()
        self.sop, self.value = sop, rasp.evaluate(sop, list(source))

    def visit(self, expr: RASPExpr, xs: Sequence[Any]) -> list[Any]:
        return self.value if expr is self.sop else super().visit(expr, xs)


def tokens_of(model: CompiledModel, size: int = 4) -> list[list[Any]]:
    return [row[1:] for row in model.dataset(size, lengths=[4]).inputs]


@pytest.mark.parametrize("name", NAMES)
def test_values_are_the_interpreters(name: str) -> None:
    model = compiled(name, level=0)
    causal = model.causal_model(4)
    expressions = dict(model.program.graph.expressions)
    for tokens in tokens_of(model):
        found = causal.run(tokens)
        wanted = rasp.evaluate_all(list(expressions.values()), tokens, model.setting.causal)
        for label, sop in expressions.items():
            assert [found[f"{label}[{i}]"] for i in range(4)] == wanted[sop]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "previous_token"])
def test_interchange_is_the_interpreters(name: str) -> None:
    model = compiled(name, level=0)
    causal = model.causal_model(4)
    inputs = tokens_of(model)
    for label, sop in model.program.graph.expressions:
        if label in ("tokens", "indices"):
            continue
        for base, source in product(inputs, repeat=2):
            wanted = Interchanged(sop, source).evaluate(model.program.program, base)
            sources = {f"{label}[{i}]": source for i in range(4)}
            found = causal.interchange(base, sources)
            assert [found[name] for name in causal.outputs] == wanted


@pytest.mark.parametrize("name", NAMES)
def test_parents_and_values(name: str) -> None:
    model = compiled(name, level=0)
    causal = model.causal_model(3)
    assert set(causal.variables) == set(causal.parents) == set(causal.mechanisms)
    place = {variable: i for i, variable in enumerate(causal.variables)}
    for variable, parents in causal.parents.items():
        assert all(place[parent] < place[variable] for parent in parents)
    for base in [row[:3] for row in tokens_of(model)]:
        for variable, value in causal.run(base).items():
            assert not causal.values[variable] or value in causal.values[variable]
    assert all(causal.mechanisms[token]() in model.setting.vocabulary for token in causal.inputs)


def test_causal_models_read_no_later_key() -> None:
    model = compiled("hist", level=0, causal=True)
    parents = model.causal_model(3).parents[f"{model.name}[1]"]
    assert set(parents) == {"tokens[0]", "tokens[1]"}


def test_selectors_of_one_key() -> None:
    same = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
    first = rasp.Aggregate(rasp.SelectFirst(same), rasp.indices).named("first")
    last = rasp.Aggregate(rasp.SelectBest(same, rasp.indices), rasp.indices).named("last")
    program = (last - first).named("span")
    model = compile_rasp_to_model(program, {"a", "b"}, 4, optimize=0)
    causal = model.causal_model()
    for tokens in product("ab", repeat=4):
        found = causal.run(tokens)
        assert [found[name] for name in causal.outputs] == program(list(tokens))


def test_the_shapes_of_other_libraries() -> None:
    """They sort and append to what they are given: it is theirs."""
    causal = compiled("hist", level=0).causal_model(2)
    given = causal.to_causal_abstraction()
    assert set(given) == {"variables", "values", "parents", "mechanisms"}
    assert set(causal.to_pyvene()) == {"variables", "values", "parents", "functions"}
    given["variables"].sort()
    given["parents"]["tokens[0]"].append("indices[0]")
    assert causal.parents["tokens[0]"] == ()
    values = {}
    for name in causal.variables:
        parents = [values[parent] for parent in causal.parents[name]]
        values[name] = causal.mechanisms[name](*parents)
    tokens = [values[name] for name in causal.inputs]
    assert causal.run(tokens) == values


def test_errors() -> None:
    model = compiled("hist", level=0)
    causal = model.causal_model(2)
    with pytest.raises(InputError, match="of 2 positions"):
        causal.run("abc")
    with pytest.raises(NotFoundError, match="nothing"):
        causal.run("ab", {"nothing[0]": 1})
    with pytest.raises(NotFoundError, match="nothing"):
        causal.interchange("ab", {"nothing[0]": "ab"})
    with pytest.raises(InputError, match="length"):
        model.causal_model(99)
    counted = rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ))
    inverse = rasp.Map(lambda x: 1 / x, counted)
    causal = compile_rasp_to_model(inverse, {"a"}, 2, optimize=0).causal_model()
    label = causal.parents[causal.outputs[0]][0]
    with pytest.raises(EvaluationError, match="ZeroDivisionError"):
        causal.run("aa", {label: 0})
