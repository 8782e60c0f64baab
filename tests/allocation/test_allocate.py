"""Allocators place what fits, and say of what does not what would."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optitracr.allocation.allocate import Allocator, by_longest_path, by_solver
from optitracr.errors import InfeasibleError
from optitracr.options import Search
from solvers import Kind, Limits, Problem, Status, validate
from tests.solvers.tiny import chain

PROBLEM = chain(Kind.MLP, Kind.ATTENTION, Kind.MLP)


def limited(**limits: int) -> Problem:
    return replace(PROBLEM, limits=Limits(**limits))


@pytest.mark.parametrize("allocator", [by_longest_path, by_solver])
def test_plans_are_valid(allocator: Allocator) -> None:
    allocation = allocator(PROBLEM, Search())
    assert allocation.plan is not None
    assert validate(PROBLEM, allocation) is allocation


def test_the_solver_proves_what_the_heuristic_only_gives() -> None:
    heuristic, solved = (allocate(PROBLEM, Search()) for allocate in (by_longest_path, by_solver))
    assert (heuristic.status, solved.status) == (Status.FEASIBLE, Status.OPTIMAL)
    assert heuristic.plan is not None
    assert solved.plan is not None
    assert solved.plan.layers <= heuristic.plan.layers
    assert solved.plan.width < heuristic.plan.width


def test_the_objective_is_the_solvers() -> None:
    found = by_solver(PROBLEM, Search(objective=("neurons", "width")))
    assert found.objective == ("neurons", "width")
    assert found.value[0] == 3


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"layers": 1}, r"program 'chain' does not fit the limits: .*layers"),
        ({"width": 2}, r"program 'chain' does not fit the limits: .*width"),
    ],
)
def test_the_solver_says_which_limit_is_in_the_way(limits: dict[str, int], message: str) -> None:
    with pytest.raises(InfeasibleError, match=message):
        by_solver(limited(**limits), Search())


def test_the_heuristic_says_which_levels_may_fit() -> None:
    with pytest.raises(InfeasibleError, match=r"by longest paths.*use level 1 or 2"):
        by_longest_path(limited(width=4), Search())


def test_no_time_gives_a_plan_without_a_proof() -> None:
    found = by_solver(PROBLEM, Search(time_limit=0))
    assert found.plan is not None
    assert validate(PROBLEM, found) is found
