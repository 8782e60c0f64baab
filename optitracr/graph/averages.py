"""Categorical Aggregates that average several numbers, which need a number in between."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.program import Aggregate, Elementwise, Node, ProgramGraph, operation_reads
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.values import ValueSet
from optitracr.rasp import Encoding


def may_average(graph: ProgramGraph, sets: Mapping[str, ValueSet]) -> list[Node]:
    """Categorical Aggregates of numbers that are not known to select one position."""
    operations = {node.label: node.operation for node in graph.nodes}
    found = []
    for node in graph.nodes:
        operation = node.operation
        if not isinstance(operation, Aggregate) or node.is_numerical:
            continue
        held = sets[operation.operand].values
        numbers = len(held) > 1 and all(isinstance(value, int | float) for value in held)
        if numbers and not selects_at_most_one(operation.selector, operations, sets):
            found.append(node)
    return found


def find_averages(
    graph: ProgramGraph,
    sets: Mapping[str, ValueSet],
    vocabulary: tuple[Any, ...],
    codes: NDArray[np.int32],
    lengths: NDArray[np.int32],
    causal: bool,
) -> frozenset[str]:
    """Those that take a value which none of their operands has, on some of the inputs given.

    Of two of which one reads the other only the first is named: what the other takes is known
    once the first is expanded.

    Args:
        graph: The program.
        sets: Its value sets.
        vocabulary: What the codes stand for.
        codes: Shape [inputs, seq]; token codes, padded.
        lengths: Shape [inputs].
        causal: Whether no query selects a later key.
    """
    from optitracr.rasp.batch import evaluate_batch

    candidates = may_average(graph, sets)
    if not candidates:
        return frozenset()
    expressions = dict(graph.expressions)
    wanted = [expressions[node.label] for node in candidates]
    evaluation = evaluate_batch(wanted, vocabulary, codes, lengths, causal)
    defined = ~evaluation.undefined
    place = np.arange(codes.shape[1]) < lengths[:, None]
    found: set[str] = set()
    for node, expression in zip(candidates, wanted, strict=True):
        taken = np.unique(evaluation.codes(expression)[defined[:, None] & place])
        values = evaluation.values(expression)
        known = set(sets[node.label].values)
        if any(values[c] is not None and values[c] not in known for c in taken):
            found.add(node.label)
    return frozenset(found - _after(graph, found))


def _after(graph: ProgramGraph, labels: Collection[str]) -> set[str]:
    """Variables that depend on some of these."""
    found: set[str] = set()
    for node in graph.nodes:
        if any(read in found or read in labels for read in operation_reads(node.operation)):
            found.add(node.label)
    return found


def expand_averages(graph: ProgramGraph, labels: Collection[str]) -> ProgramGraph:
    """Splits Aggregates into a mean, as a number, and its value as a class."""
    nodes: list[Node] = []
    for node in graph.nodes:
        if node.label in labels:
            name = f"{node.label}.average"
            nodes.append(replace(node, label=name, encoding=Encoding.NUMERICAL))
            node = replace(node, operation=Elementwise(_same, (name,)))
        nodes.append(node)
    return replace(graph, nodes=tuple(nodes))


def _same(value: Any) -> Any:
    return value
