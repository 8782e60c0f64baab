"""Categorical Aggregates that average several numbers, which need a number in between.

A head that copies classes is right as long as no query selects positions with different
numbers. Where that is proven, nothing is added. Elsewhere the Aggregate takes its mean as a
number, which is right whatever is selected, and a class is made of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from numbers import Number
from typing import Any

from optitracr.errors import UnsupportedError
from optitracr.graph.program import Aggregate, Elementwise, Node, ProgramGraph
from optitracr.graph.reach.answer import Answer, Reach
from optitracr.graph.reach.facts import Facts, Inputs
from optitracr.graph.reach.questions import averages, selects_none
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.values import ValueSet, infer_values
from optitracr.rasp import Encoding


def expand_averages(
    graph: ProgramGraph, inputs: Inputs
) -> tuple[ProgramGraph, dict[str, ValueSet]]:
    """Splits each Aggregate that may average into a mean, as a number, and its class.

    Args:
        graph: The program.
        inputs: The inputs that matter.

    Returns:
        The program, and its value sets.

    Raises:
        ValueSetError: If a value set explodes or a function raises.
        UnsupportedError: If a mean cannot be held as a number; names the s-op and, where one
            is known, an input on which it averages.
    """
    copies: set[str] = set()
    while True:
        sets = infer_values(graph, inputs.vocabulary, inputs.max_seq_len)
        for node in may_average(graph, sets):
            if node.label in copies:
                continue
            facts = Facts.of(graph, sets, inputs, frozenset(copies))
            answer = averages(facts, node.label)
            if not answer.never:
                graph = _expanded(graph, node, _as_mean(facts, node, answer))
                break
            copies.add(node.label)
        else:
            return graph, sets


def may_average(graph: ProgramGraph, sets: Mapping[str, ValueSet]) -> list[Node]:
    """Categorical Aggregates of several numbers that may select several positions."""
    operations = {node.label: node.operation for node in graph.nodes}
    found = []
    for node in graph.nodes:
        operation = node.operation
        if not isinstance(operation, Aggregate) or node.is_numerical:
            continue
        numbers = sum(isinstance(value, Number) for value in sets[operation.operand].values)
        if numbers > 1 and not selects_at_most_one(operation.selector, operations, sets):
            found.append(node)
    return found


def _as_mean(facts: Facts, node: Node, answer: Answer) -> Node:
    """The mean of a categorical Aggregate as a number.

    Raises:
        UnsupportedError: If it is a mean beside values that are no numbers, or beside None.
    """
    operation = node.operation
    assert isinstance(operation, Aggregate)
    odd = _no_number(facts, operation)
    if odd is not None:
        raise UnsupportedError(
            f"s-op {node.describe()} {_takes_means(answer)}, beside the value {odd!r}, which no "
            "number holds; let its selector select one position, or aggregate integers and floats "
            "alone"
        )
    none = selects_none(facts, node.label)
    if not none.never:
        raise UnsupportedError(
            f"s-op {node.describe()} {_takes_means(answer)}, and {_takes_none(none)}, which a "
            f"mean cannot tell from a number; map None in '{operation.operand}' to a number, or "
            "select such positions never"
        )
    mean = replace(operation, skips_none=facts.sets[operation.operand].may_be_none)
    label = f"{node.label}.average"
    while label in facts.nodes:
        label += "_"
    return replace(node, label=label, operation=mean, encoding=Encoding.NUMERICAL)


def _no_number(facts: Facts, operation: Aggregate) -> Any:
    """A value, of the operand or by default, that no number of a residual stream is."""
    held = facts.sets[operation.operand].values
    extra = () if operation.default is None else (operation.default,)
    return next((v for v in (*held, *extra) if not isinstance(v, int | float)), None)


def _takes_means(answer: Answer) -> str:
    if answer.reach is Reach.REACHED:
        return f"takes the mean of different numbers, as on {list(answer.tokens)!r}"
    return "may take the mean of different numbers (no proof was found that it does not)"


def _takes_none(answer: Answer) -> str:
    if answer.reach is Reach.REACHED:
        return f"on {list(answer.tokens)!r} it selects a position that is None"
    return "it may select a position that is None (no proof was found that it does not)"


def _expanded(graph: ProgramGraph, node: Node, mean: Node) -> ProgramGraph:
    """The program with a mean before the Aggregate, which becomes its class."""
    own = replace(node, operation=Elementwise(_same, (mean.label,)))
    nodes = [part for old in graph.nodes for part in ((mean, own) if old is node else (old,))]
    return replace(graph, nodes=tuple(nodes))


def _same(value: Any) -> Any:
    return value
