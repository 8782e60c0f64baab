"""Where a plan is of use only up to some sizes, the smallest is found, or it is proven beyond."""

from __future__ import annotations

import pytest

from solvers import DEFAULT_OBJECTIVE, Status, solve
from solvers.branching.settle import SOLVER, settled
from solvers.ceiling import Ceiling, ceiling_at
from tests.solvers.tiny import chain, tiny_problem

OBJECTIVES = DEFAULT_OBJECTIVE, ("width", "depth", "neurons"), ("parameters",)


def below(value: tuple[int, ...]) -> tuple[int, ...]:
    """What is just smaller."""
    return (*value[:-1], value[-1] - 1)


@pytest.mark.parametrize("objective", OBJECTIVES, ids="-".join)
def test_what_is_beyond_is_ruled_out_and_nothing_else(objective: tuple[str, ...]) -> None:
    for seed in range(1, 4):
        problem = tiny_problem(seed)
        best = solve(problem, "cp_sat", objective)
        if best.status is Status.INFEASIBLE:
            continue
        loose = best.value[0], *(value + 2 for value in best.value[1:])
        for at_most in (best.value, loose):
            found = solve(problem, "exact", objective, at_most=at_most)
            assert (found.status, found.value) == (Status.OPTIMAL, best.value), seed
        none = solve(problem, "exact", objective, at_most=below(best.value))
        assert (none.status, none.plan) == (Status.INFEASIBLE, None), seed


def test_branch_and_bound_rules_out_too() -> None:
    ruled_out = 0
    for seed in range(20):
        problem = tiny_problem(seed, limited=False)
        best = settled(problem)
        if best is None:
            continue
        same = settled(problem, at_most=best.value)
        assert same is not None
        assert (same.value, same.status) == (best.value, Status.OPTIMAL), seed
        none = settled(problem, at_most=below(best.value))
        assert none is not None
        assert (none.status, none.solver) == (Status.INFEASIBLE, SOLVER), seed
        ruled_out += 1
    assert ruled_out > 10


def test_a_ceiling_gives_no_reasons() -> None:
    """Limits that do not fit are explained; what is of no use is not."""
    problem = chain(width=4)
    best = solve(problem, "cp_sat")
    assert solve(problem, "cp_sat", at_most=below(best.value)).message == ""


def test_sizes_become_free_after_one_that_is_smaller() -> None:
    ceiling = Ceiling((4, 7))
    ceiling.known(4)
    assert ceiling.next == 7
    ceiling.known(6)
    assert ceiling.next is None
    free = Ceiling((4, 7))
    free.known(3)
    assert free.next is None


@pytest.mark.parametrize(
    ("objective", "layers", "values"),
    [
        (("depth", "width", "neurons"), 2, ()),
        (("depth", "width", "neurons"), 3, (5, 9)),
        (("depth", "width", "neurons"), 4, None),
        (("width", "depth", "neurons"), 4, (3,)),
        (("width", "depth", "neurons"), 5, (3, 9)),
        (("width", "depth", "neurons"), 6, (2,)),
        (("width", "neurons", "heads"), 6, (3, 5, 9)),
    ],
)
def test_depth_is_known_at_a_number_of_layers(
    objective: tuple[str, ...], layers: int, values: tuple[int, ...] | None
) -> None:
    ceiling = ceiling_at(objective, (3, 5, 9), layers)
    assert (None if ceiling is None else ceiling.values) == values
