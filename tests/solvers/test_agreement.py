"""CP-SAT, MILP and brute force agree; every result passes the validator (inside `solve`)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from solvers import (
    DEFAULT_OBJECTIVE,
    Kind,
    Late,
    LateInput,
    Limits,
    Problem,
    ProblemError,
    Status,
    Stock,
    problem_from_json,
    problem_to_json,
    solve,
    violations,
)
from solvers.brute_force import MOST_LAYERS, brute_force
from tests.solvers.tiny import tiny_problem

BATCH = 25


def with_constants(problem: Problem) -> Problem:
    """The same problem, in which every other MLP writes a constant."""
    alternatives = [
        replace(a, constant=a.kind is Kind.MLP and place % 2 == 0)
        for place, a in enumerate(problem.alternatives)
    ]
    return replace(problem, alternatives=tuple(alternatives))


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
        problem = with_constants(capped(seed)) if seed % 2 else capped(seed)
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


@pytest.mark.sweep
@pytest.mark.parametrize("first", [1000, 1020])
def test_late_inputs_are_read_after_the_first_layer(first: int) -> None:
    deeper = 0
    for seed in range(first, first + 20):
        whole = replace(tiny_problem(seed), limits=Limits(layers=MOST_LAYERS // 2))
        problem = replace(whole, late=Late((LateInput("i0"),)))
        # Of all plans those that the validator lets through.
        oracle = brute_force(problem, DEFAULT_OBJECTIVE)
        exact = solve(problem, "cp_sat")
        assert exact.status is oracle.status, seed
        assert exact.value == oracle.value, seed
        assert problem_from_json(problem_to_json(problem)) == problem
        deeper += exact.value > solve(whole).value
    assert deeper


def test_what_reads_late_inputs_in_the_first_layer_is_told() -> None:
    problem = tiny_problem(1000, limited=False)
    plan = solve(problem).plan
    assert plan is not None
    read = [name for p in plan.placements for name in p.reads if p.sublayer < 2]
    told = LateInput(next(name for name in read if name.startswith("i")))
    late = replace(problem, late=Late((told,)))
    assert {found.family for found in violations(late, plan)} == {"late"}


TURNED = Stock(1, None, False, 4, tokens=6, biases=False, gated=True, norm_vectors=1)
"""Heads whose dimensions come in pairs, and whose number divides the width."""


def in_stock(seed: int):
    """A tiny problem that a published transformer is to hold."""
    problem = capped(seed)
    kinds = (
        Stock(beside=3, neurons_each=1, tokens=7, positions=4),
        Stock(beside=3, tokens=4),
        TURNED,
        replace(TURNED, fills=True, biases=True),
    )
    kind = kinds[seed % len(kinds)]
    problem = replace(problem, constants=replace(problem.constants, stock=kind))
    if kind is not TURNED:
        return problem
    told = LateInput("i0", (1, 2)), LateInput("i1", (2, 3))
    return replace(with_constants(problem), late=Late(told))


@pytest.mark.sweep
@pytest.mark.parametrize(
    "objective",
    [
        ("depth", "stock_width", "neurons"),
        ("stock_width", "depth"),
        ("parameters",),
        ("stock_width", "parameters"),
    ],
    ids=",".join,
)
@pytest.mark.parametrize("first", [1000, 1008])
def test_the_smallest_published_transformer_is_found(
    objective: tuple[str, ...], first: int
) -> None:
    for seed in range(first, first + 8):
        problem = in_stock(seed)
        oracle = brute_force(problem, objective)
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
