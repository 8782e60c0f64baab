"""The allocation problem: what has to be placed, what it takes, and within what limits.

Plain data, checked at construction. Terms are those of the residual stream: a model of L
layers has 2L sublayers, attention at even ones and MLPs at odd ones, and 2L + 1 states.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from solvers.stock import Products, Stock, counted


class ProblemError(ValueError):
    """A problem that contradicts itself; the message names the entry."""


class Kind(StrEnum):
    """What a component is, and so in which sublayers it may stand."""

    ATTENTION = "attention"
    MLP = "mlp"

    @property
    def parity(self) -> int:
        """0 for attention sublayers, 1 for MLP sublayers."""
        return 0 if self is Kind.ATTENTION else 1


@dataclass(frozen=True, slots=True)
class Variable:
    """Something that takes dimensions of the residual stream.

    Attributes:
        name: Unique name.
        width: Dimensions taken while it is alive.
        is_input: Whether the embedding supplies it at state 0.
        signed: Whether erasing it in an MLP takes two neurons a dimension instead of one.
        block: For the longest-path heuristic: components with one block count as one depth
            and stand in one layer.
    """

    name: str
    width: int
    is_input: bool = False
    signed: bool = False
    block: str | None = None

    @property
    def erasing_neurons(self) -> int:
        """Neurons that erasing it takes."""
        return self.width * (2 if self.signed else 1)


@dataclass(frozen=True, slots=True)
class HeadDemand:
    """What a component asks of an attention head.

    Attributes:
        selector: Components with one selector can share heads.
        head_size: Columns that query and key need.
        value_width: Columns that the values need.
    """

    selector: str
    head_size: int
    value_width: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to compute a variable.

    Attributes:
        name: Unique name.
        variable: What it computes.
        kind: Attention or MLP.
        reads: For each thing it reads the variables that would do; one of them is chosen.
        neurons: Neurons that it takes, for an MLP.
        head: What it asks of a head, for attention.
        determines: Variables that its neurons determine linearly, so that erasing them in
            the same sublayer takes no further neuron.
        latest: The last sublayer in which it may stand; None for any.
        constant: Whether it writes a constant with a neuron that is always on, which all that do
            so in one sublayer share.
    """

    name: str
    variable: str
    kind: Kind
    reads: tuple[tuple[str, ...], ...]
    neurons: int = 0
    head: HeadDemand | None = None
    determines: tuple[str, ...] = ()
    latest: int | None = None
    constant: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A way to read the output: the variables that must be alive at the last state."""

    reads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SelfAttention:
    """What a head that erases needs: variables alive where it reads, and columns.

    Attributes:
        reads: The variables.
        head_size: Columns of its query and key.
        others: Other variables that would do in place of them; all heads of a plan read the same.
    """

    reads: tuple[str, ...]
    head_size: int
    others: tuple[tuple[str, ...], ...] = ()

    @property
    def ways(self) -> tuple[tuple[str, ...], ...]:
        """All that would do, of which a plan names one by its place."""
        return (self.reads, *self.others)

    @property
    def named(self) -> tuple[str, ...]:
        """Each variable that is read in some way."""
        return tuple(dict.fromkeys(name for way in self.ways for name in way))

    @property
    def common(self) -> tuple[str, ...]:
        """Each variable that is read in every way."""
        return tuple(name for name in self.named if all(name in way for way in self.ways))


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard limits on the architecture; None is no limit."""

    layers: int | None = None
    width: int | None = None
    heads: int | None = None
    head_size: int | None = None
    neurons: int | None = None

    def __post_init__(self) -> None:
        for name, limit in self.given().items():
            if limit < 0:
                raise ProblemError(f"limit {name}={limit} is negative")

    def given(self) -> dict[str, int]:
        """The limits that there are, by name."""
        found = ((own.name, getattr(self, own.name)) for own in fields(self))
        return {name: limit for name, limit in found if limit is not None}


@dataclass(frozen=True, slots=True)
class SizeConstants:
    """What the number of parameters depends on beside the allocation.

    Attributes:
        embedding_rows: Rows of the token and position embeddings together.
        outputs: Columns of the unembedding.
        stock: The published transformer that is to hold the model; None if none is.
    """

    embedding_rows: int
    outputs: int
    stock: Stock | None = None

    def rows(self, width: int) -> int:
        """Rows of the embeddings and columns of the unembedding, of a stream of that width."""
        if self.stock is None:
            return self.embedding_rows + self.outputs
        return self.stock.rows(width, self.outputs)

    def parameters(self, layers: int, width: int, inner: Any, neurons: Any) -> Any:
        """All numbers that what is published holds, by its own sizes.

        Args:
            layers: Its layers.
            width: Columns of its stream.
            inner: Columns of all heads of a layer; a number, or an expression.
            neurons: Neurons of a layer, alike.
        """
        rows, mixed, hidden = self.rows(width) * width, width * inner, width * neurons
        return counted(layers, Products(width, inner, neurons, rows, mixed, hidden), self.stock)


