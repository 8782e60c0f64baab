"""Promises of at most one key: what they make of value sets, rewrites and models."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.errors import EvaluationError
from optitracr.files.program_data import program_from_data
from optitracr.files.program_writing import program_to_data
from optitracr.graph.build import build_graph
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Width
from optitracr.graph.rewrites.joining import JoinSelectors
from optitracr.graph.rewrites.merging import selector_key
from optitracr.graph.selecting import promises_at_most_one
from optitracr.graph.tabled import TabledNode
from optitracr.graph.tabling import tabled_program
from optitracr.levels import LEVELS
from optitracr.rasp import (
    Aggregate,
    Comparison,
    Full,
    Select,
    SelectorWidth,
    at_most_one,
    indices,
    numerical,
    tokens,
)
from tests.inputs import sequences

VOCAB, LENGTH = ("a", "b", "+"), 4


def plus() -> rasp.Selector:
    return Select(tokens, Full("+"), Comparison.EQ)


BEFORE = Select(indices, indices, Comparison.LT)


def output_of(program: rasp.SOp, length: int = 16) -> TabledNode:
    inputs = Inputs(VOCAB, length)
    found = tabled_program(build_graph(program), inputs)
    return found.node(found.output)


def test_an_aggregate_of_it_is_a_copy() -> None:
    own = output_of(Aggregate(at_most_one(plus()), indices)).value_set
    assert own.values == tuple(range(16))
    assert own.may_be_none
    number = output_of(numerical(Aggregate(at_most_one(plus()), numerical(indices), default=-1)))
    assert number.value_set.values == tuple(range(-1, 16))
    assert len(output_of(Aggregate(plus(), indices), 6).value_set.values) > 20


def test_it_is_known_beside_what_goes_together() -> None:
    so_far = at_most_one(Select(indices, indices, Comparison.LEQ))
    program = numerical(Aggregate(so_far, numerical(tokens == "a"), default=0))
    found = tabled_program(build_graph(program), Inputs(VOCAB, 8), joint=True)
    assert found.node(found.output).value_set.values == (0, 1)


def test_a_width_of_it_is_0_or_1() -> None:
    assert output_of(SelectorWidth(at_most_one(plus()))).value_set.values == (0, 1)
    assert output_of(SelectorWidth(at_most_one(plus()) & BEFORE)).value_set.values == (0, 1)
    for open_end in (at_most_one(plus()) | BEFORE, ~at_most_one(plus())):
        assert len(output_of(SelectorWidth(open_end)).value_set.values) == 17


def test_all_who_share_a_selector_share_its_promise() -> None:
    selector = plus()
    pair = rasp.SequenceMap(
        lambda n, w: (n, w), SelectorWidth(selector), Aggregate(at_most_one(selector), indices)
    )
    graph = build_graph(pair)
    counts = [node.operation for node in graph.nodes if isinstance(node.operation, Width)]
    assert promises_at_most_one(counts[0].selector)


def test_selectors_with_and_without_it_are_told_apart() -> None:
    pair = rasp.SequenceMap(
        lambda n, w: (n, w), SelectorWidth(plus()), SelectorWidth(at_most_one(plus()))
    )
    found = tabled_program(build_graph(pair), Inputs(VOCAB, LENGTH))
    selectors = [
        node.operation.selector for node in found.nodes if isinstance(node.operation, Width)
    ]
    assert selector_key(selectors[0]) != selector_key(selectors[1])


def test_joint_variables_keep_it() -> None:
    program = Aggregate(at_most_one(plus()) & BEFORE, indices)
    inputs = Inputs(VOCAB, LENGTH)
    joined = JoinSelectors()(tabled_program(build_graph(program), inputs), inputs)
    operation = joined.node(joined.output).operation
    assert promises_at_most_one(operation.selector)


def shared() -> rasp.SOp:
    selector = plus()
    return rasp.SequenceMap(
        lambda n, w: (n, w), SelectorWidth(selector), Aggregate(at_most_one(selector), indices)
    )


def told_apart() -> rasp.SOp:
    """A reader that tells 1 from 1.0: no mean is looked for."""
    return rasp.Map(repr, Aggregate(at_most_one(plus()), indices))


PROGRAMS: dict[str, Callable[[], rasp.SOp]] = {
    "position": lambda: Aggregate(at_most_one(plus()), indices),
    "number": lambda: numerical(Aggregate(at_most_one(plus()), numerical(indices), default=0)),
    "number or None": lambda: numerical(Aggregate(at_most_one(plus()), numerical(indices))),
    "token": lambda: Aggregate(at_most_one(Select(tokens, tokens, Comparison.LT)), tokens),
    "count": lambda: SelectorWidth(at_most_one(plus())),
    "count as a number": lambda: numerical(SelectorWidth(at_most_one(plus()))),
    "and": lambda: Aggregate(at_most_one(plus()) & BEFORE, indices),
    "or": lambda: SelectorWidth(at_most_one(plus()) | BEFORE),
    "not": lambda: SelectorWidth(~at_most_one(plus())),
    "of a conjunction": lambda: Aggregate(at_most_one(plus() & BEFORE), indices),
    "shared": shared,
    "told apart": told_apart,
    "counted twice": lambda: rasp.SequenceMap(
        lambda n, w: n - w, SelectorWidth(plus()), SelectorWidth(at_most_one(plus()))
    ),
}


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore::optitracr.errors.CausalReadingWarning")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("causal", [False, True], ids=["full", "causal"])
@pytest.mark.parametrize("name", list(PROGRAMS))
def test_models_equal_the_interpreter_where_it_is_defined(
    name: str, causal: bool, level: int
) -> None:
    program = PROGRAMS[name]()
    model = compile_rasp_to_model(program, set(VOCAB), LENGTH, causal=causal, optimize=level)
    undefined = 0
    for given in sequences(VOCAB, LENGTH):
        try:
            wanted = rasp.evaluate_all(program, given, causal=causal)[program]
        except EvaluationError:
            undefined += 1
            continue
        found = model.apply(["compiler_bos", *given]).decoded[1:]
        if rasp.is_numerical(program) and None not in wanted:
            # Attention weighs what it does not select by some 1e-11.
            assert found == pytest.approx(wanted, abs=1e-6)
        else:
            assert found == wanted
    report = model.verify(400)
    assert report.exhaustive_length == LENGTH
    assert report.undefined == undefined > 0


def test_files_and_listings_keep_it() -> None:
    program = PROGRAMS["and"]()
    model = compile_rasp_to_model(program, set(VOCAB), LENGTH)
    assert "and(at_most_one(select(tokens, full_1, ==)), select(indices" in str(model.source)
    stored = program_to_data(model.program, model.setting)
    again = program_from_data(stored).program
    assert again(list("a+")) == program(list("a+"))
    with pytest.raises(EvaluationError, match="at most one"):
        again(list("++"))
