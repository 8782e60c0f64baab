"""Means of numbers as functions of counts: of keys with each value, and of all keys selected.

A count is exact where a mean of what keys hold is not, as in a host whose norm gives each key a
scale of its own. A mean of 0 and 1 takes two counts; one of more values as many as it has, added
up two at a time. Where the selector reads positions alone, the count of all keys is a function of
the index, and takes no head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.inputs import Inputs
from optitracr.graph.program import (
    Aggregate,
    CompoundSelector,
    Elementwise,
    Operation,
    Pairs,
    Selector,
    TabledSelector,
    Width,
    selector_reads,
)
from optitracr.graph.provenance import Role
from optitracr.graph.relations import relation_of
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.rewrites.writing import Writer
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.tabled import Table, TabledNode, TabledProgram
from optitracr.graph.values import ValueSet
from optitracr.rasp import Encoding
from optitracr.rasp.exact import over_common_denominator

NOTHING = -1
"""The entry of None in a table."""


@dataclass(frozen=True, slots=True)
class CountMeans(Pass):
    """Replaces means of several keys by functions of counts, in the causal reading.

    A mean is None where it takes None beside numbers, which the interpreter refuses. What takes a
    table of more entries than a limit stays as it is.

    Attributes:
        most: Entries of a table at most.
    """

    most: int
    name = "means as ratios of counts"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program with counts before what was a mean of them."""
        work = _Counting(Writer(self.name, program.names()), inputs.max_seq_len, self.most)
        for node in program.nodes:
            work.writer.add(work.visited(node))
        return work.writer.program(program)


