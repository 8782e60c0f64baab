"""Selectors that are known to select something at every position."""

from __future__ import annotations

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.graph.build import build_graph
from optitracr.graph.inference import inferred
from optitracr.graph.inputs import Inputs
from optitracr.rasp import Comparison, indices, tokens

EVERYWHERE = rasp.Select(indices, indices, Comparison.TRUE)
NOT_FIRST = rasp.Select(indices, indices, lambda k, q: k == q - 1)


def may_be_none(selector: rasp.Selector) -> bool:
    program = rasp.Aggregate(selector, tokens)
    graph = build_graph(program)
    return inferred(graph, Inputs(("a", "b"), 4)).node(graph.output).value_set.may_be_none


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (rasp.Select(tokens, tokens, Comparison.EQ), False),
        (rasp.Select(tokens, tokens, Comparison.LT), True),
        (EVERYWHERE, False),
        (rasp.Select(indices, indices, lambda k, q: k == max(q - 1, 0)), False),
        (NOT_FIRST, True),
        (rasp.Select(indices, indices, lambda k, q: k == q + 1), True),
        (rasp.Select(indices, tokens, lambda k, q: k == 0), False),
        (rasp.Select(indices, tokens, lambda k, q: k == 1), True),
        (rasp.Select(indices, rasp.Aggregate(NOT_FIRST, indices), lambda k, q: k == 0), True),
        (NOT_FIRST | EVERYWHERE, False),
        (rasp.Select(tokens, tokens, Comparison.EQ) & EVERYWHERE, False),
        (rasp.Select(tokens, tokens, Comparison.EQ) & NOT_FIRST, True),
        (~EVERYWHERE, True),
    ],
)
def test_may_be_none(selector: rasp.Selector, expected: bool) -> None:
    assert may_be_none(selector) is expected


@pytest.mark.sweep
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("causal", [False, True])
def test_such_programs_compile_exactly(level: int, causal: bool) -> None:
    before = rasp.Select(indices, indices, lambda k, q: k == max(q - 1, 0))
    program = rasp.Map(lambda t: t.upper(), rasp.Aggregate(before, tokens))
    model = compile_rasp_to_model(program, {"a", "b"}, 4, causal=causal, optimize=level)
    model.verify(1000)
