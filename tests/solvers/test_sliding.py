"""Moves of local search: plans stay valid, costs are what they are said to be, gains are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from experiments.random_problems import random_problem
from solvers import Limits, Plan, Problem, violations
from solvers.allocation import neurons_used, state_widths
from solvers.greedy import greedy_plan
from solvers.search import Search
from solvers.sliding.moves import ImpossibleError, Moves
from solvers.sliding.schedule import Prices, Schedule, plan_of
from solvers.sliding.slide import MOVES_A_SECOND, PATIENCE, slide
from solvers.sliding.tables import tables_of
from tests.solvers.tiny import tiny_problem

SQUARES = Prices([load * load for load in range(5000)], list(range(50_000)))


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
    start, tables = greedy(problem), tables_of(problem)
    schedule = Schedule(tables, start, SQUARES)
    moves = Moves(schedule, Random(0))
    made = 0
    for _ in range(400):
        schedule.begin()
        try:
            moves.any()
        except ImpossibleError:
            schedule.undo()
            continue
        made += 1
        if made % 20 == 0:
            plan = plan_of(tables, schedule.snapshot(), start)
            assert violations(problem, plan) == ()
            assert cost_of(problem, plan) == schedule.cost
    assert made


@pytest.mark.parametrize("problem", problems(), ids=lambda p: p.name)
def test_what_is_taken_back_leaves_nothing_behind(problem: Problem) -> None:
    start, tables = greedy(problem), tables_of(problem)
    schedule = Schedule(tables, start, SQUARES)
    moves, random = Moves(schedule, Random(1)), Random(2)

    def state() -> object:
        held = (schedule.way, schedule.layer, schedule.birth, schedule.heads_from, schedule.end)
        loads = (schedule.load, schedule.neurons, schedule.picks)
        readers = [dict(sorted(names.items())) for names in schedule.readers]
        lists = [list(x) for x in (*held, *loads)]
        return lists, readers, sorted(schedule.present), schedule.cost

    for _ in range(300):
        schedule.begin()
        before = state()
        try:
            moves.any()
            fails = random.random() < 0.5
        except ImpossibleError:
            fails = True
        if fails:
            schedule.undo()
            assert state() == before


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
    assert long.spent * MOVES_A_SECOND < 40 * PATIENCE * len(problem.variables)


def test_a_plan_beyond_a_limit_is_not_kept() -> None:
    problem = random_problem(120, 1)
    limits = Limits(neurons=greedy(problem).neurons, heads=greedy(problem).heads)
    search = searched(replace(problem, limits=limits), 0.5)
    assert search.plan is not None
    assert violations(search.problem, search.plan) == ()


def test_readers_are_asked_only_where_a_variable_may_end_earlier() -> None:
    """One variable is read by hundreds; moves that touch it do not go through all of them."""
    asked = []

    class Counted(dict[int, int]):
        def __iter__(self) -> Iterator[int]:
            asked.append(len(self))
            return super().__iter__()

    problem = random_problem(300, 0)
    everywhere = problem.variables[0].name
    reads = tuple(
        replace(a, reads=(*a.reads, (everywhere,))) if (everywhere,) not in a.reads else a
        for a in problem.alternatives
    )
    problem = replace(problem, alternatives=reads)
    tables = tables_of(problem)
    schedule = Schedule(tables, greedy(problem), SQUARES)
    number = tables.variables[everywhere]
    schedule.readers[number] = Counted(schedule.readers[number])
    moves, made = Moves(schedule, Random(0)), 300
    for _ in range(made):
        schedule.begin()
        try:
            moves.any()
        except ImpossibleError:
            schedule.undo()
    assert len(asked) < made / 10, "a move was made that looks at every reader"
