"""Components as the solver sees them: sizes, reads and kinds, and nothing of the program."""

from __future__ import annotations

import pytest

from optitracr.allocation.problem import HeadSize, build_problem, longest_side, rank
from optitracr.candidates.component import Component, Components, OutputView
from optitracr.craft.blocks import Block, Determined
from optitracr.craft.spaces import FloatArray
from optitracr.setting import Setting
from solvers import Kind, Limits, View
from tests.assembly.blocks import LETTERS, NUMBER, POSITION, RESULT, head, inputs, mlp

SETTING = Setting(("a", "b"), 3, "bos", "pad")


def components(*blocks: tuple[str, Block, str]) -> Components:
    """Components by name, block and selector, each of which writes RESULT."""
    made = tuple(
        Component(name, RESULT, block, ("letters", "position"), (), selector, "together")
        for name, block, selector in blocks
    )
    matrix: FloatArray = RESULT.functional[:, None]
    view = OutputView(("result",), RESULT.space, matrix)
    return Components(inputs(), made, view, ("position", "bos"), {})


def test_inputs_and_results_are_variables_with_their_widths() -> None:
    problem = build_problem("p", components(("m", mlp(LETTERS), "")), SETTING)
    known = problem.by_name()
    assert {name: known[name].width for name in known} == {
        "letters": 2,
        "bos": 1,
        "position": 3,
        "result": 3,
    }
    assert [name for name in known if known[name].is_input] == ["letters", "bos", "position"]
    assert known["result"].block == "together"
    assert not known["position"].signed


def test_an_mlp_takes_its_neurons_and_frees_what_it_determines() -> None:
    block = mlp(LETTERS, neurons=4, determined=(Determined("letters", RESULT.functional),))
    [alternative] = build_problem("p", components(("m", block, "")), SETTING).alternatives
    assert (alternative.kind, alternative.neurons) == (Kind.MLP, 4)
    assert alternative.reads == (("letters",), ("position",))
    assert alternative.determines == ("letters",)
    assert alternative.head is None


@pytest.mark.parametrize(("size", "count"), [(longest_side, 3), (rank, 2)])
def test_a_heads_size_is_counted_as_the_level_counts_it(size: HeadSize, count: int) -> None:
    """Two columns tell keys from queries; Tracr takes the longest side, that of positions."""
    given = components(("h", head(NUMBER, 1), "same"))
    [alternative] = build_problem("p", given, SETTING, head_size=size).alternatives
    assert alternative.kind is Kind.ATTENTION
    assert alternative.head is not None
    assert (alternative.head.selector, alternative.head.head_size) == ("same", count)
    assert alternative.head.value_width == 1


def test_a_head_without_a_selector_shares_with_nobody() -> None:
    given = components(("h", head(NUMBER, 1), ""))
    [alternative] = build_problem("p", given, SETTING).alternatives
    assert alternative.head is not None
    assert alternative.head.selector == "h"


def test_what_erasing_by_a_head_takes() -> None:
    problem = build_problem("p", components(("m", mlp(LETTERS), "")), SETTING)
    assert problem.self_attention is not None
    assert problem.self_attention.reads == ("position", "bos")
    assert problem.self_attention.head_size == len(POSITION.space) + 1


def test_output_rows_and_limits_are_passed_on() -> None:
    limits = Limits(width=7)
    problem = build_problem("p", components(("m", mlp(LETTERS), "")), SETTING, limits)
    assert (problem.limits, problem.views) == (limits, (View(("result",)),))
    assert (problem.constants.embedding_rows, problem.constants.outputs) == (8, 1)
