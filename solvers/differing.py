"""The plan that has the least in common with some plans before it.

Plans have components in common, and what these compute. Of those with the least in common the one
with the best sizes is taken. A plan is never one of those before, wherever its parts stand: each is
ruled out as a set of components.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from solvers.allocation import DEFAULT_OBJECTIVE, Allocation, Plan, Status
from solvers.constraints.objective import measure
from solvers.constraints.variables import Decisions
from solvers.cp_model import build_model
from solvers.cp_sat import solver_version
from solvers.effort import DEFAULT_TIME, LARGEST_MODEL
from solvers.effort import decisions as decision_count
from solvers.needless import without_needless
from solvers.problem import Problem
from solvers.search import TIE_BREAKS, Outcome, Search, proven_bound
from solvers.serialisation import fingerprint
from solvers.solutions import hint_solution, read_plan
from solvers.timing import NEVER, Earliest, earliest
from solvers.validator import validate

DIGITS = 6
"""Of deterministic seconds: what presolving takes is added up in an order of its own each time, so
that the last digits differ."""

DEEPER = 1
"""Layers beyond the least in which a plan is looked for, where no limit says how many: a component
that is left out is as a rule replaced by two, one behind the other."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A plan, and what it has in common with those before.

    Attributes:
        allocation: The plan. FEASIBLE, since its sizes are not the least; INFEASIBLE if it is
            proven that there is no other set of components; UNKNOWN if none was found.
        shared: Components and variables of plans before that it has, each as often as plans have
            it.
        least: A proven lower bound of that.
        whole: Components and variables of the plan, as often as there are plans before: what
            `shared` is a part of.
    """

    allocation: Allocation
    shared: int
    least: int
    whole: int

    @property
    def proven(self) -> bool:
        """Whether no plan shares less."""
        return self.shared == self.least


def most_different(
    problem: Problem,
    before: Sequence[Plan],
    objective: tuple[str, ...] = DEFAULT_OBJECTIVE,
    *,
    time_limit: float | None = None,
    seed: int = 0,
) -> Difference:
    """The plan that shares the least with plans before it, and of those a small one.

    Args:
        problem: The problem; its limits hold for the plan.
        before: Plans of this problem, or of one with more or fewer components.
        objective: What is minimised once nothing less can be shared, first things first.
        time_limit: Deterministic seconds.
        seed: Of the search.

    Returns:
        The plan, with what is proven within the limits, and within one more layer than the least
        where these limit none.
    """
    limit = DEFAULT_TIME if time_limit is None else time_limit
    search = Search(problem, objective, limit, seed, False, _silent)
    times = earliest(problem)
    if times.layers >= NEVER:
        return _difference(search, before, None, 0, Status.INFEASIBLE)
    if decision_count(problem, times) > LARGEST_MODEL:
        return _difference(search, before, None, 0, Status.UNKNOWN)
    return _over_depths(search, before, times)


def _silent(line: str) -> None:
    del line


def _over_depths(search: Search, before: Sequence[Plan], times: Earliest) -> Difference:
    """The best plan of each depth, from the least on, until one shares nothing."""
    limited = search.problem.limits.layers
    last = times.layers + DEEPER if limited is None else limited
    best: Plan | None = None
    most, bounds, ruled_out = 0, list[int](), True
    for layers in range(times.layers, last + 1):
        if search.over:
            bounds, ruled_out = [*bounds, 0], False
            break
        plan, bound, outcome = _at_depth(search, before, times, layers)
        if outcome is not Outcome.INFEASIBLE:
            bounds, ruled_out = [*bounds, bound], False
        if plan is None:
            continue
        shared = shared_with(search.problem, plan, before)
        if best is None or shared < most:
            best, most = plan, shared
            if most == 0:
                break
    status = Status.INFEASIBLE if ruled_out else Status.UNKNOWN
    return _difference(search, before, best, min(bounds, default=0), status)


def _at_depth(
    search: Search, before: Sequence[Plan], times: Earliest, layers: int
) -> tuple[Plan | None, int, Outcome]:
    """The plan of a depth that shares least, a lower bound of what is shared, and what is known."""
    decisions = build_model(search.problem, layers, times)
    shared = _shared(decisions, before)
    for plan in before:
        _rule_out(decisions, plan)
    decisions.model.minimize(shared)
    outcome, solver = search.run(decisions.model)
    if not outcome.has_plan:
        return None, 0, outcome
    bound, value = proven_bound(solver), round(solver.objective_value)
    decisions.model.add(shared <= value)
    plan = read_plan(decisions, solver, layers)
    for name in (*search.objective, *TIE_BREAKS):
        if name in UNSEARCHED or search.over:
            continue
        hint_solution(decisions, solver)
        decisions.model.minimize(measure(decisions, name))
        known, again = search.run(decisions.model)
        if not known.has_plan:
            break
        solver, plan = again, read_plan(decisions, again, layers)
        decisions.model.add(measure(decisions, name) <= round(again.objective_value))
    return without_needless(search.problem, plan), bound, outcome


UNSEARCHED = ("depth", "parameters")
"""Objectives that no solve has: the depth is that of the model, and parameters, a product, follow
from width and neurons."""


def shared_with(problem: Problem, plan: Plan, before: Sequence[Plan]) -> int:
    """Components and variables of plans before that a plan has, as often as these have them.

    Args:
        problem: The problem.
        plan: The plan.
        before: The plans before.
    """
    own = _parts(problem, plan)
    return sum(len(own & _parts(problem, other)) for other in before)


def _parts(problem: Problem, plan: Plan) -> frozenset[tuple[str, str]]:
    """The components of a plan, and the variables that they compute."""
    known = problem.alternative_by_name()
    names = [placement.alternative for placement in plan.placements]
    computed = {("variable", known[name].variable) for name in names if name in known}
    return frozenset({("component", name) for name in names} | computed)


def _shared(decisions: Decisions, before: Sequence[Plan]) -> Any:
    """How much of the plans before is used again, as an expression."""
    found: list[Any] = []
    for plan in before:
        for kind, name in sorted(_parts(decisions.problem, plan)):
            where = decisions.use if kind == "component" else decisions.present
            if name in where:
                found.append(where[name])
    return sum(found)


def _rule_out(decisions: Decisions, plan: Plan) -> None:
    """Not just these components again."""
    names = {placement.alternative for placement in plan.placements}
    if names <= decisions.use.keys():
        wanted = [use.negated() if name in names else use for name, use in decisions.use.items()]
        decisions.model.add_bool_or(wanted)


def _difference(
    search: Search, before: Sequence[Plan], plan: Plan | None, least: int, status: Status
) -> Difference:
    problem, objective = search.problem, search.objective
    value: tuple[int, ...] = ()
    shared = whole = 0
    message = "no other set of components was found"
    if plan is not None:
        status = Status.FEASIBLE
        value = tuple(plan.sizes.measure(name, problem.constants) for name in objective)
        shared = shared_with(problem, plan, before)
        whole = len(_parts(problem, plan)) * len(before)
        known = "the least there is" if shared == least else f"at least {least} are"
        message = f"{shared} of {whole} parts are shared with the plans before, {known}"
    elif status is Status.INFEASIBLE:
        message = "there is no other set of components"
    allocation = Allocation(
        status=status,
        plan=plan,
        objective=objective,
        value=value,
        bound=(0,) * len(value),
        gap=1.0 if any(value) else 0.0,
        seed=search.seed,
        seconds=time.perf_counter() - search.started,
        deterministic_time=round(search.spent, DIGITS),
        solver="cp_sat",
        solver_version=solver_version(),
        problem=fingerprint(problem),
        message=message,
    )
    return Difference(validate(problem, allocation), shared, least, whole)
