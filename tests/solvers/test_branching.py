"""Branch and bound agrees with brute force and with CP-SAT, or says that it does not know."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from solvers import (
    DEFAULT_OBJECTIVE,
    Alternative,
    HeadDemand,
    Kind,
    Late,
    LateInput,
    Limits,
    Problem,
    SelfAttention,
    SizeConstants,
    Status,
    Stock,
    Variable,
    View,
    solve,
    validate,
)
from solvers.branching.settle import MOST_VARIABLES, SOLVER, settled
from solvers.branching.transversals import MOST_SETS, TooManySetsError, members, transversals
from tests.solvers.tiny import chain, tiny_problem

BATCH = 50


@pytest.mark.sweep
@pytest.mark.parametrize("first", range(0, 200, BATCH))
def test_tiny_problems_agree_with_brute_force(first: int) -> None:
    found = 0
    for seed in range(first, first + BATCH):
        problem = tiny_problem(seed, limited=False)
        ours = settled(problem)
        if ours is None:
            continue
        found += 1
        assert validate(problem, ours).value == solve(problem, "brute_force").value, seed
    assert found > BATCH * 0.5


def small_problem(seed: int) -> Problem:
    """Up to nine variables that read each other in several ways, in up to four layers."""
    rng = random.Random(seed)
    inputs = [Variable(f"i{k}", rng.randint(0, 4), is_input=True) for k in range(3)]
    computed = [
        Variable(f"v{k}", rng.randint(0, 4), signed=rng.random() < 0.3)
        for k in range(rng.randint(3, 9))
    ]
    alternatives = []
    for place, variable in enumerate(computed):
        before = [v.name for v in (*inputs, *computed[:place])][-5:]
        for which in range(rng.randint(1, 3)):
            options = [tuple(rng.sample(before, rng.choice([1, 1, 1, 2]))) for _ in range(2)]
            name = f"{variable.name}.{which}"
            if rng.random() < 0.5:
                head = HeadDemand(rng.choice("stu"), rng.randint(0, 3), rng.randint(0, 3))
                made = Alternative(name, variable.name, Kind.ATTENTION, (*options,), head=head)
            else:
                determines = [o[0] for o in options if which and rng.random() < 0.3]
                made = Alternative(
                    name,
                    variable.name,
                    Kind.MLP,
                    (*options,),
                    neurons=rng.randint(0, 6) + 8 * len(determines),
                    determines=tuple(dict.fromkeys(determines)),
                )
            alternatives.append(made)
    last = [v.name for v in computed[-3:]]
    views = [View((last[-1],)), View((last[0], last[1]))]
    own = SelfAttention(("i0", "i1"), rng.randint(1, 3)) if rng.random() < 0.7 else None
    if own is not None and seed % 3:
        own = replace(own, others=(("i2",), ("i0", "i2")))
    variables = (*inputs, *computed)
    constants = SizeConstants(4, 2)
    return Problem(f"small{seed}", variables, (*alternatives,), (*views,), own, constants)


@pytest.mark.sweep
@pytest.mark.parametrize("first", range(0, 60, 15))
def test_small_problems_agree_with_cp_sat(first: int) -> None:
    """In all five sizes: those that were not asked for break ties in both."""
    found = 0
    for seed in range(first, first + 15):
        problem = small_problem(seed)
        ours = settled(problem)
        if ours is None or ours.plan is None:
            continue
        found += 1
        theirs = solve(problem, "cp_sat")
        assert theirs.plan is not None
        assert theirs.status is Status.OPTIMAL
        assert validate(problem, ours).plan.sizes == theirs.plan.sizes, seed
    assert found >= 5


def test_small_problems_are_of_all_sorts() -> None:
    plans = [
        found.plan
        for seed in range(100)
        if (found := settled(small_problem(seed))) is not None and found.plan is not None
    ]
    assert {plan.layers for plan in plans} >= {1, 2}
    assert {plan.view for plan in plans} == {0, 1}
    assert any(e.sublayer % 2 == 0 for plan in plans for e in plan.erasures)
    assert any(e.sublayer % 2 == 1 for plan in plans for e in plan.erasures)


def test_certificate() -> None:
    problem = chain(Kind.ATTENTION, Kind.MLP)
    found = solve(problem, "exact", seed=7)
    assert found == replace(solve(problem, "exact", seed=7), seconds=found.seconds)
    assert (found.status, found.gap, found.seed, found.solver) == (Status.OPTIMAL, 0.0, 7, SOLVER)
    assert found.value == found.bound == solve(problem, "cp_sat").value
    assert found.deterministic_time > 0.0


@pytest.mark.parametrize(
    "change",
    [
        {"limits": Limits(width=1)},
        {"late": Late((LateInput("x0"),))},
        {"constants": SizeConstants(4, 2, Stock(beside=1))},
    ],
    ids=["limits", "late", "stock"],
)
def test_what_it_does_not_know_is_left_to_cp_sat(change: dict) -> None:
    problem = replace(chain(Kind.ATTENTION, Kind.MLP), **change)
    assert settled(problem) is None
    assert solve(problem, "exact").value == solve(problem, "cp_sat").value


def test_other_objectives_and_few_steps_are_left_to_cp_sat() -> None:
    problem = chain(Kind.ATTENTION, Kind.MLP)
    assert settled(problem, ("width", "depth")) is None
    assert settled(problem, DEFAULT_OBJECTIVE, steps=1) is None
    assert solve(problem, "exact", ("width", "depth")).solver == "cp_sat"
    assert solve(problem, "exact", time_limit=0.0).solver == "longest_path"


def test_problems_of_many_variables_are_left_to_cp_sat() -> None:
    problem = chain(Kind.ATTENTION, Kind.MLP)
    first = next(variable for variable in problem.variables if variable.is_input)
    more = tuple(replace(first, name=f"{first.name} {k}") for k in range(MOST_VARIABLES))
    many = replace(problem, variables=problem.variables + more)
    assert settled(many) is None
    assert solve(many, "exact").value == solve(problem, "exact").value


def test_a_hint_is_not_needed_where_the_problem_is_small() -> None:
    problem = chain(Kind.ATTENTION, Kind.MLP)
    plan = solve(problem, "cp_sat").plan
    hinted, without = (solve(problem, "exact", hint=given) for given in (plan, None))
    assert hinted == replace(without, seconds=hinted.seconds)


@pytest.mark.parametrize("seed", range(20))
def test_transversals_are_the_smallest_sets_that_meet_every_edge(seed: int) -> None:
    rng = random.Random(seed)
    edges = [rng.randrange(1, 1 << 6) for _ in range(rng.randint(1, 5))]
    meeting = [own for own in range(1 << 6) if all(own & edge for edge in edges)]
    found = [own for own in meeting if not any(m != own and m & own == m for m in meeting)]
    assert sorted(transversals(edges)) == found


def test_members_of_a_set_and_too_many_sets() -> None:
    assert [*members(0b101001)] == [0, 3, 5]
    pairs = [0b11 << 2 * place for place in range(MOST_SETS.bit_length())]
    with pytest.raises(TooManySetsError):
        transversals(pairs)


def test_a_component_that_may_read_too_many_sets_is_left_to_cp_sat() -> None:
    narrow, wide = ([f"{kind}{k}" for k in range(MOST_SETS.bit_length())] for kind in "ab")
    inputs = [Variable(name, 1, is_input=True) for name in narrow]
    inputs += [Variable(name, 2, is_input=True) for name in wide]
    first = Alternative("v.0", "v", Kind.MLP, tuple(zip(narrow, wide, strict=True)), neurons=1)
    second = Alternative("w.0", "w", Kind.MLP, (("v",), tuple(wide)), neurons=1)
    problem = Problem(
        "pairs",
        (*inputs, Variable("v", 1), Variable("w", 1)),
        (first, second),
        (View(("w",)),),
        None,
        SizeConstants(4, 2),
    )
    assert settled(problem) is None
    assert solve(problem, "exact").value == (2, len(narrow) + 1, 2)
