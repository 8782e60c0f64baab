"""Step models: their least width is that of the narrowest plan, in every problem small enough."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.random_problems import random_problem
from solvers import Kind, Limits, Problem, violations
from solvers.bounds import width_bound
from solvers.brute_force import brute_force
from solvers.greedy import greedy_plan
from solvers.search import Outcome, Search
from solvers.steps.energy import neurons_bound
from solvers.steps.model import Heads, build_steps
from solvers.steps.narrowing import bound_by_stretches, narrow
from solvers.steps.plans import step_plan
from solvers.steps.sweeping import sweep
from solvers.steps.windows import Windows, windows
from solvers.timing import NEVER, earliest
from tests.solvers.tiny import chain, tiny_problem

BATCH = 50


def searching(problem: Problem) -> Search:
    return Search(problem, ("depth", "width"), 60.0, 0, False, lambda line: None)


def least_width(problem: Problem, found: Windows, heads: Heads, **states) -> int:
    """The least width of a step model, and the plan of it where it has all states."""
    steps = build_steps(problem, found, heads=heads, **states)
    steps.model.minimize(steps.width)
    outcome, solver = searching(problem).run(steps.model)
    assert outcome is Outcome.OPTIMAL
    width = round(solver.objective_value)
    if not states:
        plan = step_plan(steps, solver)
        assert violations(problem, plan) == ()
        own = problem.self_attention
        assert plan.width <= width or (own is not None and own.others)
        assert plan.layers == found.layers
    return width


@pytest.mark.sweep
@pytest.mark.parametrize("first", range(0, 150, BATCH))
def test_as_narrow_as_any_plan(first: int) -> None:
    for seed in range(first, first + BATCH):
        problem = replace(tiny_problem(seed), limits=Limits())
        times = earliest(problem)
        if times.layers >= NEVER:
            continue
        for extra in (0, 1):
            at_most = replace(problem, limits=Limits(layers=times.layers + extra))
            oracle = brute_force(at_most, ("width", "depth"))
            found = windows(problem, times, times.layers + extra)
            least = least_width(problem, found, Heads.SOME)
            if problem.self_attention is None or not problem.self_attention.others:
                assert least == oracle.value[0], seed
            # Of several ways of self-attention what all have in common is looked at.
            assert least <= oracle.value[0], seed
            for heads in (Heads.ALWAYS, Heads.NEVER):
                own = problem.self_attention
                if heads is Heads.NEVER or (own is not None and not own.others):
                    assert least_width(problem, found, heads) >= oracle.value[0], seed
            last = 2 * found.layers
            for states in ((0, last // 2), (last // 2, last), (1, last - 1)):
                if 0 <= states[0] <= states[1]:
                    bound = least_width(problem, found, Heads.SOME, states=states)
                    assert bound <= oracle.value[0], (seed, states)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 200, 4 * BATCH))
def test_bounds_are_never_above_the_best(first: int) -> None:
    said = 0
    for seed in range(first, first + 4 * BATCH):
        problem = tiny_problem(seed)
        times = earliest(problem)
        oracle = brute_force(problem, ("depth", "width"))
        if oracle.plan is None or oracle.plan.layers != times.layers:
            continue
        found = windows(problem, times, times.layers)
        neurons = brute_force(problem, ("depth", "neurons")).value[1]
        assert width_bound(problem, times, times.layers) <= oracle.value[1], seed
        assert neurons_bound(found) <= neurons, seed
        said += neurons_bound(found) > 0
        search = searching(problem)
        search.plan = oracle.plan
        bound_by_stretches(search, found, 60.0)
        assert search.least_width <= oracle.value[1], seed
    assert said > 20


def narrowed(seed: int) -> Search:
    problem = random_problem(120, seed)
    times = earliest(problem)
    search = Search(problem, ("depth", "width", "neurons"), 2.0, 0, False, lambda line: None)
    search.plan = greedy_plan(problem)
    narrow(search, windows(problem, times, times.layers), 2.0)
    return search


@pytest.mark.slow
def test_plans_and_bounds_come_close_and_are_the_same_twice() -> None:
    search = narrowed(0)
    before = greedy_plan(search.problem)
    assert before is not None
    assert search.plan is not None
    assert violations(search.problem, search.plan) == ()
    assert search.plan.layers == before.layers
    assert search.plan.width < before.width
    assert 0.85 * search.plan.width < search.least_width <= search.plan.width
    again = narrowed(0)
    assert (again.plan, again.least_width) == (search.plan, search.least_width)


def test_a_stretch_is_narrowed_and_the_rest_stays() -> None:
    problem = random_problem(60, 1)
    times = earliest(problem)
    found = windows(problem, times, times.layers)
    assert found.settled
    greedy = greedy_plan(problem)
    assert greedy is not None
    plan = sweep(searching(problem), found, Heads.NEVER, greedy, 0, 1.0)
    assert violations(problem, plan) == ()
    assert plan.layers == greedy.layers
    assert plan.width < greedy.width
    assert all(e.sublayer % 2 for e in plan.erasures)


def test_windows_are_those_of_the_critical_paths() -> None:
    problem = chain(Kind.ATTENTION, Kind.MLP, Kind.MLP)
    times = earliest(problem)
    tight = windows(problem, times, 2)
    assert tight.first == tight.last == {"x1": 0, "x2": 1, "x3": 3}
    assert tight.needed == {"x0", "x1", "x2", "x3"}
    assert tight.steps == 3
    loose = windows(problem, times, 4)
    assert loose.first == tight.first
    assert loose.last == {"x1": 4, "x2": 5, "x3": 7}


def test_neurons_of_a_crowded_layer_are_a_bound() -> None:
    problem = chain(Kind.MLP, Kind.MLP)
    times = earliest(problem)
    assert neurons_bound(windows(problem, times, 2)) == 3
    assert neurons_bound(windows(problem, times, 3)) == 2
