"""Moves of local search: plans stay valid, costs are what they are said to be, gains are kept."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from experiments.random_problems import random_problem
from solvers import Limits, Plan, Problem, violations
from solvers.allocation import neurons_used, state_widths
from solvers.greedy import greedy_plan
from solvers.search import Search
from solvers.sliding.chance import below, chance
from solvers.sliding.fields import Numbers, at, field
from solvers.sliding.moves import move
from solvers.sliding.plans import plan_of, schedule_of
from solvers.sliding.schedule import (
    COST,
    END,
    FINAL,
    FIRST,
    FOLLOWING,
    LAYER,
    NONE,
    PICK,
    PRECEDING,
    PRESENT,
    WAY,
    begin,
    refresh,
    set_prices,
    undo,
)
from solvers.sliding.slide import MOVES_A_SECOND, PATIENCE, STARTS, slide
from solvers.sliding.tables import Numbered, numbered
from tests.solvers.tiny import tiny_problem


def problems() -> list[Problem]:
    """Layered ones without a choice, and small ones with alternatives, options and views."""
    tiny = [tiny_problem(seed, limited=False) for seed in range(12)]
    return [random_problem(60, 0), random_problem(150, 1), *filter(movable, tiny)]


def movable(problem: Problem) -> bool:
    return bool(greedy(problem).placements)


def greedy(problem: Problem) -> Plan:
    plan = greedy_plan(problem)
    assert plan is not None
    return plan


def priced(known: Numbered) -> Numbers:
    """The greedy plan, by squares of widths and by neurons."""
    schedule = schedule_of(known, greedy(known.problem))
    set_prices(schedule, np.arange(known.widths + 1) ** 2, np.arange(known.neurons + 1))
    return schedule


def cost_of(problem: Problem, plan: Plan) -> int:
    """What a plan costs by squares, from the plan alone."""
    widths = state_widths(problem, plan)
    states = [*widths[1::2], widths[-1]]
    return sum(width * width for width in states) + sum(neurons_used(problem, plan).values())


def without_gifts(problem: Problem) -> Problem:
    """The same, where every erasure has its price: moves count none as free."""
    return replace(
        problem, alternatives=tuple(replace(a, determines=()) for a in problem.alternatives)
    )


@pytest.mark.parametrize("problem", [*map(without_gifts, problems())], ids=lambda p: p.name)
def test_any_moves_leave_a_valid_plan_of_the_cost_that_is_counted(problem: Problem) -> None:
    known, random = numbered(problem), chance(0)
    schedule, made = priced(known), 0
    for _ in range(400):
        begin(schedule)
        if not move(known.tables, schedule, random):
            undo(schedule)
            continue
        made += 1
        if made % 20 == 0:
            held = (field(schedule, row) for row in (WAY, LAYER, PICK))
            plan = plan_of(known, *held, like=greedy(problem))
            assert violations(problem, plan) == ()
            assert cost_of(problem, plan) == at(schedule, COST, 0)
    assert made


@pytest.mark.parametrize("problem", problems(), ids=lambda p: p.name)
def test_what_is_taken_back_leaves_nothing_behind(problem: Problem) -> None:
    known, random, keeps = numbered(problem), chance(1), Random(2)
    schedule = priced(known)
    for _ in range(300):
        begin(schedule)
        before = schedule[: schedule[FINAL]].tolist()
        if not move(known.tables, schedule, random) or keeps.random() < 0.5:
            undo(schedule)
            assert schedule[: schedule[FINAL]].tolist() == before


def searched(problem: Problem, time_limit: float = 2.0) -> Search:
    search = Search(problem, ("depth", "width", "neurons"), time_limit, 0, False, lambda line: None)
    search.plan = greedy_plan(problem)
    slide(search, time_limit)
    return search


def test_plans_get_narrower_at_their_depth_and_the_same_twice() -> None:
    problem = random_problem(120, 1)
    found, again, before = searched(problem), searched(problem), greedy(problem)
    assert found.plan is not None
    assert found.plan == again.plan
    assert found.spent == again.spent
    assert found.plan.layers == before.layers
    assert found.plan.width < before.width
    assert violations(problem, found.plan) == ()


def test_the_work_is_bounded_by_the_time_and_by_components() -> None:
    problem = random_problem(120, 1)
    assert searched(problem, 0.1).spent <= 0.1
    long = searched(problem, 1e6)
    assert long.spent * MOVES_A_SECOND < 20 * STARTS * PATIENCE * len(problem.variables)


def test_a_plan_beyond_a_limit_is_not_kept() -> None:
    problem = random_problem(120, 1)
    limits = Limits(neurons=greedy(problem).neurons, heads=greedy(problem).heads)
    search = searched(replace(problem, limits=limits), 0.5)
    assert search.plan is not None
    assert violations(search.problem, search.plan) == ()


@pytest.mark.parametrize("problem", problems(), ids=lambda p: p.name)
def test_readers_are_those_that_read(problem: Problem) -> None:
    """Forwards and backwards, after any moves; and what is computed is what has an alternative."""
    known, random = numbered(problem), chance(3)
    schedule = priced(known)
    for _ in range(300):
        begin(schedule)
        if not move(known.tables, schedule, random):
            undo(schedule)
    picks = field(schedule, PICK)
    for variable, first in enumerate(field(schedule, FIRST).tolist()):
        slots, before = [], NONE
        while first != NONE:
            assert at(schedule, PRECEDING, first) == before
            slots.append(first)
            before, first = first, at(schedule, FOLLOWING, first)
        assert sorted(slots) == np.flatnonzero(picks == variable).tolist()
    computed = np.flatnonzero(field(schedule, WAY) != NONE).tolist()
    assert sorted(field(schedule, PRESENT)[: len(computed)].tolist()) == computed


def test_readers_are_asked_only_where_a_variable_may_end_earlier() -> None:
    """One variable is read by hundreds; moves that touch it do not go through all of them."""
    problem = random_problem(60, 0)
    known = numbered(problem)
    schedule = priced(known)
    variable = int(field(schedule, PRESENT)[0])
    last, later = at(schedule, END, variable), 10**6
    field(schedule, END)[variable] = later
    refresh(known.tables, schedule, variable, last, last - 1)
    assert at(schedule, END, variable) == later
    field(schedule, END)[variable] = last + 1
    refresh(known.tables, schedule, variable, last + 1, NONE)
    assert at(schedule, END, variable) == last


def test_chances_are_even_and_the_same_for_a_seed() -> None:
    random, again = chance(5), chance(5)
    drawn = [below(random, 10) for _ in range(10_000)]
    assert drawn[:100] == [below(again, 10) for _ in range(100)]
    assert drawn[:100] != [below(chance(6), 10) for _ in range(100)]
    counts = np.bincount(drawn)
    assert len(counts) == 10
    assert abs(counts - 1000).max() < 150
