"""Other definitions of a variable, beside the one that the program gives.

A *definition* is a function of other variables that gives the same value on every input.
Those found here turn what one hidden layer cannot compute, a conjunction or disjunction of
conditions on several numbers, into what it can: the number of conditions that hold. A mean
over positions is zero just where the mean of that number is; what is read from a single
position is a function of the number read there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.aggregates import aggregate_values
from optitracr.graph.program import (
    Aggregate,
    Elementwise,
    Node,
    ProgramGraph,
    Width,
    operation_reads,
    unused,
)
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.values import ValueSet
from optitracr.rasp import Encoding

Table = NDArray[np.int32]

MAX_PARTS = 12
"""Conditions that are counted together at most: the table of their number has an entry for each
combination, 4,096 for these."""


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A variable as a function of others.

    Attributes:
        operands: The others.
        table: Index into the variable's value set for each combination, one axis an
            operand; -1 is None.
    """

    operands: tuple[str, ...]
    table: Table


@dataclass(slots=True)
class Extended:
    """A program with further variables, and other definitions of its own.

    Attributes:
        graph: The program; new variables stand before their readers.
        values: Value sets, those of the new variables included.
        definitions: The other definitions of each variable that has some.
    """

    graph: ProgramGraph
    values: dict[str, ValueSet]
    definitions: dict[str, tuple[Definition, ...]]


@dataclass(frozen=True, slots=True)
class _Part:
    """A condition on one variable: which of its values fulfil it."""

    label: str
    holds: NDArray[np.bool_]


def extend(graph: ProgramGraph, values: Mapping[str, ValueSet], max_seq_len: int) -> Extended:
    """Adds the additive definitions of a program."""
    found = Extended(graph, dict(values), {})
    nodes, readers = graph.by_label(), _readers(graph)
    operations = {label: node.operation for label, node in nodes.items()}
    raw = raw_variables(graph)
    inserted: dict[str, list[Node]] = {}
    for node in graph.nodes:
        operation = node.operation
        if not isinstance(operation, Aggregate):
            continue
        parts = _parts(operation.operand, nodes, values, raw)
        if parts is None or sum(part.label in raw for part in parts[1]) < 2:
            continue
        if len(parts[1]) > MAX_PARTS:
            continue
        if not node.is_numerical and selects_at_most_one(operation.selector, operations, values):
            inserted[node.label] = _by_copy(found, node, operation, *parts, max_seq_len)
        elif parts[0] == "or" and _only_zero_counts(node, graph, readers, values):
            inserted[node.label] = _by_mean(found, node, operation, parts[1], readers, max_seq_len)
    flat = [n for node in graph.nodes for n in (*inserted.get(node.label, ()), node)]
    found.graph = replace(graph, nodes=tuple(flat))
    return found


def raw_variables(graph: ProgramGraph) -> frozenset[str]:
    """Variables held as numbers that no table of values lies below: means, and their sums."""
    found: set[str] = set()
    for node in graph.nodes:
        match node.operation:
            case Width():
                found.add(node.label)
            case Aggregate() if node.is_numerical:
                found.add(node.label)
            case Elementwise(operands=operands, factors=factors):
                if factors is not None and node.is_numerical and found.intersection(operands):
                    found.add(node.label)
            case _:
                pass
    return frozenset(found)


def _readers(graph: ProgramGraph) -> dict[str, list[Node]]:
    """The elementwise readers of each variable; None among them for any other reader."""
    found: dict[str, list[Node]] = {node.label: [] for node in graph.nodes}
    for node in graph.nodes:
        for label in dict.fromkeys(operation_reads(node.operation)):
            found[label].append(node)
    return found


def _only_zero_counts(
    node: Node,
    graph: ProgramGraph,
    readers: Mapping[str, list[Node]],
    values: Mapping[str, ValueSet],
) -> bool:
    """Whether all readers only ask if a mean of 0 and 1 is zero."""
    label, own = node.label, values[node.label]
    if not node.is_numerical or label == graph.output or own.exploded or own.may_be_none:
        return False
    assert isinstance(node.operation, Aggregate)
    averaged = values[node.operation.operand].values
    if node.operation.default != 0 or averaged[0] != 0 or averaged[-1] <= 0:
        return False
    for reader in readers[label]:
        operation, table = reader.operation, values[reader.label].table
        if not isinstance(operation, Elementwise) or table is None:
            return False
        for axis, operand in enumerate(operation.operands):
            moved = np.moveaxis(table, axis, 0)
            if operand == label and not (moved[1:] == moved[1:2]).all():
                return False
    return bool(readers[label])


def _parts(
    label: str,
    nodes: Mapping[str, Node],
    values: Mapping[str, ValueSet],
    raw: frozenset[str],
) -> tuple[str, list[_Part]] | None:
    """A two-valued variable as the disjunction or the conjunction of conditions."""
    if values[label].may_be_none or len(values[label].values) != 2:
        return None
    for operator in ("or", "and"):
        wanted = np.array([False, True])
        found = _split(label, wanted, operator, nodes, values, raw)
        if len(found) > 1:
            return operator, found
    return None


