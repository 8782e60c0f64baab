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
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Aggregate, Elementwise, Node, operation_reads
from optitracr.graph.provenance import Provenance, Role
from optitracr.graph.raw import raw_variables
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.tabled import Definition, TabledNode, TabledProgram, tabled
from optitracr.graph.values import ValueSet
from optitracr.rasp import Encoding

MAX_PARTS = 12
"""Conditions that are counted together at most: the table of their number has an entry for each
combination, 4,096 for these."""


@dataclass(frozen=True, slots=True)
class CountConditions(Pass):
    """Adds definitions by the number of conditions that hold.

    New variables stand before the Aggregate that they are made for.
    """

    name = "counted conditions"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program with further variables and definitions."""
        work = _Counting(program, inputs.max_seq_len)
        nodes: list[TabledNode] = []
        for node in program.nodes:
            nodes += [*work.made(node), node]
        return program.with_nodes(nodes).with_definitions(work.definitions)


@dataclass(frozen=True, slots=True)
class _Part:
    """A condition on one variable: which of its values fulfil it."""

    label: str
    holds: NDArray[np.bool_]


class _Counting:
    """What is added to one program.

    Attributes:
        program: The program.
        length: Longest input.
        names: Labels for what is added.
        nodes: The program's variables by label.
        raw: Numbers that no table of values lies below.
        readers: For each variable what reads it.
        definitions: What is found.
    """

    def __init__(self, program: TabledProgram, length: int) -> None:
        self.program, self.length, self.names = program, length, program.names()
        self.nodes, self.raw = program.by_label(), raw_variables(program)
        self.readers = _readers(program)
        self.definitions: dict[str, tuple[Definition, ...]] = program.definitions

    def made(self, node: TabledNode) -> list[TabledNode]:
        """The variables by which an Aggregate, or what reads it, gets another definition."""
        operation = node.operation
        if not isinstance(operation, Aggregate):
            return []
        parts = _parts(operation.operand, self.nodes, self.raw)
        if parts is None or sum(part.label in self.raw for part in parts[1]) < 2:
            return []
        if len(parts[1]) > MAX_PARTS:
            return []
        if not node.is_numerical and selects_at_most_one(operation.selector, self.nodes):
            return self._by_copy(node, operation, *parts)
        if parts[0] == "or" and self._only_zero_counts(node, operation):
            return self._by_mean(node, operation, parts[1])
        return []

    def _only_zero_counts(self, node: TabledNode, operation: Aggregate) -> bool:
        """Whether all readers only ask if a mean of 0 and 1 is zero."""
        label, own = node.label, node.value_set
        if not node.is_numerical or label == self.program.output:
            return False
        if own.exploded or own.may_be_none:
            return False
        averaged = self.nodes[operation.operand].value_set.values
        if operation.default != 0 or averaged[0] != 0 or averaged[-1] <= 0:
            return False
        for reader in self.readers[label]:
            read, table = reader.operation, reader.table
            if not isinstance(read, Elementwise) or table is None:
                return False
            for axis, operand in enumerate(read.operands):
                moved = np.moveaxis(table, axis, 0)
                if operand == label and not (moved[1:] == moved[1:2]).all():
                    return False
        return bool(self.readers[label])

    def _by_mean(
        self, node: TabledNode, operation: Aggregate, parts: list[_Part]
    ) -> list[TabledNode]:
        """For readers of a mean: it is zero just where the mean number of conditions is."""
        total = self._total(node, operation.operand, parts, 0)
        read = self._aggregate(node, operation, total[-1])
        if read.value_set.exploded:
            return []
        for reader in self.readers[node.label]:
            own, table = reader.operation, reader.table
            assert isinstance(own, Elementwise)
            assert table is not None
            index = np.minimum(np.arange(len(read.value_set.values)), 1)
            for axis, operand in enumerate(own.operands):
                if operand == node.label:
                    table = np.take(table, index, axis=axis)
            operands = tuple(read.label if x == node.label else x for x in own.operands)
            self._define(reader.label, Definition(operands, table))
        return [*total, read]

    def _by_copy(
        self, node: TabledNode, operation: Aggregate, operator: str, parts: list[_Part]
    ) -> list[TabledNode]:
        """What is read from one position, as a function of the number of conditions there."""
        total = self._total(node, operation.operand, parts, 1)
        counts = tuple(range(len(parts) + 2))
        read = self._aggregate(node, operation, total[-1])
        read = replace(read, value_set=ValueSet(counts, False, counts))
        own, operand = node.value_set.values, self.nodes[operation.operand].value_set.values
        holds = np.array(counts) >= (2 if operator == "or" else len(parts) + 1)
        table = np.where(holds, own.index(operand[1]), own.index(operand[0])).astype(np.int32)
        table[0] = -1 if operation.default is None else own.index(operation.default)
        self._define(node.label, Definition((read.label,), table))
        return [*total, read]

    def _total(
        self, node: TabledNode, operand: str, parts: list[_Part], low: int
    ) -> list[TabledNode]:
        """The conditions, and as the last the number of those that hold, from `low` on."""
        base = f"{operand}.{node.label}"
        made: list[TabledNode] = []
        for place, part in enumerate(parts):
            least = 0 if place else low
            held = (least, least + 1)
            own = ValueSet(held, False, held, table=part.holds.astype(np.int32))
            label = f"{base}.{Role.CONDITION.value}{place}"
            made.append(self._made(label, operand, Role.CONDITION, Elementwise((part.label,)), own))
        counts = tuple(range(low, low + len(parts) + 1))
        sums = np.indices((2,) * len(parts)).sum(axis=0).astype(np.int32)
        own = ValueSet(counts, False, counts, table=sums)
        linear = Elementwise(tuple(part.label for part in made), (1.0,) * len(parts))
        label = f"{base}.{Role.COUNT.value}"
        return [*made, self._made(label, operand, Role.COUNT, linear, own)]

    def _aggregate(self, node: TabledNode, operation: Aggregate, total: TabledNode) -> TabledNode:
        """The Aggregate of the number of conditions, 0 by default."""
        counted = Aggregate(operation.selector, total.label, 0)
        label = self.names.fresh(f"{node.label}.{Role.COUNT.value}")
        provenance = Provenance(CountConditions.name, node.label, Role.COUNT)
        made = Node(label, counted, Encoding.NUMERICAL, node.source, provenance)
        return tabled(made, aggregate_values(made, counted, total.value_set, self.length))

    def _made(
        self, label: str, of: str, role: Role, operation: Elementwise, own: ValueSet
    ) -> TabledNode:
        name = self.names.fresh(label)
        provenance = Provenance(CountConditions.name, of, role)
        return tabled(Node(name, operation, Encoding.NUMERICAL, provenance=provenance), own)

    def _define(self, label: str, definition: Definition) -> None:
        self.definitions[label] = (*self.definitions.get(label, ()), definition)


def _readers(program: TabledProgram) -> dict[str, list[TabledNode]]:
    """What reads each variable."""
    found: dict[str, list[TabledNode]] = {node.label: [] for node in program.nodes}
    for node in program.nodes:
        for label in dict.fromkeys(operation_reads(node.operation)):
            found[label].append(node)
    return found


def _parts(
    label: str,
    nodes: Mapping[str, TabledNode],
    raw: frozenset[str],
) -> tuple[str, list[_Part]] | None:
    """A two-valued variable as the disjunction or the conjunction of conditions."""
    own = nodes[label].value_set
    if own.may_be_none or len(own.values) != 2:
        return None
    for operator in ("or", "and"):
        wanted = np.array([False, True])
        found = _split(label, wanted, operator, nodes, raw)
        if len(found) > 1:
            return operator, found
    return None


def _split(
    label: str,
    holds: NDArray[np.bool_],
    operator: str,
    nodes: Mapping[str, TabledNode],
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
        below = _below(part, operator, nodes, raw)
        if below is None:
            parts.append(part)
        else:
            stack += reversed(below)
    return parts


def _below(
    part: _Part,
    operator: str,
    nodes: Mapping[str, TabledNode],
    raw: frozenset[str],
) -> list[_Part] | None:
    """A condition on a variable as one on each of its operands; None if it is no such."""
    label, holds = part.label, part.holds
    operation, table = nodes[label].operation, nodes[label].table
    if label in raw or not isinstance(operation, Elementwise) or table is None:
        return None
    if nodes[label].value_set.may_be_none or len(set(operation.operands)) < len(operation.operands):
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
