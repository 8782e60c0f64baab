"""The program graph: a RASP program as a list of operations in topological order."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeVar

from optitracr.arguments import shown
from optitracr.errors import NotFoundError
from optitracr.rasp import Encoding

Value = Any
Folded = TypeVar("Folded")


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
    """Selects key position k for query position q where predicate(key, query) holds.

    Attributes:
        keys: Label of the s-op that holds the keys.
        queries: Label of the s-op that holds the queries.
        predicate: Called as `predicate(key, query)`; see `optitracr.graph.predicates`.
        label: Its name.
        source: Where the user wrote it, as "file:line", or "".
        tables: What is known of the predicate, shared by all copies of the selector.
    """

    keys: str
    queries: str
    predicate: Callable[[Value, Value], Any]
    label: str
    source: str = field(default="", compare=False)
    tables: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def describe(self) -> str:
        """The label, and where in the user's source it stands."""
        return _described(self.label, self.source)


@dataclass(frozen=True, slots=True, eq=False)
class CompoundSelector:
    """A selector made of other selectors (operator "and", "or" or "not").

    It may be nested thousands deep: walk it with `selector_parts` or `fold_selector`. Two are
    alike if their `optitracr.graph.rewrite.selector_key` is.
    """

    operator: str
    operands: tuple[Selector, ...] = field(repr=False)
    label: str


Selector = PairSelector | CompoundSelector


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The mean of an operand over the selected positions, or the default.

    Attributes:
        selector: What selects.
        operand: Label of the s-op whose values are taken.
        default: The value where nothing is selected.
        skips_none: Whether it is proven that no position is selected at which the operand is
            None.
    """

    selector: Selector
    operand: str
    default: Value
    skips_none: bool = False


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
        owner: Label of the variable that the compiler made it for; "" if it is the program's.
        part: What it is of that one, "share" for the raw output of a width's head; or "".
    """

    label: str
    operation: Operation
    encoding: Encoding
    source: str = ""
    owner: str = ""
    part: str = ""

    @property
    def is_numerical(self) -> bool:
        """Whether the variable takes one real dimension."""
        return self.encoding is Encoding.NUMERICAL

    def describe(self) -> str:
        """The label of the program's variable, and where in the user's source it stands."""
        return _described(self.owner or self.label, self.source)


def unused(label: str, taken: Container[str]) -> str:
    """A label for a variable that the compiler makes, which no other variable has."""
    while label in taken:
        label += "_"
    return label


def _described(label: str, source: str) -> str:
    return f"'{label}' ({source})" if source else f"'{label}'"


def selector_parts(selector: Selector) -> Iterator[Selector]:
    """All that a selector is made of and itself, each once, operands first, in order."""
    done: set[int] = set()
    stack: list[tuple[Selector, bool]] = [(selector, False)]
    while stack:
        part, expanded = stack.pop()
        if id(part) in done:
            continue
        if expanded or isinstance(part, PairSelector):
            done.add(id(part))
            yield part
        else:
            stack.append((part, True))
            stack.extend((operand, False) for operand in reversed(part.operands))


def fold_selector(
    selector: Selector,
    leaf: Callable[[PairSelector], Folded],
    combine: Callable[[CompoundSelector, tuple[Folded, ...]], Folded],
) -> Folded:
    """What a selector comes to, bottom up, each part once.

    Args:
        selector: The selector.
        leaf: What a selector by a predicate comes to.
        combine: What one of others comes to, given what these do.
    """
    found: dict[int, Folded] = {}
    for part in selector_parts(selector):
        if isinstance(part, PairSelector):
            found[id(part)] = leaf(part)
        else:
            found[id(part)] = combine(part, tuple(found[id(x)] for x in part.operands))
    return found[id(selector)]


def map_pairs(selector: Selector, change: Callable[[PairSelector], PairSelector]) -> Selector:
    """The same selector over other selectors by a predicate."""

    def combine(compound: CompoundSelector, parts: tuple[Selector, ...]) -> Selector:
        return replace(compound, operands=parts)

    changed: Selector = fold_selector(selector, change, combine)
    return changed


def selector_reads(selector: Selector) -> tuple[str, ...]:
    """Labels of the s-ops whose values decide what a selector selects."""
    if isinstance(selector, PairSelector):
        return (selector.keys, selector.queries)
    return tuple(
        label
        for part in selector_parts(selector)
        if isinstance(part, PairSelector)
        for label in (part.keys, part.queries)
    )


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
    _nodes: Mapping[str, Node] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_nodes", {node.label: node for node in self.nodes})

    def node(self, label: str) -> Node:
        """The node of that label.

        Raises:
            NotFoundError: If there is none.
        """
        try:
            return self._nodes[label]
        except Exception:
            raise NotFoundError(
                f"the program has no s-op {shown(label)}; by_label() lists them"
            ) from None

    def by_label(self) -> Mapping[str, Node]:
        """Every node under its label, in order."""
        return self._nodes
