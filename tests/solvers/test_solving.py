"""What the solvers are for: hand-over, erasure, sharing, certificates, limits, hints."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from solvers import (
    Alternative,
    Erasure,
    HeadDemand,
    Kind,
    Limits,
    Problem,
    SizeConstants,
    Status,
    Variable,
    View,
    allocation_from_json,
    allocation_to_json,
    problem_from_json,
    solve,
)
from tests.solvers.tiny import chain, tiny_problem

A, M = Kind.ATTENTION, Kind.MLP


def best(problem: Problem, **options: object):
    allocation = solve(problem, **options)  # type: ignore[arg-type]
    assert allocation.status is Status.OPTIMAL
    assert allocation.plan is not None
    return allocation.plan


def test_mlps_hand_over_within_one_sublayer() -> None:
    """Reader, eraser and new writer share the sublayer: x + (-x) + new."""
    plan = best(chain(M, M, width=4))
    assert (plan.layers, plan.width, plan.neurons) == (2, 4, 3 + 4)


def test_heads_hand_over_within_one_sublayer() -> None:
    plan = best(chain(A, A, width=4))
    assert (plan.layers, plan.width) == (2, 4 + 1)
    assert any(erasure.sublayer % 2 == 0 for erasure in plan.erasures)
    assert plan.neurons == 0


def test_without_erasing_heads_two_tenants_live_side_by_side() -> None:
    plan = best(replace(chain(A, width=4), self_attention=None))
    assert plan.width == 8


def test_erasure_is_free_beside_neurons_that_determine_the_variable() -> None:
    plan = best(chain(M, M, width=4, determines=True))
    assert (plan.width, plan.neurons) == (4, 3)


def test_signed_variables_take_two_neurons_a_dimension() -> None:
    problem = chain(M, M, width=4)
    signed = tuple(replace(v, signed=v.name.startswith("x")) for v in problem.variables)
    plan = best(replace(problem, variables=signed))
    assert (plan.width, plan.neurons) == (4, 3 + 8)


def heads_problem(selectors: str) -> Problem:
    alternatives = tuple(
        Alternative(f"y{k}", f"y{k}", A, (("x",),), head=HeadDemand(s, 2, 1))
        for k, s in enumerate(selectors)
    )
    variables = (Variable("x", 1, is_input=True), *(Variable(a.variable, 1) for a in alternatives))
    views = (View(tuple(a.variable for a in alternatives)),)
    return Problem("heads", variables, alternatives, views, None, SizeConstants(1, 1))


def test_equal_selectors_share_a_head() -> None:
    assert best(heads_problem("ss")).heads == 1
    assert best(heads_problem("st")).heads == 2
    plan = best(replace(heads_problem("sss"), limits=Limits(head_size=2)))
    assert (plan.heads, plan.head_size) == (2, 2)


def test_the_solver_chooses_alternatives_reads_and_views() -> None:
    variables = (Variable("x", 3, is_input=True), Variable("y", 2), Variable("z", 1))
    alternatives = (
        Alternative("y", "y", A, (("x",),), head=HeadDemand("s", 1, 2)),
        Alternative("slow", "z", M, (("y",),), neurons=1),
        Alternative("quick", "z", M, (("x",),), neurons=9),
        Alternative("either", "z", M, (("y", "x"),), neurons=7),
    )
    problem = Problem("choice", variables, alternatives, (View(("z",)),), None, SizeConstants(1, 1))
    plan = best(problem)
    assert [p.alternative for p in plan.placements] == ["either"]
    assert plan.placements[0].reads == ("x",)
    assert best(replace(problem, views=(View(("z",)), View(("x",))))).layers == 0


@pytest.mark.parametrize("method", ["longest_path", "greedy"])
def test_heuristics_condense_attention_and_mlp(method: str) -> None:
    allocation = solve(chain(A, M, A, M), method)
    assert allocation.plan is not None
    assert allocation.plan.layers == 2
    assert allocation.status is Status.FEASIBLE
    assert allocation.solver == method


def test_longest_path_keeps_everything_for_ever() -> None:
    plan = solve(chain(M, A, width=3), "longest_path").plan
    assert plan is not None
    assert (plan.layers, plan.width, plan.erasures) == (2, 3 + 1 + 3 + 3, ())


def test_blocks_take_one_depth() -> None:
    problem = chain(A, M, M)
    blocked = tuple(
        replace(v, block="b" if v.name in ("x1", "x2") else None) for v in problem.variables
    )
    plan = solve(replace(problem, variables=blocked), "longest_path").plan
    assert plan is not None
    assert [p.sublayer for p in plan.placements] == [0, 1, 3]


def test_certificate() -> None:
    allocation = solve(chain(A, M), seed=7)
    assert allocation.value == allocation.bound == (1, allocation.value[1], allocation.value[2])
    assert (allocation.gap, allocation.seed, allocation.solver) == (0.0, 7, "cp_sat")
    assert allocation.solver_version.startswith("ortools ")
    assert len(allocation.problem) == 64
    assert allocation_from_json(allocation_to_json(allocation)) == allocation


def test_no_time_returns_the_heuristics_plan() -> None:
    problem = chain(M, M, A)
    allocation = solve(problem, time_limit=0)
    assert allocation.status is Status.FEASIBLE
    assert allocation.solver == "longest_path"
    assert "time limit is 0" in allocation.message
    assert allocation.plan == solve(problem, "longest_path").plan


def test_no_time_and_limits_that_the_heuristic_breaks() -> None:
    allocation = solve(replace(chain(M, M), limits=Limits(width=2)), time_limit=0)
    assert allocation.status is Status.UNKNOWN
    assert allocation.plan is None


@pytest.mark.parametrize(
    ("limits", "part"),
    [
        (Limits(layers=1), "layers=1 would have to be at least 2"),
        (Limits(width=1), "width=1 would have to be at least 2"),
        (Limits(neurons=1), "neurons=1 would have to be at least 3"),
        (Limits(layers=1, neurons=1), "no single limit"),
    ],
)
def test_infeasible_limits_are_explained(limits: Limits, part: str) -> None:
    allocation = solve(replace(chain(M, M), limits=limits))
    assert allocation.status is Status.INFEASIBLE
    assert part in allocation.message


def test_an_output_out_of_reach_is_infeasible() -> None:
    variables = (Variable("x", 1, is_input=True), Variable("y", 1))
    problem = Problem("lost", variables, (), (View(("y",)),), None, SizeConstants(1, 1))
    for method in ("cp_sat", "milp", "brute_force"):
        assert solve(problem, method).status is Status.INFEASIBLE


def test_valid_hints_are_taken_and_invalid_ones_reported() -> None:
    problem = chain(M, A, M)
    plan = best(problem)
    assert "hint" not in solve(problem, hint=plan).message
    bad = replace(plan, erasures=(Erasure("x0", 0), Erasure("x0", 1)))
    allocation = solve(problem, hint=bad)
    assert "hint refused" in allocation.message
    assert allocation.plan == plan


def test_progress_is_told() -> None:
    lines: list[str] = []
    solve(chain(M, M), progress=lines.append)
    assert any("width" in line for line in lines)


def test_two_processes_give_the_same_allocation() -> None:
    code = (
        "from tests.solvers.tiny import tiny_problem\n"
        "from solvers import solve, allocation_to_json\n"
        "from dataclasses import replace\n"
        "for seed in range(5):\n"
        "    print(allocation_to_json(replace(solve(tiny_problem(seed)), seconds=0.0)))"
    )
    root = Path(__file__).parents[2]
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=root,
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin"},
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert runs[0].count("optitracr-allocation") == 5


INSTANCES = sorted((Path(__file__).parents[2] / "experiments" / "instances").glob("*.json"))


@pytest.mark.parametrize("path", INSTANCES, ids=lambda path: path.stem)
def test_committed_instances(path: Path) -> None:
    problem = problem_from_json(path.read_text())
    allocation = solve(problem, time_limit=20)
    assert allocation.status is Status.OPTIMAL
    assert allocation.value <= solve(problem, "greedy").value


def test_there_are_instances() -> None:
    assert len(INSTANCES) >= 3


@pytest.mark.slow
def test_a_large_problem_is_better_than_the_heuristic_and_states_its_gap() -> None:
    from experiments.random_problems import random_problem

    problem = random_problem(2000, seed=0)
    heuristic = solve(problem, "longest_path")
    allocation = solve(problem, time_limit=5)
    assert allocation.value[0] < heuristic.value[0]
    assert allocation.value[1] < heuristic.value[1] / 4
    assert allocation.status is Status.FEASIBLE
    assert allocation.bound[0] == allocation.value[0]
    assert 0.75 * allocation.value[1] < allocation.bound[1] <= allocation.value[1]
    assert 0 < allocation.gap < 1


@pytest.mark.parametrize("seed", range(4))
def test_sizes_too_large_for_one_sum_are_minimised_one_by_one(seed: int) -> None:
    small, times = tiny_problem(seed, limited=False), 100_000
    variables = [replace(x, width=x.width * times) for x in small.variables]
    alternatives = [replace(x, neurons=x.neurons * times) for x in small.alternatives]
    large = replace(small, variables=tuple(variables), alternatives=tuple(alternatives))
    found = solve(large, method="cp_sat")
    depth, width, neurons = solve(small, method="cp_sat").value
    assert found.status is Status.OPTIMAL
    assert found.value == (depth, width * times, neurons * times)
    assert not found.message
