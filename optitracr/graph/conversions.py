"""Encodings that an operation needs and its operand does not have, supplied by further nodes.

A number is read as a class where a selector, a table or a copy needs one; a mean whose
default no head can write is shifted; a number that can be None is held as classes, since
a number cannot say None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from optitracr.errors import UnsupportedError
from optitracr.graph.inference import is_copy_with_none
from optitracr.graph.program import (
    Aggregate,
    Elementwise,
    Node,
    Operation,
    ProgramGraph,
    Selector,
    Width,
    map_pairs,
    unused,
)
from optitracr.graph.values import MAX_VALUES, ValueSet
from optitracr.rasp import Encoding


def convert_encodings(
    graph: ProgramGraph, values: Mapping[str, ValueSet], any_default: bool
) -> tuple[ProgramGraph, dict[str, ValueSet]]:
    """A program in which every operation finds its operands in an encoding that it can read.

    Args:
        graph: The program.
        values: Its value sets.
        any_default: Whether the heads that it is for can write any default, and not None and
            0 alone.

    Returns:
        The program with the nodes that convert, each before its first reader, and its value
        sets. Labels of the program keep their values; a number that can be None becomes
        categorical.

    Raises:
        UnsupportedError: If a number has too many values to be read as classes.
    """
    work = _Conversion(dict(values), any_default, {node.label for node in graph.nodes})
    for node in graph.nodes:
        work.visit(node)
    return replace(graph, nodes=tuple(work.nodes)), work.sets


@dataclass(slots=True)
class _Conversion:
    sets: dict[str, ValueSet]
    any_default: bool
    taken: set[str]
    nodes: list[Node] = field(default_factory=list)
    known: dict[str, Node] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)

    def add(self, node: Node) -> None:
        self.nodes.append(node)
        self.known[node.label] = node
        self.operations[node.label] = node.operation

    def made(
        self, node: Node, part: str, operation: Operation, encoding: Encoding = Encoding.NUMERICAL
    ) -> Node:
        """A variable made for another."""
        label = unused(f"{node.label}.{part}", self.taken)
        self.taken.add(label)
        return Node(label, operation, encoding, node.source, node.label, part)

    def visit(self, node: Node) -> None:
        operation = node.operation
        match operation:
            case Aggregate():
                selector = self.selector(node, operation.selector)
                self.aggregate(node, replace(operation, selector=selector))
            case Width():
                self.width(
                    node, replace(operation, selector=self.selector(node, operation.selector))
                )
            case Elementwise():
                self.elementwise(node, operation)
            case _:
                self.add(node)

    def selector(self, node: Node, selector: Selector) -> Selector:
        """The selector over categorical keys and queries."""
        return map_pairs(
            selector,
            lambda pair: replace(
                pair,
                keys=self.categorical(node, pair.keys),
                queries=self.categorical(node, pair.queries),
            ),
        )

    def categorical(self, reader: Node, label: str) -> str:
        """A variable as classes; a new one where it is a number."""
        if not self.known[label].is_numerical:
            return label
        if label not in self.classes:
            own = self.sets[label]
            if own.exploded or len(own.values) > MAX_VALUES:
                many = f"{len(own.values):,} values are too many; let it take fewer values"
                raise UnsupportedError(
                    f"s-op {reader.describe()} reads the numerical s-op '{label}' as one of its "
                    f"values: {own.exploded or many}"
                )
            table = np.arange(len(own.values), dtype=np.int32)
            read = Elementwise(_tabled, (label,))
            made = self.made(self.known[label], "class", read, Encoding.CATEGORICAL)
            self.sets[made.label] = replace(own, table=table)
            self.classes[label] = made.label
            self.add(made)
        return self.classes[label]

    def elementwise(self, node: Node, operation: Elementwise) -> None:
        """A function of classes, unless it is a sum of numbers or of one number."""
        own = self.sets[node.label]
        if node.is_numerical and own.may_be_none and own.table is not None:
            node = replace(node, encoding=Encoding.CATEGORICAL)
        linear = operation.factors is not None and node.is_numerical
        if linear and any(self._held_as_classes(label) for label in operation.operands):
            linear = False
        if not linear and len(operation.operands) > 1:
            operands = tuple(self.categorical(node, label) for label in operation.operands)
            operation = Elementwise(operation.function, operands)
        self.add(replace(node, operation=operation))

    def _held_as_classes(self, label: str) -> bool:
        """Whether a number became categorical because it can be None."""
        return self.sets[label].may_be_none and not self.known[label].is_numerical

    def width(self, node: Node, operation: Width) -> None:
        """A count as classes, and as a number where that is asked for."""
        if not node.is_numerical:
            self.add(replace(node, operation=operation))
            return
        made = self.made(node, "class", operation, Encoding.CATEGORICAL)
        name = self.classes[node.label] = made.label
        self.sets[name] = self.sets[node.label]
        self.add(made)
        table = np.arange(len(self.sets[name].values), dtype=np.int32)
        self.sets[node.label] = replace(self.sets[name], table=table)
        self.add(replace(node, operation=Elementwise(_tabled, (name,))))

    def aggregate(self, node: Node, operation: Aggregate) -> None:
        """A mean with a default that its head can write; a copy of classes."""
        own, operand = self.sets[node.label], self.sets[operation.operand]
        of_none = operand.may_be_none and not operation.skips_none
        if is_copy_with_none(node, self.known, self.sets):
            node = replace(node, encoding=Encoding.CATEGORICAL)
        if not node.is_numerical:
            read = self.categorical(node, operation.operand)
            self.add(replace(node, operation=replace(operation, operand=read)))
        elif operation.default is None and own.may_be_none and not of_none:
            self._mean_or_none(node, operation)
        elif operation.default and not self.any_default:
            self._shifted_mean(node, operation, float(operation.default))
        else:
            self.add(replace(node, operation=operation))

    def _mean_or_none(self, node: Node, operation: Aggregate) -> None:
        """Where nothing is selected the mean is a number that no mean is, read as None."""
        own = self.sets[node.label]
        if own.exploded or not own.values:
            self.add(replace(node, operation=operation))
            return
        nothing = float(own.values[-1]) + 1.0
        mean = self.made(node, "mean", replace(operation, default=nothing))
        name = mean.label
        found = (*own.values, nothing)
        self.sets[name] = ValueSet(found, False, (*own.standard, nothing))
        if self.any_default:
            self.add(mean)
        else:
            self._shifted_mean(mean, replace(operation, default=nothing), nothing)
        table = np.append(np.arange(len(own.values), dtype=np.int32), np.int32(-1))
        self.sets[node.label] = replace(own, table=table)
        encoding = Encoding.CATEGORICAL
        self.add(replace(node, operation=Elementwise(_tabled, (name,)), encoding=encoding))

    def _shifted_mean(self, node: Node, operation: Aggregate, default: float) -> None:
        """The mean of the differences from the default, and the default again."""
        operand, own = self.sets[operation.operand], self.sets[node.label]
        made = self.made(node, "less", Elementwise(_tabled, (operation.operand,)))
        less = made.label
        places = np.arange(len(operand.values), dtype=np.int32)
        differences = tuple(float(value) - default for value in operand.values)
        self.sets[less] = ValueSet(differences, operand.may_be_none, differences, table=places)
        self.add(replace(made, source=""))
        means = tuple(float(value) - default for value in own.values)
        standard = tuple(float(value) - default for value in own.standard)
        made = self.made(node, "difference", replace(operation, operand=less, default=0))
        mean = made.label
        self.sets[mean] = ValueSet(means, False, standard, own.exploded)
        self.add(made)
        zero = np.zeros((), dtype=np.int32)
        made = self.made(node, "default", Elementwise(_tabled, ()))
        shift = made.label
        self.sets[shift] = ValueSet((default,), False, (default,), table=zero)
        self.add(replace(made, source=""))
        table = None
        if own.values:
            table = np.arange(len(own.values), dtype=np.int32)[:, None]
        self.sets[node.label] = replace(own, table=table)
        total = Elementwise(_tabled, (mean, shift), (1.0, 1.0))
        self.add(replace(node, operation=total))


def _tabled(*values: object) -> object:
    raise AssertionError("a conversion is evaluated by its table")