@dataclass(frozen=True, slots=True, eq=False)
class _Weighed:
    """A sum of counts, each times a weight.

    Attributes:
        operands: Label of the variable that it is a function of; none for a sum of nothing.
        sums: The sum for each value of that.
    """

    operands: tuple[str, ...]
    sums: NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class _Counting:
    """What replaces the means of one program.

    Attributes:
        writer: The nodes so far.
        longest: Longest input.
        most: Entries of a table at most.
    """

    writer: Writer
    longest: int
    most: int

    @property
    def counts(self) -> tuple[int, ...]:
        """What a count can be."""
        return tuple(range(self.longest + 1))

    def visited(self, node: TabledNode) -> TabledNode:
        """A node, or what replaces it, after what that needs."""
        operation, known = node.operation, self.writer.nodes
        if not isinstance(operation, Aggregate) or not node.is_numerical:
            return node
        operand, own = known[operation.operand].value_set, node.value_set
        is_known = operand.values and not operand.exploded and not own.exploded
        if not is_known or selects_at_most_one(operation.selector, known):
            return node
        numbers, scale = over_common_denominator(operand.values)
        base = min(numbers, key=abs)
        weights = [number - base for number in numbers]
        takes_none = operand.may_be_none and not operation.skips_none
        query = self._never_none(operation)
        if query is None or not self._fits(weights, takes_none):
            return node
        total = self._total(node, operation)
        weighed = self._weighed(node, operation, query, weights)
        operands = (*weighed.operands, total)
        table = self._means(node, operation, weighed.sums, base, scale)
        if takes_none:
            present = self._width(node, operation, query, "present", [True] * len(weights))
            operands = (*operands, self._is_whole(node, present, total))
            table = np.stack([np.full_like(table, NOTHING), table], axis=-1)
        table = table if weighed.operands else table[0]
        return replace(
            node, operation=Elementwise(operands), value_set=replace(own, table=codes(table))
        )

    def _never_none(self, operation: Aggregate) -> str | None:
        """A variable that is never None: a condition on keys alone names it as its query."""
        read = (operation.operand, *selector_reads(operation.selector), *self.writer.nodes)
        return next((x for x in read if not self.writer.set_of(x).may_be_none), None)

    def _fits(self, weights: Sequence[int], takes_none: bool) -> bool:
        """Whether no table takes too many entries."""
        sums = {0}
        for weight in filter(None, weights):
            if len(sums) * len(self.counts) > self.most:
                return False
            sums = {total + weight * count for total in sums for count in self.counts}
        return len(sums) * len(self.counts) * (1 + takes_none) <= self.most

    def _made(
        self, node: TabledNode, place: str, operation: Operation, own: ValueSet, role: Role
    ) -> str:
        """A variable more; its label."""
        label = f"{node.label}.{place}"
        kind = Encoding.CATEGORICAL
        return self.writer.make(node, role, operation, kind, own, label).label

    def _width(
        self, node: TabledNode, operation: Aggregate, query: str, place: str, held: Sequence[bool]
    ) -> str:
        """How many selected keys hold one of some values."""
        queries = len(self.writer.set_of(query).values)
        holds = np.repeat(np.asarray(held, dtype=bool)[:, None], queries, axis=1)
        label = operation.selector.label
        own = TabledSelector(operation.operand, query, label, pairs=Pairs(holds))
        both = Width(CompoundSelector("and", (operation.selector, own), label))
        value_set = ValueSet(self.counts, False, self.counts)
        return self._made(node, place, both, value_set, Role.SUMMAND)

    def _total(self, node: TabledNode, operation: Aggregate) -> str:
        """How many keys are selected: a width, or a function of the index."""
        own = ValueSet(self.counts, False, self.counts)
        index = next((x.label for x in self.writer.nodes.values() if x.is_index), None)
        holds = None if index is None else by_position(operation.selector, index)
        if index is None or holds is None:
            return self._made(node, "number", Width(operation.selector), own, Role.COUNT)
        # No query sees a later key.
        counted = replace(own, table=codes(np.triu(holds).sum(axis=0)))
        return self._made(node, "number", Elementwise((index,)), counted, Role.COUNT)

    def _weighed(
        self, node: TabledNode, operation: Aggregate, query: str, weights: Sequence[int]
    ) -> _Weighed:
        """How many selected keys hold each value, times the weight of that, added up."""
        counts = np.array(self.counts, dtype=object)
        found = _Weighed((), np.zeros(1, dtype=object))
        for place, weight in enumerate(weights):
            if not weight:
                continue
            held = [each == place for each in range(len(weights))]
            label = self._width(node, operation, query, f"count{place}", held)
            if not found.operands:
                found = _Weighed((label,), weight * counts)
                continue
            sums, table = np.unique(np.add.outer(found.sums, weight * counts), return_inverse=True)
            own = ValueSet(
                tuple(sums), False, tuple(sums), table=codes(table).reshape(-1, len(counts))
            )
            both = Elementwise((*found.operands, label))
            found = _Weighed((self._made(node, "sum", both, own, Role.SUMMAND),), sums)
        return found

    def _means(
        self,
        node: TabledNode,
        operation: Aggregate,
        sums: NDArray[np.object_],
        base: int,
        scale: int,
    ) -> Table:
        """The place of the mean for each sum and number of keys; of the default without any."""
        values = np.asarray(node.value_set.values, dtype=np.float64)
        numbers = np.array(self.counts[1:], dtype=object)
        # Of integers, which Python divides and rounds once, as the interpreter does.
        means = (np.add.outer(sums, base * numbers) / (numbers * scale)).astype(np.float64)
        # Sums that no keys have may lie between two values, or beyond all.
        found = np.minimum(np.searchsorted(values, means), len(values) - 1)
        default = operation.default
        none = NOTHING if default is None else int(np.searchsorted(values, float(default)))
        return codes(np.hstack([np.full((len(found), 1), none), found]))

    def _is_whole(self, node: TabledNode, present: str, total: str) -> str:
        """Whether all keys that are selected hold a number."""
        counts = np.array(self.counts)
        table = codes(counts[:, None] >= counts[None, :])
        own = ValueSet((False, True), False, (False, True), table=table)
        return self._made(node, "whole", Elementwise((present, total)), own, Role.CONDITION)


def by_position(selector: Selector, index: str) -> NDArray[np.bool_] | None:
    """Which key positions each query position selects; None if it depends on anything else.

    Args:
        selector: The selector.
        index: The label of the index of a position.
    """
    if any(label != index for label in selector_reads(selector)):
        return None
    return np.asarray(relation_of(selector).over((index,), (index,))[:-1, :-1])


def codes(table: object) -> Table:
    """Places in a value set."""
    return np.asarray(table, dtype=np.int32)
