"""A plan is carried over to a problem with fewer alternatives, as far as these go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.random_problems import random_problem
from solvers import Alternative, Kind, Problem, View, solve, violations
from solvers.effort import default_time_limit
from solvers.greedy import greedy_plan
from solvers.mending import mended
from solvers.timing import earliest
from tests.solvers.tiny import chain, tiny_problem


def without(problem: Problem, name: str) -> Problem:
    """The problem without an alternative."""
    kept = tuple(a for a in problem.alternatives if a.name != name)
    return replace(problem, alternatives=kept)


@pytest.mark.parametrize("seed", range(20))
def test_the_best_plan_of_a_tiny_problem_stays_what_it_is(seed: int) -> None:
    problem = tiny_problem(seed, limited=False)
    plan = solve(problem).plan
    assert plan is not None
    again = mended(problem, plan)
    assert again is not None
    assert violations(problem, again) == ()
    assert {p.alternative for p in again.placements} == {p.alternative for p in plan.placements}


@pytest.mark.parametrize("seed", range(40))
def test_what_is_gone_is_replaced(seed: int) -> None:
    problem = tiny_problem(seed, limited=False)
    plan = greedy_plan(problem)
    assert plan is not None
    for placement in plan.placements:
        fewer = without(problem, placement.alternative)
        again = mended(fewer, plan)
        if again is None:
            continue
        assert violations(fewer, again) == ()
        assert again.layers == earliest(fewer).layers
        assert placement.alternative not in {p.alternative for p in again.placements}


def test_components_stay_where_they_are() -> None:
    problem = random_problem(60, 0)
    plan = greedy_plan(problem)
    assert plan is not None
    assert mended(problem, plan) == plan


def test_where_nothing_computes_the_output_there_is_no_plan() -> None:
    problem = chain(Kind.MLP, Kind.MLP)
    plan = greedy_plan(problem)
    assert plan is not None
    assert mended(without(problem, plan.placements[-1].alternative), plan) is None


def test_what_would_read_in_a_circle_is_no_plan() -> None:
    problem = chain(Kind.MLP, Kind.MLP)
    plan = greedy_plan(problem)
    assert plan is not None
    first, last = plan.placements
    computed = problem.variables[-1].name
    circle = replace(
        problem,
        alternatives=tuple(
            replace(a, reads=((computed,),)) if a.name == first.alternative else a
            for a in problem.alternatives
        ),
        views=(View((computed,)),),
    )
    assert last.alternative in {a.name for a in circle.alternatives}
    assert mended(circle, plan) is None


def test_a_large_problem_with_a_good_plan_has_less_time() -> None:
    extra = Alternative("again", "v0", Kind.MLP, (("input0",),), neurons=1)
    problem = random_problem(2000, 0)
    many = replace(problem, alternatives=(*problem.alternatives, extra))
    greedy = greedy_plan(many)
    assert greedy is not None
    good = replace(greedy, width=greedy.width // 2)
    assert default_time_limit(many, good) < default_time_limit(many)
    assert default_time_limit(many, greedy) == default_time_limit(many), "as wide as without it"
    small = random_problem(5, 0)
    assert default_time_limit(small, greedy_plan(small)) == default_time_limit(small)
