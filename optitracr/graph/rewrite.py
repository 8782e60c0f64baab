"""Exact rewrites of the program graph before candidates are enumerated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from optitracr.graph.predicates import predicate_table
from optitracr.graph.program import (
    Aggregate,
    CompoundSelector,
    Elementwise,
    Input,
    Node,
    Operation,
    PairSelector,
    ProgramGraph,
    Selector,
    Source,
    Width,
    fold_selector,
    map_pairs,
    operation_reads,
    unused,
)
from optitracr.graph.values import Value, ValueSet
from optitracr.rasp import Encoding
from optitracr.rasp.identity import identity_key

SHARE = "share"
"""What the raw output of a width's head is of the width."""


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
    taken = {node.label for node in graph.nodes}
    for node in graph.nodes:
        if not isinstance(node.operation, Width):
            nodes.append(node)
            continue
        label = unused(f"{node.label}.{SHARE}", taken)
        taken.add(label)
        shares[label] = node.label
        nodes.append(
            Node(label, node.operation, Encoding.NUMERICAL, node.source, node.label, SHARE)
        )
        nodes.append(replace(node, operation=Elementwise(_unused, (label,))))
        raw = tuple(1.0 / (int(count) + 1) for count in counts)
        sets[label] = ValueSet(raw, False, raw)
        sets[node.label] = replace(values[node.label], table=counts.astype(np.int32))
    return replace(graph, nodes=tuple(nodes)), sets, shares


def _unused(*values: object) -> object:
    raise AssertionError("a split width is evaluated by its table")


def fold_constants(
    graph: ProgramGraph, values: Mapping[str, ValueSet], vocabulary: Sequence[Value]
) -> tuple[ProgramGraph, dict[str, ValueSet]]:
    """Makes every variable that can have one value only, and never None, one of the tokens.

    The embedding can then supply it.

    Returns:
        The graph without what only constants read, inputs first, and its value sets.
    """
    import numpy as np

    sets = dict(values)
    inputs = [node for node in graph.nodes if isinstance(node.operation, Input)]
    if not inputs:
        tokens = tuple(vocabulary)
        label = unused("tokens", sets)
        inputs = [Node(label, Input(Source.TOKENS), Encoding.CATEGORICAL)]
        sets[label] = ValueSet(tokens, False, tokens)
    source = inputs[0].label
    table = np.zeros(len(sets[source].values), dtype=np.int32)
    nodes = list(inputs)
    for node in graph.nodes:
        if isinstance(node.operation, Input):
            continue
        found = values[node.label]
        constant = len(found.values) == 1 and not found.may_be_none and not found.exploded
        if constant:
            sets[node.label] = replace(found, table=table)
            node = replace(node, operation=Elementwise(_unused, (source,)))
        nodes.append(node)
    needed = {graph.output}
    for node in reversed(nodes):
        if node.label in needed:
            needed.update(operation_reads(node.operation))
    kept = tuple(node for node in nodes if node.label in needed)
    return replace(graph, nodes=kept), sets


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
    return map_pairs(
        selector,
        lambda pair: replace(
            pair,
            keys=names.get(pair.keys, pair.keys),
            queries=names.get(pair.queries, pair.queries),
        ),
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
            # Equal values of other types are others to the predicates that read them.
            return (operands, *map(identity_key, found.values), found.table.tobytes())
        case Aggregate(selector=selector, operand=operand, default=default):
            return (selector_key(selector, values), operand, default)
        case Width(selector=selector):
            return selector_key(selector, values)


def selector_key(selector: Selector, values: Mapping[str, ValueSet]) -> object:
    """Equal keys mean that two selectors select the same.

    A key lists what the selector is made of, each part once and by its place in the list, so
    that it is as flat for a selector that is nested thousands deep.
    """
    parts: dict[object, int] = {}

    def leaf(pair: PairSelector) -> int:
        keys, queries = values[pair.keys].values, values[pair.queries].values
        holds = predicate_table(pair, keys, queries).holds
        return parts.setdefault(
            (pair.keys, pair.queries, holds.shape, holds.T.tobytes()), len(parts)
        )

    def combine(compound: CompoundSelector, operands: tuple[int, ...]) -> int:
        return parts.setdefault((compound.operator, operands), len(parts))

    top = fold_selector(selector, leaf, combine)
    return (top, *parts)
