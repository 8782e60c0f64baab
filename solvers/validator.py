"""Re-derives every constraint and the sizes of a plan, without any solver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from solvers.allocation import (
    Allocation,
    Plan,
    Status,
    head_demands,
    heads_used,
    lifetimes,
    measured,
    neurons_used,
    present_variables,
    state_widths,
    with_writers,
)
from solvers.problem import Problem


@dataclass(frozen=True, slots=True)
class Violation:
    """A constraint that a plan breaks: its family, and what breaks it."""

    family: str
    message: str


class InvalidPlanError(ValueError):
    """A plan that breaks a constraint: a defect of the solver that made it."""


FIRST_LAYER = 2
"""Sublayers of the first layer, which writes late inputs."""


def violations(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Everything that is wrong with a plan."""
    structural = tuple(_structure(problem, plan))
    if structural:
        return structural
    families = (_presence, _precedence, _erasures, _width, _neurons, _heads, _limits)
    return tuple(found for family in families for found in family(problem, plan))


def validate(problem: Problem, allocation: Allocation) -> Allocation:
    """Returns the allocation if everything that it says holds.

    Raises:
        InvalidPlanError: If it does not.
    """
    plan = allocation.plan
    if plan is None:
        if allocation.status in (Status.OPTIMAL, Status.FEASIBLE):
            raise InvalidPlanError(f"status {allocation.status.value} without a plan")
        return allocation
    found = list(violations(problem, plan))
    value = tuple(measured(problem, plan, name) for name in allocation.objective)
    if value != allocation.value:
        found.append(Violation("objective", f"value {allocation.value}, and the plan has {value}"))
    if len(allocation.bound) != len(value):
        found.append(Violation("objective", "as many bounds as objectives are needed"))
    if allocation.status is Status.OPTIMAL and allocation.bound != value:
        found.append(Violation("objective", f"OPTIMAL with bound {allocation.bound}"))
    if found:
        lines = "; ".join(f"{v.family}: {v.message}" for v in found)
        raise InvalidPlanError(f"{allocation.solver} on '{problem.name}': {lines}")
    return allocation


def _structure(problem: Problem, plan: Plan) -> Iterator[Violation]:
    alternatives, known = problem.alternative_by_name(), problem.by_name()
    if not 0 <= plan.view < len(problem.views):
        yield Violation("structure", f"view {plan.view} does not exist")
    for placement in plan.placements:
        alternative = alternatives.get(placement.alternative)
        if alternative is None:
            yield Violation("structure", f"no alternative '{placement.alternative}'")
            continue
        if not 0 <= placement.sublayer < 2 * plan.layers:
            yield Violation("structure", f"'{alternative.name}' at {placement.sublayer}")
        if placement.sublayer % 2 != alternative.kind.parity:
            yield Violation("kind", f"'{alternative.name}' at sublayer {placement.sublayer}")
        if alternative.latest is not None and placement.sublayer > alternative.latest:
            yield Violation("latest", f"'{alternative.name}' at sublayer {placement.sublayer}")
        fits = len(placement.reads) == len(alternative.reads) and all(
            name in options
            for name, options in zip(placement.reads, alternative.reads, strict=False)
        )
        if not fits:
            yield Violation("reads", f"'{alternative.name}' reads {placement.reads}")
    ways = () if problem.self_attention is None else problem.self_attention.ways
    if not 0 <= plan.own < max(1, len(ways)):
        yield Violation("structure", f"way {plan.own} of self-attention does not exist")
    for erasure in plan.erasures:
        if erasure.variable not in known or not 0 <= erasure.sublayer < 2 * plan.layers:
            yield Violation("structure", f"erasure of '{erasure.variable}'")
    for name in plan.kept_inputs:
        if name not in known or not known[name].is_input:
            yield Violation("structure", f"kept input '{name}'")


