"""Plans, sizes and certified allocations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate

from solvers.problem import Problem, SizeConstants


class Status(StrEnum):
    """What is known of an allocation."""

    OPTIMAL = "OPTIMAL"
    FEASIBLE = "FEASIBLE"
    INFEASIBLE = "INFEASIBLE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of a model; heads, head size and neurons are the maximum over layers."""

    layers: int
    width: int
    heads: int
    head_size: int
    neurons: int

    @property
    def inner(self) -> int:
        """Columns of all heads of a layer."""
        return self.heads * self.head_size

    def published(self, constants: SizeConstants) -> Sizes:
        """Those of the published transformer that holds the model; its own if none is to."""
        stock = constants.stock
        if stock is None:
            return self
        least = stock.least(self.width, self.neurons)
        width, heads, head_size = stock.heads(least, self.heads, self.head_size)
        neurons = max(1, stock.neurons(width, self.neurons))
        return Sizes(max(1, self.layers), width, heads, head_size, neurons)

    def parameters(self, constants: SizeConstants) -> int:
        """All that the model holds, embeddings and unembedding included; as it is published."""
        own = self.published(constants)
        return int(constants.parameters(own.layers, own.width, own.inner, own.neurons))

    def stock_width(self, constants: SizeConstants) -> int:
        """Columns of the published transformer that holds the model; its own if none is to."""
        return self.published(constants).width

    def measure(self, name: str, constants: SizeConstants) -> int:
        """The value of one objective."""
        if name == "parameters":
            return self.parameters(constants)
        if name == STOCK_WIDTH:
            return self.stock_width(constants)
        return int(getattr(self, "layers" if name == "depth" else name))


def measured(problem: Problem, plan: Plan, name: str) -> int:
    """The value of one objective of a plan, with what writes late inputs."""
    return with_writers(problem, plan).measure(name, problem.constants)


def with_writers(problem: Problem, plan: Plan) -> Sizes:
    """The sizes of a plan with the head and the neurons that write late inputs, if it has any."""
    late = problem.late
    writing = 0 if late is None else late.neurons(present_variables(problem, plan))
    if not writing:
        return plan.sizes
    heads = heads_used(problem, plan, plan.head_size).get(0, 0) + 1
    neurons = neurons_used(problem, plan).get(1, 0) + writing
    return replace(plan.sizes, heads=max(plan.heads, heads), neurons=max(plan.neurons, neurons))


LONGEST_PATH = "longest_path"
"""What `Allocation.solver` says of a plan by Tracr's heuristic, which proves nothing."""

STOCK_WIDTH = "stock_width"
"""The objective that counts columns of a published transformer in place of a model's own."""

OBJECTIVES = ("depth", "width", "neurons", "heads", "head_size", "parameters", STOCK_WIDTH)
DEFAULT_OBJECTIVE = ("depth", "width", "neurons")


@dataclass(frozen=True, slots=True)
class Placement:
    """A component in use: its sublayer, and which variable satisfies each of its reads."""

    alternative: str
    sublayer: int
    reads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erasure:
    """A variable erased in a sublayer: by neurons in an MLP, by a head in attention."""

    variable: str
    sublayer: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Where everything goes, and the sizes that this takes.

    Attributes:
        layers: Number of layers.
        placements: Components in use, by sublayer.
        erasures: Variables erased.
        view: Index of the view of the output that is used.
        width: Dimensions of the residual stream.
        heads: Heads per layer.
        head_size: Columns per head.
        neurons: Neurons per layer.
        kept_inputs: Inputs that are embedded though nothing reads them.
        own: Which of the ways of self-attention the heads that erase have; 0 if none does.
    """

    layers: int
    placements: tuple[Placement, ...]
    erasures: tuple[Erasure, ...]
    view: int
    width: int
    heads: int
    head_size: int
    neurons: int
    kept_inputs: tuple[str, ...] = ()
    own: int = 0

    @property
    def sizes(self) -> Sizes:
        """The sizes alone."""
        return Sizes(self.layers, self.width, self.heads, self.head_size, self.neurons)


@dataclass(frozen=True, slots=True)
class Allocation:
    """A plan with its certificate.

    Attributes:
        status: OPTIMAL only if proven within the formulation.
        plan: The plan, or None.
        objective: What was minimised, first things first.
        value: The value of each, empty without a plan.
        bound: A proven lower bound of each, given the values before it.
        gap: Relative distance between value and bound of the first objective whose value is
            not proven; 0 if optimal.
        seed: Of the search.
        seconds: Wall-clock time.
        deterministic_time: The solver's own measure of work, the same on any machine.
        solver: Which solver made the plan.
        solver_version: Version of its library.
        problem: Fingerprint of the problem.
        message: What else there is to say.
    """

    status: Status
    plan: Plan | None
    objective: tuple[str, ...]
    value: tuple[int, ...]
    bound: tuple[int, ...]
    gap: float
    seed: int
    seconds: float
    deterministic_time: float
    solver: str
    solver_version: str
    problem: str
    message: str = ""


def heads_erase(erasures: Iterable[Erasure]) -> bool:
    """Whether a head makes one of the erasures."""
    return any(erasure.sublayer % 2 == 0 for erasure in erasures)


def present_variables(problem: Problem, plan: Plan) -> tuple[str, ...]:
    """Variables that exist: computed, read, or kept; in the problem's order."""
    alternatives = problem.alternative_by_name()
    found = {alternatives[p.alternative].variable for p in plan.placements}
    found |= {name for placement in plan.placements for name in placement.reads}
    found |= {*problem.views[plan.view].reads, *plan.kept_inputs}
    found |= {erasure.variable for erasure in plan.erasures}
    if problem.self_attention is not None and heads_erase(plan.erasures):
        found |= set(problem.self_attention.ways[plan.own])
    return tuple(v.name for v in problem.variables if v.name in found)


