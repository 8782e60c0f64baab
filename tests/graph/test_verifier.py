"""Programs that do not hold together are found, each fault by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from optitracr import rasp
from optitracr.graph.build import build_graph
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Aggregate, Elementwise, Function, Pairs, TabledSelector, Width
from optitracr.graph.provenance import Provenance, Role
from optitracr.graph.rewrites.passes import VERIFICATION, Pass, run_passes
from optitracr.graph.tabled import Definition, TabledNode, TabledProgram
from optitracr.graph.tabling import tabled_program
from optitracr.graph.verifier import BrokenProgramError, check_rewrite, faults
from optitracr.rasp import Comparison, Select, tokens

INPUTS = Inputs(("a", "b"), 3)


def program() -> TabledProgram:
    """Whether the mean of "a" is above a half, of an Aggregate that may be None."""
    number = rasp.numerical(rasp.Map(lambda t: float(t == "a"), tokens))
    mean = rasp.numerical(rasp.Aggregate(Select(tokens, tokens, Comparison.EQ), number, default=0))
    return tabled_program(build_graph(rasp.Map(lambda x: x > 0.5, mean)), INPUTS)


def written_mean() -> Aggregate:
    """An Aggregate whose selector is as its author wrote it."""
    copy = rasp.Aggregate(Select(tokens, tokens, Comparison.EQ), tokens)
    operation = build_graph(copy).nodes[-1].operation
    assert isinstance(operation, Aggregate)
    return replace(operation, default=0)


def changed(place: int, change: Callable[[TabledNode], TabledNode]) -> TabledProgram:
    """The program with one node changed."""
    nodes = list(program().nodes)
    nodes[place] = change(nodes[place])
    return program().with_nodes(nodes)


def with_set(**fields: Any) -> Callable[[TabledNode], TabledNode]:
    return lambda node: replace(node, value_set=replace(node.value_set, **fields))


def with_operation(**fields: Any) -> Callable[[TabledNode], TabledNode]:
    return lambda node: replace(node, operation=replace(node.operation, **fields))


def small_selector(node: TabledNode) -> TabledNode:
    assert isinstance(node.operation, Aggregate)
    selector = node.operation.selector
    assert isinstance(selector, TabledSelector)
    pairs = Pairs(selector.pairs.holds[:1])
    return with_operation(selector=replace(selector, pairs=pairs))(node)


TOKENS, NUMBER, MEAN, OUTPUT = range(4)
WRONG_DEFINITION = Definition(("tokens",), np.array([0, 7], dtype=np.int32))

BROKEN: dict[str, tuple[Callable[[], TabledProgram], str]] = {
    "operands after their readers": (
        lambda: program().with_nodes(reversed(program().nodes)),
        "does not stand before it",
    ),
    "an operand that is gone": (
        lambda: program().with_nodes(program().nodes[1:]),
        "reads 'tokens', which does not stand before it",
    ),
    "a label twice": (
        lambda: program().with_nodes((*program().nodes, program().nodes[-1])),
        "stands there twice",
    ),
    "a colon": (lambda: changed(OUTPUT, lambda n: replace(n, label="a:b")), "has a colon"),
    "no output": (lambda: replace(program(), output="other"), "the output 'other' is no variable"),
    "the label of a user's": (
        lambda: changed(
            NUMBER,
            lambda n: replace(n, provenance=Provenance("some pass", "tokens", Role.CLASS)),
        ),
        "has the label of the user's",
    ),
    "made for nothing": (
        lambda: program().with_nodes(
            (
                *program().nodes,
                replace(
                    program().nodes[TOKENS],
                    label="more",
                    provenance=Provenance("some pass", "never", Role.CLASS),
                ),
            )
        ),
        "is made for 'never', which never was",
    ),
    "a value twice": (
        lambda: changed(TOKENS, with_set(values=("a", "a"))),
        "lists a value twice",
    ),
    "None as a value": (
        lambda: changed(TOKENS, with_set(values=("a", None))),
        "lists None among its values",
    ),
    "values, and none": (
        lambda: changed(TOKENS, with_set(exploded="too many")),
        "a reason for having none",
    ),
    "forms of nothing": (
        lambda: changed(TOKENS, with_set(forms={1: (1, 1.0)})),
        "forms of values that it does not list",
    ),
    "a table of another shape": (
        lambda: changed(NUMBER, with_set(table=np.zeros(3, dtype=np.int32))),
        "has a table of (3,) for operands of (2,) values",
    ),
    "places beyond the values": (
        lambda: changed(NUMBER, with_set(table=np.array([0, 2], dtype=np.int32))),
        "places that are no values",
    ),
    "None by a table alone": (
        lambda: changed(NUMBER, with_set(table=np.array([0, -1], dtype=np.int32))),
        "is None somewhere and cannot be None",
    ),
    "no table": (lambda: changed(NUMBER, with_set(table=None)), "is a function without a table"),
    "a table and no function": (
        lambda: changed(MEAN, with_set(table=np.zeros(2, dtype=np.int32))),
        "has a table and is no function",
    ),
    "factors that are too few": (
        lambda: changed(NUMBER, with_operation(factors=())),
        "has not one factor for each operand",
    ),
    "a function as written": (
        lambda: changed(
            NUMBER, lambda n: replace(n, operation=Function(("tokens",), call=lambda t: t))
        ),
        "is a function as its author wrote it",
    ),
    "a selector of other values": (
        lambda: changed(MEAN, small_selector),
        "of (1, 2) pairs among (2, 2)",
    ),
    "a predicate as written": (
        lambda: changed(MEAN, lambda n: replace(n, operation=written_mean())),
        "as its author wrote it",
    ),
    "no default": (
        lambda: changed(MEAN, with_operation(default=7)),
        "cannot be its default",
    ),
    "a copy of fewer values": (
        lambda: tabled_copy(with_set(values=("a",))),
        "cannot be all that 'tokens' can",
    ),
    "another definition that is wrong": (
        lambda: changed(OUTPUT, lambda n: replace(n, definitions=(WRONG_DEFINITION,))),
        "places that are no values",
    ),
    "one that stands for itself": (
        lambda: replace(program(), stands_for={"tokens": "tokens"}),
        "'tokens' cannot stand for 'tokens'",
    ),
}


def tabled_copy(change: Callable[[TabledNode], TabledNode]) -> TabledProgram:
    first = Select(tokens, tokens, Comparison.EQ)
    copy = tabled_program(build_graph(rasp.Aggregate(first, tokens)), INPUTS)
    return copy.with_nodes((*copy.nodes[:-1], change(copy.nodes[-1])))


def test_programs_that_hold_together_have_no_fault() -> None:
    assert not list(faults(program()))


@pytest.mark.parametrize("name", BROKEN)
def test_faults_are_named(name: str) -> None:
    broken, message = BROKEN[name]
    assert any(message in fault for fault in faults(broken())), list(faults(broken()))


def test_another_output_is_a_fault_of_the_rewrite() -> None:
    with pytest.raises(BrokenProgramError, match="after 'some pass': the output"):
        check_rewrite(program(), replace(program(), output="tokens"), "some pass")


def test_labels_that_are_free_again_are_a_fault_of_the_rewrite() -> None:
    shorter = TabledProgram(program().nodes[:1], "tokens")
    before = replace(program(), output="tokens")
    with pytest.raises(BrokenProgramError, match="labels are free again"):
        check_rewrite(before, shorter, "some pass")


@dataclass(frozen=True, slots=True)
class Breaking(Pass):
    """Loses what the output reads."""

    name = "breaking"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        return program.with_nodes(program.nodes[-1:])


def test_the_pass_at_fault_is_named() -> None:
    with pytest.raises(BrokenProgramError, match="after 'breaking': "):
        run_passes(program(), [Breaking()], INPUTS)


def test_nothing_is_verified_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VERIFICATION, "between_passes", False)
    assert len(run_passes(program(), [Breaking()], INPUTS).nodes) == 1


def test_widths_are_verified_too() -> None:
    selector = Select(tokens, tokens, Comparison.EQ)
    counted = tabled_program(build_graph(rasp.SelectorWidth(selector)), INPUTS)
    node = counted.nodes[-1]
    assert isinstance(node.operation, Width)
    assert not list(faults(counted))
    table = np.zeros(4, dtype=np.int32)
    broken = replace(node, value_set=replace(node.value_set, table=table))
    [fault] = faults(counted.with_nodes((*counted.nodes[:-1], broken)))
    assert "has a table and is no function" in fault
    assert not isinstance(node.operation, Elementwise)
