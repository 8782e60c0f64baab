"""The program graph: a RASP program as a list of operations in topological order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from optitracr.rasp import Encoding

Value = Any


class Source(Enum):
    """What the embedding supplies."""

    TOKENS = "tokens"
    INDICES = "indices"


@dataclass(frozen=True, slots=True)
class Input:
    """A variable that the embedding supplies."""

    source: Source


@dataclass(frozen=True, slots=True)
class Elementwise:
    """A function applied position by position; None where any operand is None.

    Attributes:
        function: Called with one value per operand.
        operands: Labels of the operands; none for a constant.
        factors: For a linear function of numbers, its factor per operand.
    """

    function: Callable[..., Value]
    operands: tuple[str, ...]
    factors: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class PairSelector:
    """Selects key position k for query position q where predicate(key, query) holds."""

    keys: str
    queries: str
    predicate: Callable[[Value, Value], Any]
    label: str


@dataclass(frozen=True, slots=True)
class CompoundSelector:
    """A selector made of other selectors (operator "and", "or" or "not")."""

    operator: str
    operands: tuple[Selector, ...]
    label: str


Selector = PairSelector | CompoundSelector


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The mean of an operand over the selected positions, or the default."""

    selector: Selector
    operand: str
    default: Value


@dataclass(frozen=True, slots=True)
class Width:
    """How many positions a selector selects."""

    selector: Selector


Operation = Input | Elementwise | Aggregate | Width


@dataclass(frozen=True, slots=True)
class Node:
    """One variable of the program.

    Attributes:
        label: Unique within the program, without a colon.
        operation: What computes it.
        encoding: How the residual stream holds it at levels 0 and 1.
        source: Where the user wrote it, as "file:line", or "".
    """

    label: str
    operation: Operation
    encoding: Encoding
    source: str = ""

    @property
    def is_numerical(self) -> bool:
        """Whether the variable takes one real dimension."""
        return self.encoding is Encoding.NUMERICAL

    def describe(self) -> str:
        """The label, and where in the user's source it stands."""
        return f"'{self.label}' ({self.source})" if self.source else f"'{self.label}'"


def selector_reads(selector: Selector) -> tuple[str, ...]:
    """Labels of the s-ops whose values decide what a selector selects."""
    if isinstance(selector, PairSelector):
        return (selector.keys, selector.queries)
    return tuple(label for part in selector.operands for label in selector_reads(part))


def operation_reads(operation: Operation) -> tuple[str, ...]:
    """Labels of the s-ops that an operation reads."""
    match operation:
        case Input():
            return ()
        case Elementwise():
            return operation.operands
        case Aggregate():
            return (*selector_reads(operation.selector), operation.operand)
        case Width():
            return selector_reads(operation.selector)


@dataclass(frozen=True, slots=True)
class ProgramGraph:
    """A program as nodes in topological order; the last is the output.

    Attributes:
        nodes: Every variable, operands before what reads them.
        output: Label of the program's output.
        expressions: Pairs of a label and the s-op of the user's that it stands for.
    """

    nodes: tuple[Node, ...]
    output: str
    expressions: tuple[tuple[str, Any], ...] = ()

    def node(self, label: str) -> Node:
        """The node of that label."""
        return self.by_label()[label]

    def by_label(self) -> dict[str, Node]:
        """Every node under its label."""
        return {node.label: node for node in self.nodes}
