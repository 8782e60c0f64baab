"""The program graph: a RASP program as a list of operations in topological order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from optitracr.arguments import shown
from optitracr.errors import NotFoundError
from optitracr.graph.inputs import Inputs
from optitracr.graph.provenance import Provenance, Role
from optitracr.rasp import Encoding

Value = Any
Folded = TypeVar("Folded")


class Source(Enum):
    """What the embedding supplies."""

    TOKENS = "tokens"
    INDICES = "indices"


@dataclass(frozen=True, slots=True)
class Input:
    """A variable that the embedding supplies.

    Attributes:
        source: Which one.
        inputs: The inputs that matter, in a tabled program.
    """

    source: Source
    inputs: Inputs | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Elementwise:
    """A function applied position by position; None where any operand is None.

    In a tabled program its table says what it gives.

    Attributes:
        operands: Labels of the operands; none for a constant.
        factors: For a linear function of numbers, its factor per operand.
    """

    operands: tuple[str, ...]
    factors: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Function(Elementwise):
    """An elementwise function as its author wrote it.

    Attributes:
        call: Called with one value per operand.
    """

    call: Callable[..., Value] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class PairSelector:
    """Selects some key positions for each query position, by a value of each.

    Attributes:
        keys: Label of the s-op that holds the keys.
        queries: Label of the s-op that holds the queries.
        label: Its name.
        source: Where the user wrote it, as "file:line", or "".
        at_most_one: Whether its author promises that each query selects at most one key.
    """

    keys: str
    queries: str
    label: str
    source: str = field(default="", compare=False)
    at_most_one: bool = field(default=False, kw_only=True)

    def describe(self) -> str:
        """The label, and where in the user's source it stands."""
        return _described(self.label, self.source)


@dataclass(frozen=True, slots=True)
class Predicate(PairSelector):
    """A selector as its author wrote it.

    Attributes:
        call: Called as `call(key, query)`.
    """

    call: Callable[[Value, Value], Any] = field(kw_only=True)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Which key values which query values select; equal only to itself.

    Attributes:
        holds: Shape [key values, query values], each in the order of its value set.
    """

    holds: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TabledSelector(PairSelector):
    """A selector of a tabled program.

    Attributes:
        pairs: What it selects.
    """

    pairs: Pairs = field(kw_only=True)


@dataclass(frozen=True, slots=True, eq=False)
class CompoundSelector:
    """A selector made of other selectors (operator "and", "or" or "not").

    It may be nested thousands deep: walk it with `selector_parts` or `fold_selector`. Two are
    alike if their `optitracr.graph.rewrites.merging.selector_key` is.

    Attributes:
        operator: How the operands combine.
        operands: The selectors that it is made of.
        label: Its name.
        at_most_one: Whether its author promises that each query selects at most one key.
    """

    operator: str
    operands: tuple[Selector, ...] = field(repr=False)
    label: str
    at_most_one: bool = field(default=False, kw_only=True)


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


@dataclass(frozen=True, slots=True)
class Share(Width):
    """A width as its head writes it: 1 / (1 + number of positions)."""


@dataclass(frozen=True, slots=True)
class Best:
    """The index of the best of the selected positions, None where there is none.

    The best has the largest score, or the smallest; of several the last is taken. A position whose
    score is None is not taken.

    Attributes:
        selector: What selects.
        score: Label of the s-op whose numbers are compared.
        smallest: Whether the smallest is the best.
    """

    selector: Selector
    score: str
    smallest: bool = False


Operation = Input | Elementwise | Aggregate | Width | Best


@dataclass(frozen=True, slots=True)
class Node:
    """One variable of the program.

    Attributes:
        label: Unique within the program, without a colon.
        operation: What computes it.
        encoding: How the residual stream holds it at levels 0 and 1.
        source: Where the user wrote it, as "file:line", or "".
        provenance: What the compiler made it for; None if it is the program's.
    """

    label: str
    operation: Operation
    encoding: Encoding
    source: str = ""
    provenance: Provenance | None = None

    @property
    def is_numerical(self) -> bool:
        """Whether the variable takes one real dimension."""
        return self.encoding is Encoding.NUMERICAL

    @property
    def is_index(self) -> bool:
        """Whether the variable is the index of its position, as the embedding supplies it."""
        return isinstance(self.operation, Input) and self.operation.source is Source.INDICES

    @property
    def is_token(self) -> bool:
        """Whether the variable is the token, as the embedding supplies it."""
        return isinstance(self.operation, Input) and self.operation.source is Source.TOKENS

    @property
    def role(self) -> Role | None:
        """What it is of the variable that it was made for; None if it is the program's."""
        return None if self.provenance is None else self.provenance.role

    @property
    def shown(self) -> str:
        """The label of the variable that it was made for, or its own."""
        return self.label if self.provenance is None else self.provenance.variable

    def describe(self) -> str:
        """The label of the program's variable, and where in the user's source it stands."""
        return _described(self.shown, self.source)


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
        leaf: What a selector by a pair of values comes to.
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
    """The same selector over other selectors by a pair of values; itself if none is another."""

    def combine(compound: CompoundSelector, parts: tuple[Selector, ...]) -> Selector:
        same = all(a is b for a, b in zip(compound.operands, parts, strict=True))
        return compound if same else replace(compound, operands=parts)

    changed: Selector = fold_selector(selector, change, combine)
    return changed


def pairs_of(selector: Selector) -> Iterator[PairSelector]:
    """The selectors by a pair of values that a selector is made of, each once."""
    for part in selector_parts(selector):
        if isinstance(part, PairSelector):
            yield part


def conjuncts_of(selector: Selector) -> Iterator[Selector]:
    """Selectors that all have to select, in order: the parts of a conjunction, or itself."""
    stack: list[Selector] = [selector]
    while stack:
        part = stack.pop()
        if isinstance(part, CompoundSelector) and part.operator == "and":
            stack += reversed(part.operands)
        else:
            yield part


def holds_of(selector: PairSelector) -> NDArray[np.bool_]:
    """Which key values which query values select, of a selector that is tabled."""
    assert isinstance(selector, TabledSelector), "what selects is tabled before it is asked about"
    return selector.pairs.holds


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
        case Best():
            return (*selector_reads(operation.selector), operation.score)


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
