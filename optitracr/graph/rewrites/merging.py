"""Variables that compute the same, as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from optitracr.graph.inputs import Inputs
from optitracr.graph.program import (
    Aggregate,
    Best,
    CompoundSelector,
    Elementwise,
    Input,
    Operation,
    PairSelector,
    Selector,
    Width,
    fold_selector,
    holds_of,
    map_pairs,
)
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.tabled import TabledNode, TabledProgram
from optitracr.rasp.identity import identity_key


@dataclass(frozen=True, slots=True)
class MergeEqual(Pass):
    """Merges variables with equal operations, operands and tables; the first stands for all.

    The output stays.
    """

    name = "equals"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program with one variable for each that it computes several times."""
        stands_for: dict[str, str] = {}
        seen: dict[object, str] = {}
        nodes: list[TabledNode] = []
        for node in program.nodes:
            renamed = replace(node, operation=_rename(node.operation, stands_for))
            key = (renamed.encoding, _key(renamed))
            if key in seen and node.label != program.output:
                stands_for[node.label] = seen[key]
                continue
            seen.setdefault(key, node.label)
            nodes.append(renamed)
        return replace(program.with_nodes(nodes), stands_for=stands_for)


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
        case Best():
            return replace(
                operation,
                selector=_rename_selector(operation.selector, names),
                score=names.get(operation.score, operation.score),
            )


def _rename_selector(selector: Selector, names: Mapping[str, str]) -> Selector:
    def renamed(pair: PairSelector) -> PairSelector:
        keys, queries = (names.get(label, label) for label in (pair.keys, pair.queries))
        same = keys == pair.keys and queries == pair.queries
        return pair if same else replace(pair, keys=keys, queries=queries)

    return map_pairs(selector, renamed)


def _key(node: TabledNode) -> object:
    """Equal keys mean equal variables; unequal ones mean nothing."""
    match node.operation:
        case Input(source=source):
            return source
        case Elementwise(operands=operands, factors=factors):
            found = node.value_set
            if found.table is None:
                return (operands, factors) if factors else id(node)
            # Equal values of other types are others to the predicates that read them.
            return (operands, *map(identity_key, found.values), found.table.tobytes())
        case Aggregate(selector=selector, operand=operand, default=default):
            return (selector_key(selector), operand, default)
        case Width(selector=selector):
            return selector_key(selector)
        case Best(selector=selector, score=score, smallest=smallest):
            return (selector_key(selector), Best, score, smallest)


def selector_key(selector: Selector) -> object:
    """Equal keys mean that two selectors select the same.

    A key lists what the selector is made of, each part once and by its place in the list, so
    that it is as flat for a selector that is nested thousands deep.
    """
    parts: dict[object, int] = {}

    def leaf(pair: PairSelector) -> int:
        holds = holds_of(pair)
        relation = (pair.keys, pair.queries, holds.shape, holds.T.tobytes())
        return parts.setdefault((*relation, pair.at_most_one), len(parts))

    def combine(compound: CompoundSelector, operands: tuple[int, ...]) -> int:
        key = (compound.operator, operands, compound.at_most_one)
        return parts.setdefault(key, len(parts))

    top = fold_selector(selector, leaf, combine)
    return (top, *parts)
