"""Means of several keys as functions of counts, which mean what the means did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optitracr import rasp
from optitracr.errors import EvaluationError
from optitracr.graph.build import build_graph
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Aggregate, Width
from optitracr.graph.rewrites.ratios import CountMeans
from optitracr.graph.tabled import TabledProgram
from optitracr.graph.tabling import tabled_program
from optitracr.rasp import Comparison, Select, indices, numerical, tokens
from tests.graph.meaning import evaluate
from tests.inputs import sequences

INPUTS = replace(Inputs(("a", "b", "c"), 4), causal=True)
BEFORE = Select(indices, indices, Comparison.LEQ)
EARLIER = Select(indices, indices, Comparison.LT)
SAME = Select(tokens, tokens, Comparison.EQ)
NUMBERS = {"a": 0.1, "b": 0.2, "c": 0.7}


def values(numbers: dict[str, float | None]) -> rasp.SOp:
    return rasp.Map(numbers.get, tokens)


MEANS = {
    "of a flag": rasp.Aggregate(BEFORE, numerical(tokens == "a")),
    "of other numbers": rasp.Aggregate(BEFORE, numerical(values({"a": 3, "b": 5, "c": 5}))),
    "of floats": rasp.Aggregate(BEFORE, numerical(values(NUMBERS))),
    "by tokens": rasp.Aggregate(SAME, numerical(rasp.Map(lambda i: i % 2, indices))),
    "of nothing, with a default": rasp.Aggregate(EARLIER, numerical(tokens == "a"), default=0.25),
    "of nothing, with none": rasp.Aggregate(EARLIER, numerical(tokens == "a")),
    "of one number": rasp.Aggregate(EARLIER, numerical(rasp.Full(2)), default=0),
    "of None as well": rasp.Aggregate(BEFORE, numerical(values({"a": 0, "b": 1, "c": None}))),
}


def counted(mean: rasp.SOp, most: int = 4096) -> TabledProgram:
    program = tabled_program(build_graph(numerical(mean)), INPUTS, joint=True)
    return CountMeans(most)(program, INPUTS)


@pytest.mark.parametrize("name", MEANS)
def test_a_mean_is_a_function_of_counts(name: str) -> None:
    after = counted(MEANS[name])
    assert not any(isinstance(node.operation, Aggregate) for node in after.nodes)
    for sequence in sequences(INPUTS.vocabulary, 4):
        try:
            expected = rasp.evaluate_causal(MEANS[name], list(sequence))
        except EvaluationError:
            # What takes None beside numbers is None.
            assert evaluate(after, sequence, causal=True)[after.output][-1] is None
            continue
        assert evaluate(after, sequence, causal=True)[after.output] == expected


def test_positions_alone_take_no_head_to_be_counted() -> None:
    widths = [x for x in counted(MEANS["of a flag"]).nodes if isinstance(x.operation, Width)]
    assert len(widths) == 1
    widths = [x for x in counted(MEANS["by tokens"]).nodes if isinstance(x.operation, Width)]
    assert len(widths) == 2


def test_what_takes_larger_tables_stays_a_mean() -> None:
    nodes = counted(MEANS["of floats"], most=20).nodes
    assert any(isinstance(node.operation, Aggregate) for node in nodes)
