"""Exact rewrites of the program graph before candidates are enumerated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from optitracr.graph.program import (
    Aggregate,
    CompoundSelector,
    Elementwise,
    Input,
    Node,
    Operation,
    ProgramGraph,
    Selector,
    Width,
)
from optitracr.graph.values import ValueSet
from optitracr.rasp import Encoding


@dataclass(frozen=True, slots=True)
class Share:
    """The raw output of a width's head: 1 / (1 + number selected)."""

    selector: Selector


def split_widths(
    graph: ProgramGraph, values: Mapping[str, ValueSet], max_seq_len: int
) -> tuple[ProgramGraph, dict[str, ValueSet], dict[str, str]]:
    """Splits each selector width into its head and an elementwise function of that.

    Returns:
        The graph, its value sets, and for each new node the width that it belongs to.
    """
    import numpy as np

    nodes: list[Node] = []
    sets = dict(values)
    shares: dict[str, str] = {}
    counts = np.arange(max_seq_len, -1, -1)
    for node in graph.nodes:
        if not isinstance(node.operation, Width):
            nodes.append(node)
            continue
        label = f"{node.label}.share"
        shares[label] = node.label
        nodes.append(Node(label, node.operation, Encoding.NUMERICAL, node.source))
        nodes.append(replace(node, operation=Elementwise(_unused, (label,))))
        raw = tuple(1.0 / (int(count) + 1) for count in counts)
        sets[label] = ValueSet(raw, False, raw)
        sets[node.label] = replace(values[node.label], table=counts.astype(np.int32))
    return replace(graph, nodes=tuple(nodes)), sets, shares


def _unused(*values: object) -> object:
    raise AssertionError("a split width is evaluated by its table")


def merge_equal(
    graph: ProgramGraph, values: Mapping[str, ValueSet]
) -> tuple[ProgramGraph, dict[str, str]]:
    """Merges nodes that compute the same: equal operation, operands and table.

    Returns:
        The graph, and for each node that was merged away the one that stands for it.
    """
    stands_for: dict[str, str] = {}
    seen: dict[object, str] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        renamed = replace(node, operation=_rename(node.operation, stands_for))
        key = (renamed.encoding, _key(renamed, values))
        if key in seen and node.label != graph.output:
            stands_for[node.label] = seen[key]
            continue
        seen.setdefault(key, node.label)
        nodes.append(renamed)
    return replace(graph, nodes=tuple(nodes)), stands_for


def _rename(operation: Operation, names: Mapping[str, str]) -> Operation:
    match operation:
        case Input():
            return operation
        case Elementwise():
            return replace(operation, operands=tuple(names.get(x, x) for x in operation.operands))
        case Aggregate():
            return replace(
                operation,
                selector=_rename_selector(operation.selector, names),
                operand=names.get(operation.operand, operation.operand),
            )
        case Width():
            return replace(operation, selector=_rename_selector(operation.selector, names))


def _rename_selector(selector: Selector, names: Mapping[str, str]) -> Selector:
    if isinstance(selector, CompoundSelector):
        return replace(
            selector, operands=tuple(_rename_selector(s, names) for s in selector.operands)
        )
    return replace(
        selector,
        keys=names.get(selector.keys, selector.keys),
        queries=names.get(selector.queries, selector.queries),
    )


def _key(node: Node, values: Mapping[str, ValueSet]) -> object:
    """Equal keys mean equal variables; unequal ones mean nothing."""
    match node.operation:
        case Input(source=source):
            return source
        case Elementwise(operands=operands, factors=factors):
            found = values[node.label]
            if found.table is None:
                return (operands, factors) if factors else id(node)
            return (operands, found.values, found.table.tobytes())
        case Aggregate(selector=selector, operand=operand, default=default):
            return (selector_key(selector, values), operand, default)
        case Width(selector=selector):
            return selector_key(selector, values)


def selector_key(selector: Selector, values: Mapping[str, ValueSet]) -> object:
    """Equal keys mean that two selectors select the same."""
    if isinstance(selector, CompoundSelector):
        parts = tuple(selector_key(part, values) for part in selector.operands)
        return (selector.operator, parts)
    keys, queries = values[selector.keys].values, values[selector.queries].values
    table = tuple(bool(selector.predicate(k, q)) for q in queries for k in keys)
    return (selector.keys, selector.queries, table)
