"""Why nothing fits: for each limit the smallest value that would do."""

from __future__ import annotations

from dataclasses import replace

from solvers.allocation import STOCK_WIDTH, Allocation, Status
from solvers.problem import Limits, Problem

MEASURED = {"layers": "depth", "width": STOCK_WIDTH}
"""Objectives that limits are of, where these have other names: a width is that of the published
transformer that is to hold the model, if one is."""


def explain(
    problem: Problem, allocation: Allocation, *, time_limit: float, seed: int
) -> Allocation:
    """Adds to an INFEASIBLE result what each limit would have to be, the others held."""
    from solvers.cp_sat import cp_sat

    limits = problem.limits
    given = limits.given()
    said = []
    for name, limit in given.items():
        relaxed = replace(problem, limits=replace(limits, **{name: None}))
        measured = MEASURED.get(name, name)
        objective = (measured,)
        found = cp_sat(relaxed, objective, time_limit=time_limit, seed=seed)
        if found.plan is not None:
            least = found.plan.sizes.measure(measured, problem.constants)
            word = "at least" if found.status is Status.OPTIMAL else "for example"
            said.append(f"{name}={limit} would have to be {word} {least}")
    if not said and len(given) > 1:
        free = cp_sat(replace(problem, limits=Limits()), time_limit=time_limit, seed=seed)
        if free.plan is not None:
            measures = [(name, MEASURED.get(name, name)) for name in given]
            found_sizes, constants = free.plan.sizes, problem.constants
            sizes = ", ".join(f"{name} {found_sizes.measure(m, constants)}" for name, m in measures)
            said.append(f"no single limit can be met by raising it alone; without any: {sizes}")
    message = "; ".join([*said, allocation.message]).strip("; ")
    return replace(allocation, message=message)