def _split(
    label: str,
    holds: NDArray[np.bool_],
    operator: str,
    nodes: Mapping[str, Node],
    values: Mapping[str, ValueSet],
    raw: frozenset[str],
) -> list[_Part]:
    """The condition `holds` on a variable, as one condition on each of those below it."""
    parts: list[_Part] = []
    stack, seen = [_Part(label, holds)], set[tuple[str, bytes]]()
    while stack:
        part = stack.pop()
        key = (part.label, part.holds.tobytes())
        if key in seen:
            continue
        seen.add(key)
        below = _below(part, operator, nodes, values, raw)
        if below is None:
            parts.append(part)
        else:
            stack += reversed(below)
    return parts


def _below(
    part: _Part,
    operator: str,
    nodes: Mapping[str, Node],
    values: Mapping[str, ValueSet],
    raw: frozenset[str],
) -> list[_Part] | None:
    """A condition on a variable as one on each of its operands; None if it is no such."""
    label, holds = part.label, part.holds
    operation, table = nodes[label].operation, values[label].table
    if label in raw or not isinstance(operation, Elementwise) or table is None:
        return None
    if values[label].may_be_none or len(set(operation.operands)) < len(operation.operands):
        return None
    truth = holds[table] if operator == "or" else ~holds[table]
    parts: list[_Part] = []
    union = np.zeros((1,) * table.ndim, dtype=bool)
    for axis, operand in enumerate(operation.operands):
        rest = tuple(other for other in range(table.ndim) if other != axis)
        own = np.asarray(truth.all(axis=rest))
        shape = [1] * table.ndim
        shape[axis] = own.size
        union = union | own.reshape(shape)
        if own.any():
            parts.append(_Part(operand, own if operator == "or" else ~own))
    return parts if np.array_equal(np.broadcast_to(union, table.shape), truth) else None


def _counted(
    found: Extended, node: Node, operation: Aggregate, parts: list[_Part], low: int, length: int
) -> tuple[list[Node], str]:
    """The number of conditions that hold, from `low` on, and its aggregate, 0 by default."""
    made: list[Node] = []
    base, owner = f"{operation.operand}.{node.label}", operation.operand
    for place, part in enumerate(parts):
        least = 0 if place else low
        held = (least, least + 1)
        name = unused(f"{base}.part{place}", found.values)
        found.values[name] = ValueSet(held, False, held, table=part.holds.astype(np.int32))
        read = Elementwise(_tabled, (part.label,))
        made.append(Node(name, read, Encoding.NUMERICAL, owner=owner))
    count, names = len(parts), tuple(part.label for part in made)
    counts = tuple(range(low, low + count + 1))
    sums = np.indices((2,) * count).sum(axis=0).astype(np.int32)
    total = unused(f"{base}.count", found.values)
    found.values[total] = ValueSet(counts, False, counts, table=sums)
    linear = Elementwise(_tabled, names, (1.0,) * count)
    made.append(Node(total, linear, Encoding.NUMERICAL, owner=owner))
    counted = Aggregate(operation.selector, total, 0)
    label = unused(f"{node.label}.count", found.values)
    result = Node(label, counted, Encoding.NUMERICAL, node.source, owner=node.label)
    found.values[label] = aggregate_values(result, counted, found.values[total], length)
    return [*made, result], result.label


def _tabled(*values: object) -> object:
    raise AssertionError("evaluated by its table")


def _by_mean(
    found: Extended,
    node: Node,
    operation: Aggregate,
    parts: list[_Part],
    readers: Mapping[str, list[Node]],
    length: int,
) -> list[Node]:
    """For readers of a mean: it is zero just where the mean number of conditions is."""
    made, read = _counted(found, node, operation, parts, 0, length)
    if found.values[read].exploded:
        return []
    for reader in readers[node.label]:
        own, table = reader.operation, found.values[reader.label].table
        assert isinstance(own, Elementwise)
        assert table is not None
        index = np.minimum(np.arange(len(found.values[read].values)), 1)
        for axis, operand in enumerate(own.operands):
            if operand == node.label:
                table = np.take(table, index, axis=axis)
        operands = tuple(read if operand == node.label else operand for operand in own.operands)
        define(found.definitions, reader.label, Definition(operands, table))
    return made


def _by_copy(
    found: Extended,
    node: Node,
    operation: Aggregate,
    operator: str,
    parts: list[_Part],
    length: int,
) -> list[Node]:
    """What is read from one position, as a function of the number of conditions there."""
    made, read = _counted(found, node, operation, parts, 1, length)
    own, operand = found.values[node.label].values, found.values[operation.operand].values
    counts = tuple(range(len(parts) + 2))
    found.values[read] = ValueSet(counts, False, counts)
    holds = np.array(counts) >= (2 if operator == "or" else len(parts) + 1)
    table = np.where(holds, own.index(operand[1]), own.index(operand[0])).astype(np.int32)
    table[0] = -1 if operation.default is None else own.index(operation.default)
    define(found.definitions, node.label, Definition((read,), table))
    return made


def define(
    definitions: dict[str, tuple[Definition, ...]], label: str, definition: Definition
) -> None:
    """Adds a definition of a variable."""
    definitions[label] = (*definitions.get(label, ()), definition)
