"""CP-SAT, MILP and brute force agree; every result passes the validator (inside `solve`)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from solvers import Limits, ProblemError, Status, Stock, problem_from_json, problem_to_json, solve
from solvers.brute_force import MOST_LAYERS
from tests.solvers.tiny import tiny_problem

BATCH = 25


def capped(seed: int):
    """A tiny problem that no method searches deeper than brute force does."""
    problem = tiny_problem(seed)
    limits = problem.limits
    layers = MOST_LAYERS // 2 if limits.layers is None else limits.layers
    return replace(problem, limits=replace(limits, layers=layers))


@pytest.mark.sweep
@pytest.mark.parametrize("first", range(0, 400, BATCH))
def test_three_solvers_agree(first: int) -> None:
    for seed in range(first, first + BATCH):
        problem = capped(seed)
        oracle = solve(problem, "brute_force")
        exact = solve(problem, "cp_sat")
        linear = solve(problem, "milp")
        assert exact.status is oracle.status, seed
        assert linear.status is oracle.status, seed
        assert exact.value == oracle.value, seed
        assert linear.value == oracle.value, seed
        assert problem_from_json(problem_to_json(problem)) == problem


def test_random_problems_are_not_trivial() -> None:
    found = [solve(capped(seed), "cp_sat") for seed in range(100)]
    assert sum(a.status is Status.INFEASIBLE for a in found) >= 5
    plans = [a.plan for a in found if a.plan is not None]
    assert sum(bool(plan.erasures) for plan in plans) >= 10
    assert any(e.sublayer % 2 == 0 for plan in plans for e in plan.erasures)
    assert any(e.sublayer % 2 == 1 for plan in plans for e in plan.erasures)
    assert {plan.layers for plan in plans} >= {1, 2}
    assert any(plan.view > 0 for plan in plans)


@pytest.mark.sweep
@pytest.mark.parametrize(
    "objective",
    [
        ("parameters",),
        ("width", "depth"),
        ("neurons", "width"),
        ("heads", "width"),
        ("depth", "heads", "head_size"),
        ("depth", "parameters"),
    ],
    ids=",".join,
)
@pytest.mark.parametrize("first", [1000, 1015])
def test_other_objectives_agree_with_brute_force(objective: tuple[str, ...], first: int) -> None:
    for seed in range(first, first + 15):
        problem = capped(seed)
        oracle = solve(problem, "brute_force", objective)
        exact = solve(problem, "cp_sat", objective)
        assert exact.status is oracle.status, seed
        assert exact.value == oracle.value, seed


def in_stock(seed: int):
    """A tiny problem that a published transformer is to hold."""
    problem = capped(seed)
    stock = Stock(beside=3, neurons_each=None if seed % 2 else 1)
    return replace(problem, constants=replace(problem.constants, stock=stock))


@pytest.mark.sweep
@pytest.mark.parametrize(
    "objective",
    [("depth", "stock_width", "neurons"), ("stock_width", "depth")],
    ids=",".join,
)
@pytest.mark.parametrize("first", [1000, 1015])
def test_the_narrowest_published_transformer_is_found(
    objective: tuple[str, ...], first: int
) -> None:
    for seed in range(first, first + 15):
        problem = in_stock(seed)
        oracle = solve(problem, "brute_force", objective)
        exact = solve(problem, "cp_sat", objective)
        assert exact.status is oracle.status, seed
        assert exact.value == oracle.value, seed
        assert problem_from_json(problem_to_json(problem)) == problem


def test_heuristics_are_never_better() -> None:
    for seed in range(100):
        problem = replace(tiny_problem(seed), limits=Limits())
        exact = solve(problem)
        for method in ("longest_path", "greedy"):
            heuristic = solve(problem, method)
            assert heuristic.status is Status.FEASIBLE
            assert heuristic.value >= exact.value, (seed, method)


@pytest.mark.parametrize("objective", [("parameters",), ("depth", "head_size"), ("width", "depth")])
def test_milp_refuses_what_is_not_linear(objective: tuple[str, ...]) -> None:
    with pytest.raises(ProblemError, match="begin with depth"):
        solve(tiny_problem(0), "milp", objective)


def test_unknown_methods_and_objectives() -> None:
    with pytest.raises(ProblemError, match="method 'magic'"):
        solve(tiny_problem(0), "magic")
    for objective in (("speed",), (), ("depth", "depth")):
        with pytest.raises(ProblemError, match="distinct names"):
            solve(tiny_problem(0), "cp_sat", objective)
