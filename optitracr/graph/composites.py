"""Composite selectors over joint variables, for what no sum of conditions computes.

A conjunction, disjunction or negation of selectors is a relation between several key
variables and several query variables. A *joint* variable takes one value for each class of
combinations that the relation tells apart, and one plain selector over the two joint
variables selects the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import UnsupportedError
from optitracr.graph.program import (
    Aggregate,
    CompoundSelector,
    Elementwise,
    Node,
    PairSelector,
    ProgramGraph,
    Selector,
    Width,
    unused,
)
from optitracr.graph.relations import Relation, relation_of
from optitracr.graph.rewrite import selector_key
from optitracr.graph.values import Value, ValueSet
from optitracr.rasp import Encoding


@dataclass(frozen=True, slots=True)
class Listed:
    """A predicate as the list of pairs for which it holds."""

    pairs: frozenset[tuple[Value, Value]]

    def __call__(self, key: Value, query: Value) -> bool:
        """Whether the pair is listed."""
        return (key, query) in self.pairs


def join_selectors(
    graph: ProgramGraph,
    values: Mapping[str, ValueSet],
    keep: Callable[[CompoundSelector], bool] = lambda selector: False,
) -> tuple[ProgramGraph, dict[str, ValueSet]]:
    """Replaces composite selectors by plain ones over joint variables.

    Args:
        graph: The program.
        values: Its value sets.
        keep: Composite selectors that may stay.

    Returns:
        The graph with the joint variables before their readers, and its value sets.

    Raises:
        UnsupportedError: If a selector needs to tell None apart, or its relation is too large.
    """
    sets = dict(values)
    nodes: list[Node] = []
    made: dict[object, PairSelector] = {}
    known = graph.by_label()
    for node in graph.nodes:
        operation = node.operation
        if isinstance(operation, Aggregate | Width):
            selector = operation.selector
            if isinstance(selector, CompoundSelector) and not keep(selector):
                key = (selector.label, selector_key(selector, sets))
                if key not in made:
                    made[key], new = _joined(node, selector, sets, known)
                    nodes += new
                node = replace(node, operation=replace(operation, selector=made[key]))
        nodes.append(node)
    return replace(graph, nodes=tuple(nodes)), sets


def _joined(
    node: Node,
    selector: CompoundSelector,
    sets: dict[str, ValueSet],
    known: Mapping[str, Node],
) -> tuple[PairSelector, list[Node]]:
    """A plain selector that selects the same, and the joint variables that it needs."""
    relation = relation_of(selector, sets)
    _refuse_none(node, selector, relation, sets, known)
    inner = relation.table[tuple(slice(0, -1) for _ in range(relation.table.ndim))]
    keys = [len(sets[x].values) for x in relation.keys]
    queries = [len(sets[x].values) for x in relation.queries]
    flat = inner.reshape(int(np.prod(keys)), int(np.prod(queries)))
    rows, key_class = np.unique(flat, axis=0, return_inverse=True)
    blocks, query_class = np.unique(rows, axis=1, return_inverse=True)
    nodes: list[Node] = []
    sides = (("keys", relation.keys, key_class), ("queries", relation.queries, query_class))
    labels, classes = [], []
    for side, operands, member in sides:
        label, values = _variable(node, selector, side, operands, member.ravel(), sets, nodes)
        labels.append(label)
        classes.append(values)
    pairs = frozenset(
        (key, query)
        for key, row in classes[0].items()
        for query, column in classes[1].items()
        if blocks[row, column]
    )
    return PairSelector(labels[0], labels[1], Listed(pairs), selector.label), nodes


def _variable(
    node: Node,
    selector: Selector,
    side: str,
    operands: tuple[str, ...],
    member: NDArray[np.intp],
    sets: dict[str, ValueSet],
    nodes: list[Node],
) -> tuple[str, dict[Value, int]]:
    """The variable of one side, and the class of each of its values."""
    if len(operands) == 1:
        values = sets[operands[0]].values
        return operands[0], dict(zip(values, member.tolist(), strict=True))
    label = unused(f"{selector.label}.{node.label}.{side}", sets)
    first = operands[0]
    for place, second in enumerate(operands[1:-1]):
        first = _pair(unused(f"{label}.{place}", sets), first, second, node, sets, nodes)
    operands = (first, operands[-1])
    shape = tuple(len(sets[x].values) for x in operands)
    found = tuple(range(int(member.max(initial=-1)) + 1))
    none = any(sets[x].may_be_none for x in operands)
    sets[label] = ValueSet(found, none, found, table=member.reshape(shape).astype(np.int32))
    nodes.append(_joint(label, operands, node))
    return label, {value: value for value in found}


def _pair(
    label: str, first: str, second: str, node: Node, sets: dict[str, ValueSet], nodes: list[Node]
) -> str:
    """A variable with one value for each pair of values."""
    shape = (len(sets[first].values), len(sets[second].values))
    found = tuple(range(shape[0] * shape[1]))
    table = np.arange(len(found), dtype=np.int32).reshape(shape)
    none = sets[first].may_be_none or sets[second].may_be_none
    sets[label] = ValueSet(found, none, found, table=table)
    nodes.append(_joint(label, (first, second), node))
    return label


def _joint(label: str, operands: tuple[str, ...], node: Node) -> Node:
    """A joint variable, made for what is selected for."""
    operation = Elementwise(_tabled, operands)
    return Node(label, operation, Encoding.CATEGORICAL, node.source, node.label, "joint")


def _tabled(*values: object) -> object:
    raise AssertionError("a joint variable is evaluated by its table")


def _refuse_none(
    node: Node,
    selector: Selector,
    relation: Relation,
    sets: Mapping[str, ValueSet],
    known: Mapping[str, Node],
) -> None:
    """Refuses selectors that select by a variable where another one is None."""
    for axis, label in enumerate((*relation.keys, *relation.queries)):
        at_none = np.moveaxis(relation.table, axis, 0)[-1]
        if sets[label].may_be_none and at_none.any():
            raise UnsupportedError(
                f"s-op {node.describe()}: its selector '{selector.label}' selects also where "
                f"'{known[label].owner or label}' is None, and is no sum of conditions on one key "
                f"and one query; {_instead_of_none(label, sets, known)}"
            )


def _instead_of_none(label: str, sets: Mapping[str, ValueSet], known: Mapping[str, Node]) -> str:
    """What gives a variable a value in place of None: where None comes from, and how."""
    while True:
        operation = known[label].operation
        below = operation.operands if isinstance(operation, Elementwise) else ()
        from_there = next((operand for operand in below if sets[operand].may_be_none), None)
        if from_there is None:
            break
        label = from_there
    name = known[label].owner or label
    if isinstance(operation, Aggregate):
        return (
            f"give '{name}' a default that is a value of its own, which heads write at optimize=2"
        )
    return f"let the function of '{name}' return a value of its own in place of None"
