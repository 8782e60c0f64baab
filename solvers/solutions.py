"""Between CP-SAT solutions and plans: reading one, and starting from another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from solvers.allocation import Erasure, Placement, Plan, heads_used
from solvers.constraints.variables import Decisions, chosen_own
from solvers.greedy import measured
from solvers.problem import Problem


def read_plan(decisions: Decisions, solver: Any, layers: int) -> Plan:
    """The plan that a solution stands for, with the sizes that it takes."""
    problem = decisions.problem
    placements = []
    for alternative in problem.alternatives:
        for sublayer, here in decisions.at[alternative.name].items():
            if solver.boolean_value(here):
                reads = tuple(
                    next(
                        o
                        for o in options
                        if solver.boolean_value(decisions.read[alternative.name, place, o])
                    )
                    for place, options in enumerate(alternative.reads)
                )
                placements.append(Placement(alternative.name, sublayer, reads))
    placements.sort(key=lambda placement: placement.sublayer)
    erasures = tuple(
        Erasure(name, sublayer)
        for name, erased in decisions.erased.items()
        for sublayer, here in erased.items()
        if solver.boolean_value(here)
    )
    view = next(i for i, chosen in enumerate(decisions.view) if solver.boolean_value(chosen))
    own = chosen_own(decisions, solver, erasures)
    plan = Plan(layers, tuple(placements), erasures, view, 0, 0, 0, 0, own=own)
    return with_head_size(problem, plan, int(solver.value(decisions.head_size)))


def with_head_size(problem: Problem, plan: Plan, size: int) -> Plan:
    """A plan with the sizes that it takes, where heads have a size."""
    plan = measured(problem, plan)
    if plan.heads == 0:
        return plan
    heads = max(heads_used(problem, plan, size).values())
    return replace(plan, heads=heads, head_size=size)


def hint_solution(decisions: Decisions, solver: Any) -> None:
    """Starts the next solve from the whole solution of this one."""
    model = decisions.model
    model.clear_hints()
    values = list(solver.response_proto.solution)
    _hint(model, range(len(values)), values)


def hint_plan(decisions: Decisions, plan: Plan | None, layers: int) -> None:
    """Starts from the best plan known, where it has this depth."""
    if plan is None or plan.layers != layers:
        return
    used = {p.alternative: p for p in plan.placements}
    erased = {(e.variable, e.sublayer) for e in plan.erasures}
    hints: list[tuple[Any, bool]] = []
    for alternative in decisions.problem.alternatives:
        placement = used.get(alternative.name)
        hints.append((decisions.use[alternative.name], placement is not None))
        for sublayer, here in decisions.at[alternative.name].items():
            hints.append((here, placement is not None and placement.sublayer == sublayer))
    hints += [(chosen, way == plan.own) for way, chosen in enumerate(decisions.own)]
    for name, options in decisions.erased.items():
        hints += [(here, (name, sublayer) in erased) for sublayer, here in options.items()]
    _hint(decisions.model, [own.index for own, _ in hints], [int(value) for _, value in hints])


def _hint(model: Any, indices: Iterable[int], values: Iterable[int]) -> None:
    """Adds values of variables to start from, all at once: one by one it takes far longer."""
    model.proto.solution_hint.vars.extend(indices)
    model.proto.solution_hint.values.extend(values)
