"""Erasures that free nothing are left out of plans; the others stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optitracr import compile_rasp_to_model, library
from optitracr.compile import allocation_problem
from solvers import Erasure, solve
from solvers.allocation import state_widths
from solvers.needless import without_needless
from solvers.validator import violations

NAMES = ["reverse", "shuffle_dyck1", "sort", "distinct_so_far"]


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_every_erasure_is_needed(name: str, level: int) -> None:
    entry = library.get(name)
    problem = allocation_problem(entry.make(), entry.vocab, entry.max_seq_len, optimize=level)
    plan = solve(problem).plan
    assert plan is not None
    for erasure in plan.erasures:
        others = tuple(e for e in plan.erasures if e != erasure)
        assert max(state_widths(problem, replace(plan, erasures=others))) > plan.width


def test_a_needless_erasure_goes_and_the_rest_stays() -> None:
    entry = library.get("reverse")
    problem = allocation_problem(entry.make(), entry.vocab, entry.max_seq_len)
    plan = solve(problem).plan
    assert plan is not None
    needed = plan.erasures
    assert needed
    spared = {*problem.views[plan.view].reads, *(erasure.variable for erasure in needed)}
    extra = next(r for p in plan.placements for r in p.reads if r not in spared)
    last = 2 * plan.layers - 1
    padded = replace(plan, erasures=(*needed, Erasure(extra, last)), neurons=plan.neurons + 50)
    assert not violations(problem, padded)
    slim = without_needless(problem, padded)
    assert slim.erasures == needed
    assert slim.neurons == plan.neurons
    assert not violations(problem, slim)


def test_models_have_no_neurons_that_nothing_reads() -> None:
    entry = library.get("reverse")
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len)
    reaching = model.circuit.wiring("component").reaching()
    assert all(part.name in reaching for part in model.circuit.wiring("component").parts)
