"""Equal values that a function tells apart, as values of their own.

A value set holds one of several equal values. Where a reader tells them apart, it reads a variable
more that holds each as a text of its own, a mark: computed from the same operands where a function
made the values, and from the number of selected positions where an Aggregate did, since one
selected value stays as it is and the mean of several is a float.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from optitracr.arguments import shown
from optitracr.graph.program import (
    Aggregate,
    Best,
    Function,
    Node,
    Operation,
    PairSelector,
    Predicate,
    ProgramGraph,
    Width,
    map_pairs,
    operation_reads,
)
from optitracr.graph.provenance import Provenance, Role, unused
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.tabled import TabledNode
from optitracr.graph.variants import ToldApartError
from optitracr.rasp import Encoding
from optitracr.rasp.identity import identity_key

Value = Any

NAME = "marks"
"""What this rewrite is called."""


@dataclass(slots=True, eq=False)
class Marks:
    """A text for each value, another one where values are not the same.

    Attributes:
        variables: For each variable that is told apart the one that holds its marks.
        asked: For each of those the reader of the program's that asked for it.
    """

    variables: dict[str, str] = field(default_factory=dict)
    asked: dict[str, ToldApartError] = field(default_factory=dict)
    _marks: dict[Any, str] = field(default_factory=dict)
    _values: dict[str, Value] = field(default_factory=dict)

    def mark(self, value: Value) -> str | None:
        """The text of a value; None stays None."""
        if value is None:
            return None
        key = identity_key(value)
        if key not in self._marks:
            text = shown(value)
            while text in self._values:
                text += "'"
            self._marks[key], self._values[text] = text, value
        return self._marks[key]

    def value(self, mark: str) -> Value:
        """What a mark stands for."""
        return self._values[mark]


@dataclass(frozen=True, slots=True)
class _Marking:
    """A function with marks for its results."""

    function: Callable[..., Value]
    marks: Marks

    def __call__(self, *arguments: Value) -> str | None:
        return self.marks.mark(self.function(*arguments))


@dataclass(frozen=True, slots=True)
class _Reading:
    """A function, some of whose arguments come as marks."""

    function: Callable[..., Value]
    marked: tuple[bool, ...]
    marks: Marks

    def __call__(self, *arguments: Value) -> Value:
        values = (
            self.marks.value(argument) if marked else argument
            for argument, marked in zip(arguments, self.marked, strict=True)
        )
        return self.function(*values)


@dataclass(frozen=True, slots=True)
class _Counted:
    """What an Aggregate of numbers gives, by its value and how many positions it selects."""

    values: Mapping[Value, Value]
    default: Value

    def __call__(self, value: Value, count: int) -> Value:
        if count == 0:
            return self.default
        if count == 1 and value in self.values:
            return self.values[value]
        # No mean is -0.0.
        return float(value) + 0.0


def tell_apart(graph: ProgramGraph, error: ToldApartError, marks: Marks) -> ProgramGraph:
    """The program in which a reader reads the marks of an operand.

    Args:
        graph: The program.
        error: Who tells the values of what apart.
        marks: All marks of the program.

    Raises:
        ToldApartError: The same, if there is no variable to tell them by.
    """
    origin = marks.asked.get(error.reader, error)
    try:
        added = _marked(graph, error.operand, error, marks)
    except ToldApartError:
        raise origin from None
    name = marks.variables[error.operand]
    marks.asked.setdefault(name, origin)
    nodes: list[Node] = []
    for node in graph.nodes:
        if node.label == error.reader:
            node = _reading(node, error.operand, name, marks)
        nodes.append(node)
        if node.label == error.operand:
            nodes += added
    return replace(graph, nodes=tuple(nodes))


def _marked(graph: ProgramGraph, label: str, error: ToldApartError, marks: Marks) -> list[Node]:
    """A variable that holds the marks of another, and what it is computed from, if there is none.

    Raises:
        ToldApartError: If the other is a mean of values that are equal themselves.
    """
    if label in marks.variables:
        return []
    node = graph.node(label)
    operation = node.operation
    if isinstance(operation, Function):
        made = Function(operation.operands, call=_Marking(operation.call, marks))
        return [_variable(graph, node, made, marks)]
    if not isinstance(operation, Aggregate):
        same = Function((label,), call=_Marking(_same, marks))
        return [_variable(graph, node, same, marks)]
    if _copies_one(error.known, label):
        below = _marked(graph, operation.operand, error, marks)
        read, default = marks.variables[operation.operand], marks.mark(operation.default)
        copied = replace(operation, operand=read, default=default)
        return [*below, _variable(graph, node, copied, marks)]
    operand = error.known[operation.operand].value_set
    if operand.forms or not all(isinstance(value, int | float) for value in operand.values):
        raise error
    count = _made(graph, node, Role.COUNT, Width(operation.selector))
    known = {value: value for value in operand.values}
    counted = _Marking(_Counted(known, operation.default), marks)
    told = Function((label, count.label), call=counted)
    return [count, _variable(graph, node, told, marks)]


def _copies_one(known: Mapping[str, TabledNode], label: str) -> bool:
    """Whether an Aggregate selects at most one position."""
    operation = known[label].operation
    assert isinstance(operation, Aggregate)
    return selects_at_most_one(operation.selector, known)


def _variable(
    graph: ProgramGraph, node: Node, operation: Function | Aggregate, marks: Marks
) -> Node:
    made = _made(graph, node, Role.MARKED, operation)
    marks.variables[node.label] = made.label
    return made


def _made(graph: ProgramGraph, node: Node, role: Role, operation: Operation) -> Node:
    """A variable that the compiler adds for one of the program's."""
    taken = {*graph.by_label(), *(label for label, _ in graph.expressions)}
    label = unused(f"{node.label}.{role.value}", taken)
    provenance = Provenance(NAME, node.shown, role)
    return Node(label, operation, Encoding.CATEGORICAL, node.source, provenance)


def has_marks(graph: ProgramGraph) -> bool:
    """Whether some function of a program tells equal values apart."""
    return any(node.role is Role.MARKED for node in graph.nodes)


def without_unread(graph: ProgramGraph) -> ProgramGraph:
    """The program without what nothing reads any longer."""
    needed = {graph.output}
    for node in reversed(graph.nodes):
        if node.label in needed:
            needed.update(operation_reads(node.operation))
    return replace(graph, nodes=tuple(node for node in graph.nodes if node.label in needed))


def _same(value: Value) -> Value:
    return value


def _reading(node: Node, operand: str, name: str, marks: Marks) -> Node:
    """The reader, with the marks of an operand in place of its values."""
    operation = node.operation
    if isinstance(operation, Function):
        marked = tuple(label == operand for label in operation.operands)
        read = tuple(name if label == operand else label for label in operation.operands)
        reading = _Reading(operation.call, marked, marks)
        return replace(node, operation=Function(read, call=reading))

    def pair(selector: PairSelector) -> PairSelector:
        sides = (selector.keys, selector.queries)
        marked = tuple(label == operand for label in sides)
        if not any(marked):
            return selector
        keys, queries = (name if label == operand else label for label in sides)
        assert isinstance(selector, Predicate)
        reading = _Reading(selector.call, marked, marks)
        return replace(selector, keys=keys, queries=queries, call=reading)

    assert isinstance(operation, Aggregate | Best | Width)
    selector = map_pairs(operation.selector, pair)
    return replace(node, operation=replace(operation, selector=selector))
