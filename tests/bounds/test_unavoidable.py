"""What no plan avoids, on problems that are written by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from optitracr.bounds.standing import least_width, unavoidable_reads
from optitracr.bounds.unavoidable import (
    least_attentions,
    least_head_size,
    least_neurons,
)
from solvers import (
    Alternative,
    HeadDemand,
    Kind,
    Limits,
    Problem,
    SelfAttention,
    SizeConstants,
    Variable,
    View,
    solve,
)
from solvers.timing import earliest
from tests.solvers.tiny import tiny_problem


def head(variable: str, *reads: tuple[str, ...], size: int = 2) -> Alternative:
    demand = HeadDemand(f"s{variable}", size, 1)
    return Alternative(f"head of {variable}", variable, Kind.ATTENTION, reads, head=demand)


def mlp(variable: str, *reads: tuple[str, ...], neurons: int = 3) -> Alternative:
    return Alternative(f"mlp of {variable}", variable, Kind.MLP, reads, neurons=neurons)


def problem(*alternatives: Alternative, view: tuple[str, ...] = ("out",)) -> Problem:
    widths = {"a": 3, "b": 2, "mid": 1, "out": 1, "loop": 1}
    variables = tuple(
        Variable(name, width, is_input=name in "ab") for name, width in widths.items()
    )
    return Problem("p", variables, alternatives, (View(view),), None, SizeConstants(5, 1))


CHAIN = (head("mid", ("a",), ("b",), size=4), mlp("out", ("mid",), neurons=7))
SHORT = replace(mlp("out", ("a",), ("b",), ("b",), neurons=2), name="short")


def measures(given: Problem) -> tuple[int, ...]:
    return (
        least_attentions(given),
        least_width(given),
        least_head_size(given),
        least_neurons(given),
    )


def test_what_is_read_and_needed() -> None:
    assert measures(problem(*CHAIN)) == (1, 6, 4, 7)
    assert measures(problem(SHORT)) == (0, 5, 0, 2)
    assert measures(problem(*CHAIN, SHORT)) == (0, 5, 0, 2)
    assert measures(problem(view=("a", "b"))) == (0, 5, 0, 0)


def test_each_measure_takes_the_plan_that_is_best_for_it() -> None:
    many = replace(SHORT, neurons=20, reads=(("a",),))
    assert measures(problem(*CHAIN, many)) == (0, 3, 0, 7)


def test_one_variable_may_serve_two_reads() -> None:
    assert least_width(problem(mlp("out", ("a", "b"), ("b",)))) == 2
    assert least_width(problem(mlp("out", ("a", "b"), ("a", "b")))) == 2
    assert least_width(problem(mlp("out", ("a",), ("b",)))) == 5


def test_what_is_embedded_waits_for_its_last_reader() -> None:
    waits = mlp("mid", ("a",)), mlp("out", ("mid",), ("b",))
    assert least_width(problem(*waits)) == 5
    late = problem(*waits, view=("out", "b"))
    assert least_width(late) == 5
    assert frozenset("b") in unavoidable_reads(late)


def test_a_head_erases_only_beside_positions() -> None:
    """It writes beside what it reads, unless a head erases that, which reads positions."""
    alone = problem(head("out", ("a",)))
    assert least_width(alone) == 4
    assert least_width(replace(alone, self_attention=SelfAttention(("a",), 1))) == 3
    assert least_width(replace(alone, self_attention=SelfAttention(("b",), 1))) == 4


def test_no_plan_of_tiny_problems_is_below() -> None:
    equal = []
    for seed in range(20):
        given = replace(tiny_problem(seed), limits=Limits(layers=3))
        plan = solve(given, "cp_sat", ("width", "depth")).plan
        if plan is None:
            continue
        equal.append(least_width(given) == plan.width)
        assert least_width(given) <= plan.width, seed
        sublayers = {placed.sublayer for placed in plan.placements if placed.sublayer % 2 == 0}
        assert least_attentions(given) <= len(sublayers), seed
        assert least_head_size(given) <= plan.head_size, seed
        assert least_neurons(given) <= plan.neurons, seed
        assert earliest(given).layers <= plan.layers, seed
    assert sum(equal) >= 0.8 * len(equal)


def test_circles_among_alternatives_count_for_nothing() -> None:
    loop = replace(head("mid", ("loop",)), name="back"), head("loop", ("mid",))
    assert least_attentions(problem(*CHAIN, *loop, view=("loop",))) == 2


@pytest.mark.parametrize("layers", [1, 4])
def test_heads_in_sequence(layers: int) -> None:
    names = [f"x{i}" for i in range(layers + 1)]
    variables = tuple(Variable(name, 1, is_input=name == "x0") for name in names)
    heads = tuple(head(after, (before,)) for before, after in pairwise(names))
    given = Problem("p", variables, heads, (View((names[-1],)),), None, SizeConstants(5, 1))
    assert least_attentions(given) == layers
