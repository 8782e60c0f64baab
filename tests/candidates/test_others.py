"""Counts of other positions as counts of all, less one's own."""

from __future__ import annotations

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.candidates.others import CountOthers
from optitracr.graph.inputs import Inputs
from optitracr.graph.provenance import Role
from optitracr.graph.rewrites.widths import SplitWidths
from optitracr.rasp import Comparison, Select, indices, tokens
from tests.graph.test_passes import EQUAL, made, rewritten

BOTH = ("tokens", "indices")
OTHERS = Select(indices, indices, Comparison.NEQ)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    ("selector", "told_by", "counts"),
    [
        (OTHERS, (), 3),
        (OTHERS & EQUAL, (), 3),
        (OTHERS & Select(tokens, tokens, lambda key, query: key == "a"), ("tokens",), 4),
        (OTHERS & Select(tokens, indices, lambda key, query: key == "a" or query > 1), BOTH, 4),
        (OTHERS & Select(tokens, tokens, Comparison.NEQ), (), 4),
        (EQUAL, (), 0),
    ],
    ids=["all", "equal", "a", "a or late", "unequal", "no others"],
)
def test_what_is_counted_instead(
    selector: rasp.Selector, told_by: tuple[str, ...], counts: int, causal: bool
) -> None:
    inputs = Inputs(("a", "b"), 3, causal)
    after = rewritten(rasp.SelectorWidth(selector), SplitWidths(), CountOthers(), inputs=inputs)
    found = made(after, Role.SUMMAND)
    assert [len(each.value_set.values) for each in found] == [counts] * bool(counts)
    definitions = after.node(after.output).definitions
    assert [each.operands for each in definitions] == [(x.label, *told_by) for x in found]


@pytest.mark.parametrize(("selector", "width"), [(OTHERS, 2), (OTHERS & EQUAL, 4)])
def test_no_column_is_taken_to_leave_oneself_out(selector: rasp.Selector, width: int) -> None:
    count = rasp.SelectorWidth(selector)
    model = compile_rasp_to_model(count, {"a", "b", "c"}, 5)
    assert model.proof.proven
    assert model.size.width == width
    plain = compile_rasp_to_model(count, {"a", "b", "c"}, 5, without="rewrites", check=False)
    assert plain.size.width == width + 5
