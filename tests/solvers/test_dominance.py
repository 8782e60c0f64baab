"""What no plan needs is left out before the search, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from solvers import (
    Allocation,
    Alternative,
    HeadDemand,
    Kind,
    Limits,
    Problem,
    SelfAttention,
    SizeConstants,
    Status,
    Variable,
    View,
    solve,
    violations,
)
from solvers.cp_sat import cp_sat
from solvers.dominance import frees_more, spares, without_dominated
from solvers.effort import DEFAULT_TIME, WEIGHED_TIME
from tests.solvers.tiny import tiny_problem


def mlp(name: str, neurons: int, *reads: tuple[str, ...]) -> Alternative:
    return Alternative(name, "y", Kind.MLP, reads, neurons=neurons)


def head(name: str, selector: str, size: int, *reads: tuple[str, ...]) -> Alternative:
    demand = HeadDemand(selector, size, 1)
    return Alternative(name, "y", Kind.ATTENTION, reads, head=demand)


def problem(*alternatives: Alternative) -> Problem:
    inputs = tuple(Variable(name, width, is_input=True) for name, width in (("a", 1), ("b", 2)))
    return Problem(
        "dominated",
        (*inputs, Variable("y", 1)),
        alternatives,
        (View(("y",)),),
        None,
        SizeConstants(2, 1),
    )


def kept(given: Problem) -> tuple[str, ...]:
    return tuple(a.name for a in without_dominated(given).alternatives)


def test_more_neurons_for_the_same_reads_are_never_needed() -> None:
    assert kept(problem(mlp("many", 3, ("a",)), mlp("few", 2, ("a",)))) == ("few",)
    both = problem(mlp("many", 3, ("a",)), mlp("few", 2, ("a",), ("b",)))
    assert kept(both) == ("many", "few")


def test_fewer_options_are_never_needed() -> None:
    narrow, free = mlp("narrow", 2, ("b",), ("a",)), mlp("free", 2, ("a", "b"))
    assert kept(problem(narrow, free)) == ("free",)


def test_what_frees_dimensions_is_kept() -> None:
    freeing = replace(mlp("freeing", 3, ("a",)), determines=("a",))
    assert kept(problem(freeing, mlp("few", 2, ("a",)))) == ("freeing", "few")


def test_a_selector_goes_where_another_serves_all_that_it_serves() -> None:
    large, small = head("large", "s", 4, ("a",)), head("small", "t", 2, ("a",))
    assert kept(problem(large, small)) == ("small",)
    beside = replace(large, name="beside", variable="z")
    shared = replace(
        problem(),
        alternatives=(large, small, beside),
        variables=(*problem().variables, Variable("z", 1)),
        views=(View(("y", "z")),),
    )
    assert kept(shared) == ("large", "small", "beside")


def test_inputs_go_where_a_narrower_one_satisfies_the_same() -> None:
    slim = without_dominated(problem(mlp("either", 1, ("a", "b"))))
    assert [v.name for v in slim.variables] == ["a", "y"]
    own = replace(problem(mlp("either", 1, ("a", "b"))), self_attention=SelfAttention(("b",), 1))
    assert [v.name for v in without_dominated(own).variables] == ["a", "b", "y"]


def test_the_best_plan_is_as_small_without_them() -> None:
    smaller = 0
    for seed in range(200, 230):
        whole = replace(tiny_problem(seed, limited=False), limits=Limits(layers=1))
        slim = without_dominated(whole)
        smaller += len(slim.alternatives) < len(whole.alternatives)
        before = solve(whole, "brute_force", ("parameters",))
        after = solve(slim, "brute_force", ("parameters",))
        assert after.value == before.value, seed
        assert after.plan is None or not violations(whole, after.plan), seed
    assert smaller >= 2


def test_a_single_chain_keeps_everything() -> None:
    chain = problem(mlp("only", 1, ("a",), ("b",)))
    assert without_dominated(chain) == chain
    assert solve(chain, "cp_sat", ("parameters",)).status is Status.OPTIMAL


def chains(count: int) -> Problem:
    """Equal chains of two components, and a last one that reads the ends of all."""
    inputs = [Variable(f"i{k}", 2, is_input=True) for k in range(count)]
    middle = [Variable(f"m{k}", 1) for k in range(count)]
    ends = [Variable(f"e{k}", 1) for k in range(count)]
    demand = HeadDemand("s", 2, 1)
    alternatives = [
        Alternative(f"h{k}", f"m{k}", Kind.ATTENTION, ((f"i{k}",),), head=demand)
        for k in range(count)
    ]
    alternatives += [
        Alternative(f"n{k}", f"e{k}", Kind.MLP, ((f"m{k}",),), neurons=2) for k in range(count)
    ]
    reads = tuple((f"e{k}",) for k in range(count))
    last = Alternative("last", "y", Kind.MLP, reads, neurons=3)
    return Problem(
        "chains",
        (*inputs, *middle, *ends, Variable("y", 1)),
        (*alternatives, last),
        (View(("y",)),),
        None,
        SizeConstants(9, 2),
    )


def test_fewest_parameters_of_equal_chains_are_proven_in_little_time() -> None:
    # With births and ends as numbers this takes five seconds of the solver's time.
    found = solve(chains(6), "cp_sat", ("parameters",), time_limit=2.0)
    assert (found.status, found.value) == (Status.OPTIMAL, (1633,))


def test_a_spare_is_computed_and_read_wherever_another_is() -> None:
    given = replace(
        problem(),
        variables=(*problem().variables, Variable("z", 2), Variable("o", 1)),
        alternatives=(
            mlp("y", 2, ("a",)),
            replace(mlp("z", 3, ("a",)), variable="z"),
            replace(head("reader", "s", 1, ("y", "z")), variable="o"),
        ),
        views=(View(("o",)),),
    )
    assert spares(given) == (("z", "y"),)
    alone = replace(given.alternatives[2], reads=(("z",),))
    assert spares(replace(given, alternatives=(*given.alternatives[:2], alone))) == ()


def test_more_time_is_worth_it_where_sizes_are_weighed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    def watched(problem: Problem, objective: tuple[str, ...], **options: object) -> Allocation:
        given.append(float(str(options["time_limit"])))
        return cp_sat(problem, objective)

    monkeypatch.setattr("solvers.cp_sat.cp_sat", watched)
    small = problem(mlp("only", 1, ("a",)))
    solve(small, objective=("parameters",))
    solve(small)
    assert given == [WEIGHED_TIME, DEFAULT_TIME]


@pytest.mark.parametrize("objective", [("depth", "width", "neurons"), ("parameters",)], ids=str)
def test_what_frees_more_than_it_takes_is_computed_though_another_is_read(
    objective: tuple[str, ...],
) -> None:
    """`w` erases `x` for nothing; what reads it can read `v` as well, which it reads anyway."""
    variables = (
        Variable("x", 1, is_input=True),
        *(Variable(name, width) for name, width in (("v", 1), ("w", 0), ("y", 2))),
    )
    ways = (
        Alternative("v", "v", Kind.MLP, (("x",),), neurons=1),
        Alternative("w", "w", Kind.MLP, (("x",),), determines=("x",)),
        head("y", "s", 1, ("v", "w"), ("v",)),
    )
    given = Problem("freed", variables, ways, (View(("y",)),), None, SizeConstants(1, 1))
    assert frees_more(given)
    found = solve(given, "exact", objective)
    assert found.value == solve(given, "brute_force", objective).value
    assert (found.plan and found.plan.neurons) == 1


@pytest.mark.parametrize("objective", [("depth", "width", "neurons"), ("parameters",)], ids=str)
def test_what_the_output_reads_takes_the_place_of_nothing_beside_it(
    objective: tuple[str, ...],
) -> None:
    variables = (Variable("x", 1, is_input=True), Variable("y", 1), Variable("z", 1))
    ways = (
        mlp("y", 1, ("x",)),
        Alternative("z", "z", Kind.MLP, (("x",),), neurons=1),
    )
    both = Problem("both", variables, ways, (View(("y", "z")),), None, SizeConstants(1, 1))
    assert spares(both) == ()
    found = solve(both, "cp_sat", objective)
    assert found.value == solve(both, "brute_force", objective).value


def test_what_stands_only_early_dominates_nothing_that_may_stand_later() -> None:
    early = replace(mlp("early", 1, ("a", "b")), latest=1)
    late = mlp("late", 2, ("a",))
    assert kept(problem(early, late)) == ("early", "late")
    assert kept(problem(early, replace(late, latest=1))) == ("early",)
