"""What no plan avoids, on problems that are written by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from optitracr.bounds.unavoidable import (
    least_attentions,
    least_head_size,
    least_neurons,
    least_width,
)
from solvers import Alternative, HeadDemand, Kind, Problem, SizeConstants, Variable, View


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
    assert measures(problem(*CHAIN)) == (1, 5, 4, 7)
    assert measures(problem(SHORT)) == (0, 5, 0, 2)
    assert measures(problem(*CHAIN, SHORT)) == (0, 5, 0, 2)
    assert measures(problem(view=("a", "b"))) == (0, 5, 0, 0)


def test_each_measure_takes_the_plan_that_is_best_for_it() -> None:
    many = replace(SHORT, neurons=20, reads=(("a",),))
    assert measures(problem(*CHAIN, many)) == (0, 3, 0, 7)


def test_one_variable_may_serve_two_reads() -> None:
    either = mlp("out", ("a", "b"), ("b",))
    assert least_width(problem(either)) == 2
    assert least_width(problem(mlp("out", ("a",), ("b",)))) == 5


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