@dataclass(frozen=True, slots=True)
class LateInput:
    """An input that the first layer writes, where it counts positions.

    Attributes:
        name: The input.
        steps: Positions at which it holds something else than at the one before.
    """

    name: str
    steps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Late:
    """Inputs that the first layer writes, so that nothing reads them in it.

    A head counts positions in a dimension of one of them; neurons step from position to position,
    and one takes off what was counted with.

    Attributes:
        inputs: The inputs, which have their dimensions from the start all the same.
    """

    inputs: tuple[LateInput, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return tuple(told.name for told in self.inputs)

    def neurons(self, present: Collection[str]) -> int:
        """Neurons of the first layer that write those of the inputs that are there."""
        told = [each for each in self.inputs if each.name in present]
        if not told:
            return 0
        steps = {step for each in told for step in each.steps}
        return TAKING + STEP * len(steps)


STEP = 2
"""Neurons of a step: one begins it and one ends it."""

TAKING = 1
"""Neurons that take off what was counted with."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An allocation problem.

    Attributes:
        name: For messages.
        variables: Everything that may take dimensions.
        alternatives: How each variable that is no input can be computed.
        views: Ways to read the output; exactly one is used.
        self_attention: What erasing heads need; None forbids them.
        constants: For the number of parameters.
        limits: Hard limits.
        late: Inputs that the embedding does not supply; None if it supplies all.
    """

    name: str
    variables: tuple[Variable, ...]
    alternatives: tuple[Alternative, ...]
    views: tuple[View, ...]
    self_attention: SelfAttention | None
    constants: SizeConstants
    limits: Limits = Limits()
    late: Late | None = None

    def __post_init__(self) -> None:
        _check(self)

    def by_name(self) -> dict[str, Variable]:
        """Every variable by name."""
        return {variable.name: variable for variable in self.variables}

    def alternative_by_name(self) -> dict[str, Alternative]:
        """Every alternative by name."""
        return {alternative.name: alternative for alternative in self.alternatives}

    def alternatives_of(self) -> dict[str, tuple[Alternative, ...]]:
        """The alternatives of every variable, in order."""
        found: dict[str, list[Alternative]] = {v.name: [] for v in self.variables}
        for alternative in self.alternatives:
            found[alternative.variable].append(alternative)
        return {name: tuple(alternatives) for name, alternatives in found.items()}


def _check(problem: Problem) -> None:
    names = [variable.name for variable in problem.variables]
    _check_unique("variable", names)
    _check_unique("alternative", [a.name for a in problem.alternatives])
    known = set(names)
    for variable in problem.variables:
        if variable.width < 0:
            raise ProblemError(f"variable '{variable.name}' has width {variable.width}")
    inputs = {variable.name for variable in problem.variables if variable.is_input}
    for alternative in problem.alternatives:
        _check_alternative(alternative, known, inputs)
    if not problem.views:
        raise ProblemError(f"problem '{problem.name}' has no view of its output")
    for name in () if problem.late is None else problem.late.names:
        if name not in inputs:
            raise ProblemError(f"'{name}' is late, and no input")
    for view in problem.views:
        _check_known("a view of the output", view.reads, known)
    if problem.self_attention is not None:
        _check_known("self-attention", problem.self_attention.named, known)


def _check_alternative(alternative: Alternative, known: set[str], inputs: set[str]) -> None:
    name = f"alternative '{alternative.name}'"
    _check_known(name, (alternative.variable, *alternative.determines), known)
    if alternative.variable in inputs:
        raise ProblemError(f"{name} computes the input '{alternative.variable}'")
    if (alternative.head is not None) != (alternative.kind is Kind.ATTENTION):
        raise ProblemError(f"{name}: a head demand goes with attention, and only with it")
    if alternative.neurons < 0 or (alternative.neurons and alternative.kind is Kind.ATTENTION):
        raise ProblemError(f"{name} has {alternative.neurons} neurons")
    for options in alternative.reads:
        if not options:
            raise ProblemError(f"{name} has a read that no variable satisfies")
        _check_known(name, options, known)
        if alternative.variable in options:
            raise ProblemError(f"{name} reads what it computes, '{alternative.variable}'")


def _check_known(what: str, names: Iterable[str], known: set[str]) -> None:
    for name in names:
        if name not in known:
            raise ProblemError(f"{what} names the unknown variable '{name}'")


def _check_unique(what: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ProblemError(f"{what} '{name}' appears twice")
        seen.add(name)