def lifetimes(problem: Problem, plan: Plan) -> dict[str, tuple[int, int]]:
    """First and last state at which each present variable is alive."""
    alternatives = problem.alternative_by_name()
    birth = {v.name: 0 for v in problem.variables if v.is_input}
    for placement in plan.placements:
        birth[alternatives[placement.alternative].variable] = placement.sublayer + 1
    end = {erasure.variable: erasure.sublayer for erasure in plan.erasures}
    last = 2 * plan.layers
    return {
        name: (birth[name], end.get(name, last))
        for name in present_variables(problem, plan)
        if name in birth
    }


def state_widths(problem: Problem, plan: Plan) -> tuple[int, ...]:
    """Total width alive at each state."""
    change = [0] * (2 * plan.layers + 2)
    known = problem.by_name()
    for name, (birth, end) in lifetimes(problem, plan).items():
        if birth <= end:
            change[birth] += known[name].width
            change[end + 1] -= known[name].width
    return tuple(accumulate(change[:-1]))


def neurons_used(problem: Problem, plan: Plan, constants: bool = True) -> dict[int, int]:
    """Neurons of each MLP sublayer, erasures included.

    Args:
        problem: The problem.
        plan: The plan.
        constants: Whether those count that are always on and write constants.
    """
    alternatives, known = problem.alternative_by_name(), problem.by_name()
    used: dict[int, int] = {}
    determined: set[tuple[str, int]] = set()
    constant: set[int] = set()
    for placement in plan.placements:
        if placement.sublayer % 2:
            alternative = alternatives[placement.alternative]
            used[placement.sublayer] = used.get(placement.sublayer, 0) + alternative.neurons
            determined |= {(name, placement.sublayer) for name in alternative.determines}
            constant |= {placement.sublayer} if alternative.constant else set()
    for erasure in plan.erasures:
        key = (erasure.variable, erasure.sublayer)
        if erasure.sublayer % 2 and key not in determined:
            cost = known[erasure.variable].erasing_neurons
            used[erasure.sublayer] = used.get(erasure.sublayer, 0) + cost
    return {s: count + (constants and s in constant) for s, count in used.items()}


ERASER = "\x00eraser"
"""The selector that an erasing head stands for."""


def head_demands(problem: Problem, plan: Plan) -> dict[int, dict[str, tuple[int, int]]]:
    """For each attention sublayer and selector the head size and the total value width."""
    alternatives, known = problem.alternative_by_name(), problem.by_name()
    found: dict[int, dict[str, tuple[int, int]]] = {}

    def add(sublayer: int, selector: str, size: int, width: int) -> None:
        group = found.setdefault(sublayer, {})
        before = group.get(selector, (0, 0))
        group[selector] = (max(before[0], size), before[1] + width)

    for placement in plan.placements:
        head = alternatives[placement.alternative].head
        if head is not None:
            add(placement.sublayer, head.selector, head.head_size, head.value_width)
    for erasure in plan.erasures:
        if erasure.sublayer % 2 == 0 and problem.self_attention is not None:
            size = problem.self_attention.head_size
            add(erasure.sublayer, ERASER, size, known[erasure.variable].width)
    return found


def heads_used(problem: Problem, plan: Plan, head_size: int) -> dict[int, int]:
    """Heads of each attention sublayer for a head size."""
    return {
        sublayer: sum(max(1, -(-width // max(head_size, 1))) for _, width in group.values())
        for sublayer, group in head_demands(problem, plan).items()
    }
