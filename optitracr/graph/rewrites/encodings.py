"""Encodings that an operation needs and its operand does not have, supplied by further nodes.

A number is read as a class where a selector, a table or a copy needs one; a number that can be
None is held as classes, since a number cannot say None.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from optitracr.graph.about import about
from optitracr.graph.inference import is_copy_with_none
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import (
    Aggregate,
    Best,
    Elementwise,
    Node,
    PairSelector,
    Selector,
    Width,
    map_pairs,
)
from optitracr.graph.provenance import Role
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.rewrites.writing import Writer
from optitracr.graph.tabled import TabledNode, TabledProgram
from optitracr.graph.values import MAX_VALUES, ExplodedReadError, ValueSet
from optitracr.rasp import Encoding


@dataclass(frozen=True, slots=True)
class ConvertEncodings(Pass):
    """Lets every operation find its operands in an encoding that it can read.

    The nodes that convert stand before their first reader. Labels of the program keep their
    values; a number that can be None becomes categorical.

    Raises:
        ExplodedReadError: If a number has too many values to be read as classes.
    """

    name = "encodings"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program with the nodes that convert."""
        work = _Conversion(Writer(self.name, program.names()))
        for node in program.nodes:
            with about(node):
                work.visit(node)
        return work.writer.program(program)


@dataclass(slots=True)
class _Conversion:
    writer: Writer
    classes: dict[str, str] = field(default_factory=dict)

    def visit(self, node: TabledNode) -> None:
        operation = node.operation
        match operation:
            case Aggregate():
                selector = self.selector(node, operation.selector)
                self.aggregate(node, replace(operation, selector=selector))
            case Width():
                selector = self.selector(node, operation.selector)
                self.width(node, replace(operation, selector=selector))
            case Best():
                selector = self.selector(node, operation.selector)
                score = self.categorical(node, operation.score)
                self.writer.add(
                    replace(node, operation=replace(operation, selector=selector, score=score))
                )
            case Elementwise():
                self.elementwise(node, operation)
            case _:
                self.writer.add(node)

    def selector(self, node: Node, selector: Selector) -> Selector:
        """The selector over categorical keys and queries."""

        def categorical(pair: PairSelector) -> PairSelector:
            keys = self.categorical(node, pair.keys)
            queries = self.categorical(node, pair.queries)
            same = keys == pair.keys and queries == pair.queries
            return pair if same else replace(pair, keys=keys, queries=queries)

        return map_pairs(selector, categorical)

    def categorical(self, reader: Node, label: str) -> str:
        """A variable as classes; a new one where it is a number."""
        known = self.writer.nodes[label]
        if not known.is_numerical:
            return label
        if label not in self.classes:
            own = known.value_set
            if own.exploded or len(own.values) > MAX_VALUES:
                many = f"{len(own.values):,} values are too many; let it take fewer values"
                raise ExplodedReadError(
                    f"s-op {reader.describe()} reads the numerical s-op '{label}' as one of its "
                    f"values: {own.exploded or many}"
                )
            told = replace(own, table=np.arange(len(own.values), dtype=np.int32))
            read = Elementwise((label,))
            made = self.writer.make(known, Role.CLASS, read, Encoding.CATEGORICAL, told)
            self.classes[label] = made.label
        return self.classes[label]

    def elementwise(self, node: TabledNode, operation: Elementwise) -> None:
        """A function of classes, unless it is a sum of numbers or of one number."""
        if node.is_numerical and node.value_set.may_be_none and node.table is not None:
            node = replace(node, encoding=Encoding.CATEGORICAL)
        linear = operation.factors is not None and node.is_numerical
        if linear and any(self._held_as_classes(label) for label in operation.operands):
            linear = False
        if not linear and len(operation.operands) > 1:
            operands = tuple(self.categorical(node, label) for label in operation.operands)
            operation = Elementwise(operands)
        self.writer.add(replace(node, operation=operation))

    def _held_as_classes(self, label: str) -> bool:
        """Whether a number became categorical because it can be None."""
        return self.writer.set_of(label).may_be_none and not self.writer.nodes[label].is_numerical

    def width(self, node: TabledNode, operation: Width) -> None:
        """A count as classes, and as a number where that is asked for."""
        if not node.is_numerical:
            self.writer.add(replace(node, operation=operation))
            return
        own = node.value_set
        made = self.writer.make(node, Role.CLASS, operation, Encoding.CATEGORICAL, own)
        self.classes[node.label] = made.label
        told = replace(own, table=np.arange(len(own.values), dtype=np.int32))
        self.writer.add(replace(node, operation=Elementwise((made.label,)), value_set=told))

    def aggregate(self, node: TabledNode, operation: Aggregate) -> None:
        """A copy of classes, or a mean."""
        of_none = self.writer.set_of(operation.operand).may_be_none and not operation.skips_none
        if is_copy_with_none(node, self.writer.nodes):
            node = replace(node, encoding=Encoding.CATEGORICAL)
        if not node.is_numerical:
            read = self.categorical(node, operation.operand)
            self.writer.add(replace(node, operation=replace(operation, operand=read)))
        elif operation.default is None and node.value_set.may_be_none and not of_none:
            self._mean_or_none(node, operation)
        else:
            self.writer.add(replace(node, operation=operation))

    def _mean_or_none(self, node: TabledNode, operation: Aggregate) -> None:
        """Where nothing is selected the mean is a number that no mean is, read as None."""
        own = node.value_set
        if own.exploded or not own.values:
            self.writer.add(replace(node, operation=operation))
            return
        nothing = float(own.values[-1]) + 1.0
        told = ValueSet((*own.values, nothing), False, (*own.standard, nothing))
        mean = replace(operation, default=nothing)
        made = self.writer.make(node, Role.MEAN, mean, Encoding.NUMERICAL, told)
        table = np.append(np.arange(len(own.values), dtype=np.int32), np.int32(-1))
        self.writer.add(
            replace(
                node,
                operation=Elementwise((made.label,)),
                encoding=Encoding.CATEGORICAL,
                value_set=replace(own, table=table),
            )
        )
