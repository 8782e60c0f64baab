"""Plans that share least with those before: against every plan of tiny problems."""

from __future__ import annotations

from dataclasses import replace

import pytest

from solvers import Limits, Plan, Problem, Status, solve
from solvers.brute_force import plans
from solvers.differing import DEEPER, most_different, shared_with
from solvers.timing import earliest
from tests.solvers.tiny import tiny_problem


def components(plan: Plan) -> frozenset[str]:
    return frozenset(placement.alternative for placement in plan.placements)


def least_shared(problem: Problem, before: list[Plan]) -> int | None:
    """By trying every plan; None if there is no other."""
    first, limit = earliest(problem).layers, problem.limits.layers
    last = first + DEEPER if limit is None else limit
    known = {components(plan) for plan in before}
    return min(
        (
            shared_with(problem, plan, before)
            for layers in range(first, last + 1)
            for plan in plans(problem, layers)
            if components(plan) not in known
        ),
        default=None,
    )


@pytest.mark.sweep
@pytest.mark.parametrize("seeds", [range(6), range(6, 14)])
def test_nothing_less_is_shared_by_any_plan(seeds: range) -> None:
    differing = 0
    for seed in seeds:
        problem = tiny_problem(seed, limited=False)
        problem = replace(problem, limits=Limits(layers=2))
        plan = solve(problem, time_limit=10).plan
        if plan is None:
            continue
        before = [plan]
        for _ in range(2):
            found = most_different(problem, before)
            least = least_shared(problem, before)
            if least is None:
                assert found.allocation.status is Status.INFEASIBLE
                assert "no other set" in found.allocation.message
                break
            assert (found.shared, found.least) == (least, least)
            assert found.proven
            assert found.allocation.plan is not None
            before.append(found.allocation.plan)
            differing += 1
    assert differing


def test_what_cannot_be_built_differs_from_nothing() -> None:
    problem = replace(tiny_problem(0), limits=Limits(layers=0, width=0))
    found = most_different(problem, [])
    assert found.allocation.status is Status.INFEASIBLE


def test_without_time_nothing_is_proven() -> None:
    problem = tiny_problem(3, limited=False)
    plan = solve(problem).plan
    assert plan is not None
    found = most_different(problem, [plan], time_limit=0.0)
    assert found.allocation.status is Status.UNKNOWN