def _presence(problem: Problem, plan: Plan) -> Iterator[Violation]:
    alternatives, known = problem.alternative_by_name(), problem.by_name()
    computed: dict[str, int] = {}
    for placement in plan.placements:
        name = alternatives[placement.alternative].variable
        computed[name] = computed.get(name, 0) + 1
    for name in present_variables(problem, plan):
        count = computed.get(name, 0)
        if count != (0 if known[name].is_input else 1):
            yield Violation("presence", f"'{name}' is computed {count} times")


def _precedence(problem: Problem, plan: Plan) -> Iterator[Violation]:
    alive = lifetimes(problem, plan)

    def readable(name: str, state: int) -> bool:
        birth, end = alive.get(name, (1, 0))
        return birth <= state <= end

    late = frozenset(() if problem.late is None else problem.late.names)
    for placement in plan.placements:
        if placement.sublayer < FIRST_LAYER and not late.isdisjoint(placement.reads):
            yield Violation("late", f"'{placement.alternative}' reads what its layer writes")
        for name in placement.reads:
            if not readable(name, placement.sublayer):
                where = f"'{placement.alternative}' at state {placement.sublayer}"
                yield Violation("precedence", f"{where} reads '{name}', which is not alive")
    for name in problem.views[plan.view].reads:
        if not readable(name, 2 * plan.layers):
            yield Violation("precedence", f"the output reads '{name}', which is not alive")
    if late and plan.layers == 0 and not late.isdisjoint(problem.views[plan.view].reads):
        yield Violation("late", "the output reads what no layer writes")
    if problem.self_attention is not None:
        own = problem.self_attention.ways[plan.own]
        for erasure in plan.erasures:
            if erasure.sublayer == 0 and not late.isdisjoint(own):
                yield Violation("late", f"the head erasing '{erasure.variable}' is too early")
            if erasure.sublayer % 2 == 0:
                for name in own:
                    if not readable(name, erasure.sublayer):
                        where = f"the head erasing '{erasure.variable}'"
                        yield Violation("precedence", f"{where} needs '{name}'")


def _erasures(problem: Problem, plan: Plan) -> Iterator[Violation]:
    seen: set[str] = set()
    late = () if problem.late is None else problem.late.names
    alive = lifetimes(problem, plan)
    for erasure in plan.erasures:
        if erasure.variable in seen:
            yield Violation("erasure", f"'{erasure.variable}' is erased twice")
        seen.add(erasure.variable)
        if erasure.sublayer % 2 == 0 and problem.self_attention is None:
            yield Violation("erasure", f"'{erasure.variable}': heads cannot erase here")
        birth, end = alive.get(erasure.variable, (1, 0))
        if birth > end:
            yield Violation("erasure", f"'{erasure.variable}' is erased before it exists")
        if erasure.variable in late and erasure.sublayer < FIRST_LAYER:
            yield Violation("late", f"'{erasure.variable}' is erased by what writes it")


def _width(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for state, width in enumerate(state_widths(problem, plan)):
        if width > plan.width:
            yield Violation("width", f"{width} dimensions at state {state}, of {plan.width}")


def _neurons(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for sublayer, count in neurons_used(problem, plan).items():
        if count > plan.neurons:
            yield Violation("neurons", f"{count} at sublayer {sublayer}, of {plan.neurons}")


def _heads(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for sublayer, group in head_demands(problem, plan).items():
        for selector, (size, width) in group.items():
            if size > plan.head_size or (width and not plan.head_size):
                where = f"selector '{selector}' at sublayer {sublayer}"
                yield Violation("heads", f"{where} needs head size {size}, of {plan.head_size}")
    for sublayer, count in heads_used(problem, plan, plan.head_size).items():
        if count > plan.heads:
            yield Violation("heads", f"{count} at sublayer {sublayer}, of {plan.heads}")


def _limits(problem: Problem, plan: Plan) -> Iterator[Violation]:
    sizes = with_writers(problem, plan)
    stock = sizes.stock_width(problem.constants)
    for name, limit in problem.limits.given().items():
        size = stock if name == "width" else getattr(sizes, name)
        if size > limit:
            yield Violation("limits", f"{name} is {size}, above {limit}")
