"""The validator accepts what holds, and names the family of each thing that does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from solvers import (
    Erasure,
    InvalidPlanError,
    Kind,
    Limits,
    Placement,
    Plan,
    Problem,
    Status,
    solve,
    validate,
    violations,
)
from tests.solvers.tiny import chain

A, M = Kind.ATTENTION, Kind.MLP
PROBLEM = chain(A, M, A, M)
BEST = solve(PROBLEM).plan
assert BEST is not None


def moved(plan: Plan, name: str, sublayer: int) -> Plan:
    placements = tuple(
        replace(p, sublayer=sublayer) if p.alternative == name else p for p in plan.placements
    )
    return replace(plan, placements=placements)


def without(plan: Plan, name: str) -> Plan:
    kept = tuple(p for p in plan.placements if p.alternative != name)
    return replace(plan, placements=kept)


def erased(plan: Plan, name: str, sublayer: int) -> Plan:
    return replace(plan, erasures=(*plan.erasures, Erasure(name, sublayer)))


BARE = replace(BEST, erasures=(), width=20, neurons=20, heads=5, head_size=5)
MUTATIONS: dict[str, tuple[str, Callable[[], Plan]]] = {
    "a read before its write": ("precedence", lambda: moved(BEST, "x3", 0)),
    "a head in an MLP sublayer": ("kind", lambda: moved(BEST, "x3", 3)),
    "a sublayer that does not exist": ("structure", lambda: moved(BEST, "x4", 9)),
    "one dimension too few": ("width", lambda: replace(BEST, width=BEST.width - 1)),
    "one neuron too few": ("neurons", lambda: replace(BEST, neurons=BEST.neurons - 1)),
    "no head": ("heads", lambda: replace(BEST, heads=0)),
    "a head too small": ("heads", lambda: replace(BEST, head_size=0)),
    "too few heads for a narrow size": (
        "heads",
        lambda: replace(BARE, head_size=1, heads=1),
    ),
    "a component missing": ("presence", lambda: without(BEST, "x2")),
    "a component twice": (
        "presence",
        lambda: replace(BEST, placements=(*BEST.placements, Placement("x4", 3, ("x3",)))),
    ),
    "an unknown component": (
        "structure",
        lambda: replace(BEST, placements=(*BEST.placements, Placement("zz", 3, ()))),
    ),
    "another read than offered": (
        "reads",
        lambda: replace(
            BEST,
            placements=tuple(
                replace(p, reads=("x0",)) if p.alternative == "x4" else p for p in BEST.placements
            ),
        ),
    ),
    "erased while still read": ("precedence", lambda: erased(BARE, "x1", 0)),
    "erased before it is born": ("erasure", lambda: erased(BARE, "x4", 1)),
    "erased twice": ("erasure", lambda: erased(erased(BARE, "x0", 1), "x0", 2)),
    "the output erased": ("precedence", lambda: erased(BARE, "x4", 3)),
    "an eraser without its position": (
        "precedence",
        lambda: erased(erased(BARE, "position", 1), "x1", 2),
    ),
    "an unknown erasure": ("structure", lambda: erased(BARE, "zz", 1)),
    "a view that does not exist": ("structure", lambda: replace(BEST, view=4)),
    "an input kept that is none": ("structure", lambda: replace(BEST, kept_inputs=("x3",))),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutations_are_rejected(name: str) -> None:
    family, mutate = MUTATIONS[name]
    found = violations(PROBLEM, mutate())
    assert family in {violation.family for violation in found}, found


def test_what_holds_is_accepted() -> None:
    assert violations(PROBLEM, BEST) == ()
    assert violations(PROBLEM, BARE) == ()
    assert violations(PROBLEM, erased(BARE, "x0", 1)) == ()
    assert violations(PROBLEM, erased(BARE, "x1", 2)) == ()


@pytest.mark.parametrize("name", ["layers", "width", "heads", "head_size", "neurons"])
def test_limits(name: str) -> None:
    least = getattr(BEST, name)
    assert violations(limited(**{name: least}), BEST) == ()
    found = violations(limited(**{name: least - 1}), BEST)
    assert [violation.family for violation in found] == ["limits"]


def limited(**limits: int) -> Problem:
    return replace(PROBLEM, limits=Limits(**limits))


def test_no_erasing_head_without_self_attention() -> None:
    problem = replace(PROBLEM, self_attention=None)
    assert {v.family for v in violations(problem, erased(BARE, "x1", 2))} == {"erasure"}


def test_certificates_must_hold() -> None:
    allocation = solve(PROBLEM)
    assert validate(PROBLEM, allocation) is allocation
    wrong = [
        replace(allocation, value=(1, 1, 1)),
        replace(allocation, bound=(0, 0, 0)),
        replace(allocation, bound=()),
        replace(allocation, plan=None),
        replace(allocation, plan=moved(BEST, "x3", 0)),
    ]
    for broken in wrong:
        with pytest.raises(InvalidPlanError):
            validate(PROBLEM, broken)
    unknown = replace(allocation, plan=None, status=Status.UNKNOWN, value=(), bound=())
    assert validate(PROBLEM, unknown) is unknown
