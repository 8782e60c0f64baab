"""Each constraint family of the CP-SAT model alone: what it allows and what it forbids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from solvers import Kind, Problem
from solvers.constraints.erasure import add_erasure
from solvers.constraints.heads import add_heads
from solvers.constraints.neurons import add_neurons
from solvers.constraints.objective import measure
from solvers.constraints.precedence import add_precedence, add_self_attention
from solvers.constraints.presence import add_presence
from solvers.constraints.turnover import add_turnover
from solvers.constraints.variables import Decisions, declare
from solvers.constraints.width import add_width
from solvers.timing import earliest
from tests.solvers.tiny import chain

A, M = Kind.ATTENTION, Kind.MLP


def feasible(decisions: Decisions) -> bool:
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    return bool(solver.solve(decisions.model) == cp_model.OPTIMAL)


def fix(decisions: Decisions, *facts: Any) -> Decisions:
    for fact in facts:
        decisions.model.add(fact)
    return decisions


Facts = Callable[[Decisions], list[Any]]
CASES: list[tuple[str, Callable[[Decisions], None], Problem, Facts, Facts]] = [
    (
        "presence",
        add_presence,
        chain(A, M),
        lambda d: [d.present["x2"] == 1, d.use["x2"] == 1],
        lambda d: [d.use["x2"] == 0],
    ),
    (
        "presence of what is read",
        add_presence,
        chain(A, M),
        lambda d: [d.present["x0"] == 1],
        lambda d: [d.present["x1"] == 0, d.use["x2"] == 1],
    ),
    (
        "precedence",
        add_precedence,
        chain(A, M),
        lambda d: [d.at["x1"][0] == 1, d.at["x2"][1] == 1, d.read["x2", 0, "x1"] == 1],
        lambda d: [d.at["x1"][2] == 1, d.at["x2"][1] == 1, d.read["x2", 0, "x1"] == 1],
    ),
    (
        "self-attention",
        add_self_attention,
        chain(A, M),
        lambda d: [d.erased["x0"][0] == 1, d.end["position"] == 0],
        lambda d: [d.erased["x0"][2] == 1, d.end["position"] == 1],
    ),
    (
        "erasure",
        add_erasure,
        chain(A, M),
        lambda d: [d.present["x0"] == 1, d.erased["x0"][1] == 1, d.end["x0"] == 1],
        lambda d: [d.present["x0"] == 1, d.erased["x0"][1] == 1, d.erased["x0"][2] == 1],
    ),
    (
        "width",
        add_width,
        chain(A, M),
        lambda d: [*_both_alive(d), d.width == 4],
        lambda d: [*_both_alive(d), d.width == 3],
    ),
    (
        "neurons",
        add_neurons,
        chain(A, M),
        lambda d: [d.at["x2"][1] == 1, d.erased["x0"][1] == 1, d.neurons == 5],
        lambda d: [d.at["x2"][1] == 1, d.erased["x0"][1] == 1, d.neurons == 4],
    ),
    (
        "heads",
        add_heads,
        chain(A, M),
        lambda d: [d.use["x1"] == 1, d.at["x1"][0] == 1, d.head_size == 1, d.heads == 2],
        lambda d: [d.use["x1"] == 1, d.at["x1"][0] == 1, d.head_size == 1, d.heads == 1],
    ),
    (
        "turnover",
        add_turnover,
        chain(A, M),
        lambda d: [*_all_present(d), d.neurons == 3, d.width == 3],
        lambda d: [*_all_present(d), d.neurons == 3, d.width == 2],
    ),
    (
        "turnover beside what determines",
        add_turnover,
        chain(A, M, determines=True),
        lambda d: [*_all_present(d), d.neurons == 2, d.width == 3],
        lambda d: [*_all_present(d), d.neurons == 2, d.width == 2],
    ),
]


def _all_present(d: Decisions) -> list[Any]:
    """Six dimensions, three neurons that compute, and no head that erases."""
    facts = [d.present[name] == (name != "position") for name in d.present]
    facts += [used == 1 for used in d.use.values()]
    return facts + [here == 0 for at in d.erased.values() for here in at.values()]


def _both_alive(d: Decisions) -> list[Any]:
    facts = []
    for name in ("x0", "position", "x1"):
        facts += [d.present[name] == (name != "position"), d.birth[name] == 0]
    return [*facts, d.end["x0"] == 1, d.end["x1"] == 1]


@pytest.mark.parametrize(("name", "add", "problem", "yes", "no"), CASES, ids=lambda x: str(x)[:24])
def test_family(
    name: str, add: Callable[[Decisions], None], problem: Problem, yes: Facts, no: Facts
) -> None:
    for facts, expected in ((yes, True), (no, False)):
        decisions = declare(problem, 2, earliest(problem))
        add(decisions)
        assert feasible(fix(decisions, *facts(decisions))) is expected, name


def test_parameters_are_those_of_the_sizes() -> None:
    """The product form agrees with `Sizes.parameters`, where every size is fixed."""
    from ortools.sat.python import cp_model

    from solvers import Sizes

    problem = chain(A, M)
    decisions = declare(problem, 2, earliest(problem))
    fix(
        decisions,
        decisions.width == 4,
        decisions.heads == 2,
        decisions.head_size == 2,
        decisions.neurons == 5,
    )
    decisions.model.minimize(measure(decisions, "parameters"))
    solver = cp_model.CpSolver()
    assert solver.solve(decisions.model) == cp_model.OPTIMAL
    expected = Sizes(2, 4, 2, 2, 5).parameters(problem.constants)
    assert round(solver.objective_value) == expected
