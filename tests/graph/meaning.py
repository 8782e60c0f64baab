"""What a tabled program says of an input, by its tables alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from optitracr.graph.program import (
    Aggregate,
    Best,
    CompoundSelector,
    Elementwise,
    Input,
    Selector,
    Share,
    Source,
    TabledSelector,
    Width,
)
from optitracr.graph.tabled import Table, TabledNode, TabledProgram

Values = dict[str, list[Any]]


def evaluate(program: TabledProgram, tokens: Sequence[Any], causal: bool = False) -> Values:
    """The values of every variable, one a position; definitions have to agree with operations."""
    found: Values = {}
    for node in program.nodes:
        found[node.label] = _values(node, program, found, tokens, causal)
        for definition in node.definitions:
            again = _looked_up(node, definition.operands, definition.table, program, found, tokens)
            assert again == found[node.label], f"another definition of {node.label}"
    return found


def _values(
    node: TabledNode, program: TabledProgram, found: Values, tokens: Sequence[Any], causal: bool
) -> list[Any]:
    operation, positions = node.operation, range(len(tokens))
    match operation:
        case Input(source=source):
            return list(tokens if source is Source.TOKENS else positions)
        case Elementwise() if node.table is not None:
            return _looked_up(node, operation.operands, node.table, program, found, tokens)
        case Elementwise():
            return [_sum(operation, found, position) for position in positions]
        case Share() | Width() | Aggregate() | Best():
            rows = [
                [
                    key
                    for key in positions
                    if (key <= query or not causal)
                    and _selected(operation.selector, program, found, key, query)
                ]
                for query in positions
            ]
    if isinstance(operation, Aggregate):
        return [_mean(operation, [found[operation.operand][key] for key in row]) for row in rows]
    if isinstance(operation, Best):
        return [_best(operation, found[operation.score], row) for row in rows]
    assert isinstance(operation, Width)
    share = isinstance(operation, Share)
    return [1 / (1 + len(row)) if share else len(row) for row in rows]


def place_of(node: TabledNode, value: Any) -> int:
    """The place of a value in a set; of a number the nearest, since sums of floats differ."""
    values = node.value_set.values
    if value in values:
        return values.index(value)
    near = min(range(len(values)), key=lambda place: abs(values[place] - value))
    assert abs(values[near] - value) < 1e-9, f"{node.label} cannot be {value!r}"
    return near


def _looked_up(
    node: TabledNode,
    operands: Sequence[str],
    table: Table,
    program: TabledProgram,
    found: Values,
    tokens: Sequence[Any],
) -> list[Any]:
    results: list[Any] = []
    for position in range(len(tokens)):
        read = [(program.node(label), found[label][position]) for label in operands]
        if any(value is None for _, value in read):
            results.append(None)
            continue
        code = int(table[tuple(place_of(known, value) for known, value in read)])
        results.append(None if code < 0 else node.value_set.values[code])
    return results


def _sum(operation: Elementwise, found: Values, position: int) -> Any:
    read = [found[label][position] for label in operation.operands]
    assert operation.factors is not None
    if any(value is None for value in read):
        return None
    return sum(f * value for f, value in zip(operation.factors, read, strict=True))


def _mean(operation: Aggregate, values: list[Any]) -> Any:
    if not values:
        return operation.default
    if all(value == values[0] for value in values):
        return values[0]
    return sum(values) / len(values)


def _best(operation: Best, scores: list[Any], keys: list[int]) -> int | None:
    sign = -1 if operation.smallest else 1
    assert all(scores[key] is not None for key in keys)
    return max(keys, key=lambda key: (sign * scores[key], key), default=None)


def _selected(
    selector: Selector, program: TabledProgram, found: Values, key: int, query: int
) -> bool:
    if isinstance(selector, CompoundSelector):
        parts = [_selected(part, program, found, key, query) for part in selector.operands]
        combine: Callable[[list[bool]], bool] = {
            "and": all,
            "or": any,
            "not": lambda one: not one[0],
        }[selector.operator]
        return combine(parts)
    assert isinstance(selector, TabledSelector)
    values = found[selector.keys][key], found[selector.queries][query]
    if None in values:
        return False
    nodes = program.node(selector.keys), program.node(selector.queries)
    places = (place_of(node, value) for node, value in zip(nodes, values, strict=True))
    return bool(selector.pairs.holds[tuple(places)])
