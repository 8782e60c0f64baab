"""Heads whose variable the token or the index of their own position determines."""

from __future__ import annotations

from typing import Any

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Aggregate, Input, Width
from optitracr.graph.rewrites.determined import ReadOwnInputs
from optitracr.graph.rewrites.widths import SplitWidths
from optitracr.rasp import Comparison, Map, Select, SelectorWidth, indices, tokens
from tests.graph.test_passes import EARLIER, EQUAL, rewritten

IS_A = Map(lambda token: token == "a", tokens)
UP_TO = Select(indices, indices, Comparison.LEQ)
BEFORE = Select(indices, indices, lambda key, query: key == max(query - 1, 0))
PREVIOUS = rasp.Aggregate(BEFORE, indices)
FURTHER = rasp.Aggregate(Select(indices, PREVIOUS, Comparison.EQ), PREVIOUS)
NEXT = Select(indices, indices, lambda key, query: key == query + 1)
EVERY = Select(indices, indices, Comparison.TRUE)
A_QUARTER = rasp.numerical(Map(lambda token: 0.25 if token == "a" else 0.5, tokens))

BOTH, FULL, CAUSAL = (False, True), (False,), (True,)


@pytest.mark.parametrize(
    ("program", "told_by", "readings"),
    [
        (rasp.Aggregate(EQUAL, IS_A), "tokens", BOTH),
        (rasp.Aggregate(EQUAL & UP_TO, IS_A), "tokens", BOTH),
        (rasp.numerical(rasp.Aggregate(EQUAL, A_QUARTER, default=0)), "tokens", BOTH),
        (PREVIOUS, "indices", BOTH),
        (FURTHER, "indices", BOTH),
        (SelectorWidth(UP_TO), "indices", BOTH),
        (SelectorWidth(EARLIER), "indices", BOTH),
        (SelectorWidth(EVERY), "indices", CAUSAL),
        (SelectorWidth(EVERY), "", FULL),
        (rasp.Aggregate(NEXT, tokens, default="b"), "indices", CAUSAL),
        (rasp.Aggregate(NEXT, indices, default=0), "", FULL),
        (rasp.Aggregate(EARLIER & EQUAL, IS_A), "", BOTH),
        (rasp.Aggregate(BEFORE, IS_A), "", BOTH),
        (SelectorWidth(EQUAL), "", BOTH),
    ],
    ids=[
        "whether any equal token is a",
        "whether an equal token so far is a",
        "mean over equal tokens",
        "index before",
        "index before that, by the index before",
        "positions so far",
        "earlier positions",
        "all that a causal query sees",
        "all positions",
        "a later token, which a causal query never sees",
        "next index, or none at the end",
        "whether an earlier equal token is a, or none",
        "whether the token before is a",
        "equal tokens",
    ],
)
def test_which_input_a_head_is_a_function_of(
    program: rasp.SOp, told_by: str, readings: tuple[bool, ...]
) -> None:
    for causal in readings:
        inputs = Inputs(("a", "b"), 3, causal)
        after = rewritten(program, SplitWidths(), ReadOwnInputs(), inputs=inputs)
        assert any(isinstance(x.operation, Aggregate | Width) for x in after.nodes) is not bool(
            told_by
        )
        read = [x.label for x in after.nodes if isinstance(x.operation, Input)]
        assert not told_by or read == [told_by]


@pytest.mark.parametrize(
    ("program", "size", "without"),
    [
        (rasp.Aggregate(EQUAL, IS_A), (0, 1, 0), (1, 5, 1)),
        (SelectorWidth(UP_TO), (0, 2, 0), (1, 6, 1)),
    ],
    ids=["equal tokens", "positions so far"],
)
def test_it_takes_no_head_and_is_proven_by_values(
    program: rasp.SOp, size: tuple[int, ...], without: tuple[int, ...]
) -> None:
    def made(**options: Any) -> Any:
        return compile_rasp_to_model(program, set("abcdefghijklmnopqrstuvwxyz"), 12, **options)

    model = made()
    assert (model.size.layers, model.size.width, model.size.heads) == size
    assert model.proof.proven
    assert model.proof.inputs == 0
    plain = made(without="rewrites", check=False).size
    assert (plain.layers, plain.width, plain.heads) == without
