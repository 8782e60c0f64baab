"""Stretch by stretch a plan of a large problem gets narrower, never invalid, never other."""

from __future__ import annotations

import pytest

from experiments.random_problems import random_problem
from solvers import solve, violations
from solvers.effort import LARGE_MODEL, decisions, default_time_limit
from solvers.greedy import greedy_plan
from solvers.improve import improve_width
from solvers.search import Search


def improved(seed: int, time_limit: float = 1.0) -> Search:
    problem = random_problem(120, seed)
    search = Search(problem, ("depth", "width", "neurons"), time_limit, 0, False, lambda line: None)
    search.plan = greedy_plan(problem)
    improve_width(search, time_limit)
    return search


@pytest.mark.slow
def test_plans_get_narrower_and_stay_valid() -> None:
    gained = 0
    for seed in (2, 3):
        search = improved(seed)
        before = greedy_plan(search.problem)
        assert before is not None
        assert search.plan is not None
        assert violations(search.problem, search.plan) == ()
        assert search.plan.layers == before.layers
        assert search.plan.width <= before.width
        gained += before.width - search.plan.width
    assert gained > 0
    assert improved(3).plan == search.plan, "the same twice"


@pytest.mark.slow
def test_large_problems_get_less_time_and_say_what_was_done() -> None:
    problem = random_problem(600, 0)
    assert decisions(problem) > LARGE_MODEL
    assert default_time_limit(problem) < 60.0
    assert default_time_limit(random_problem(5, 0)) == 60.0
    found = solve(problem, time_limit=2.0)
    assert found.plan is not None
    assert found.solver == "stretches"
    assert "moves and stretches" in found.message
    assert found.bound[0] == found.value[0]
