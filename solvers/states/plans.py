"""The plan that a solution of the state model stands for."""

from __future__ import annotations

from typing import Any

from solvers.allocation import Erasure, Placement, Plan, heads_erase
from solvers.constraints.variables import chosen_own
from solvers.solutions import with_head_size
from solvers.states.model import States


def read_states(states: States, solver: Any) -> Plan:
    """The plan of a solution, without components that nothing reads.

    Of several options that are alive the first one is read, or one that is read already.
    """
    problem = states.problem
    stands = {
        a.variable: (a, sublayer)
        for a in problem.alternatives
        for sublayer, here in states.at[a.name].items()
        if solver.boolean_value(here)
    }
    view = next(i for i, chosen in enumerate(states.view) if solver.boolean_value(chosen))
    erased = {
        (name, sublayer)
        for name, sublayers in states.erased.items()
        for sublayer, here in sublayers.items()
        if solver.boolean_value(here)
    }
    way = chosen_own(states, solver, (Erasure(*each) for each in erased))
    stack = list(problem.views[view].reads)
    if problem.self_attention is not None and any(sublayer % 2 == 0 for _, sublayer in erased):
        stack += problem.self_attention.ways[way]
    found: dict[str, Placement | None] = {}
    while stack:
        name = stack.pop()
        if name in found:
            continue
        found[name] = None
        if name not in stands:
            continue
        alternative, sublayer = stands[name]
        reads = tuple(
            next(o for o in options if _alive(states, solver, o, sublayer))
            for options in alternative.reads
        )
        found[name] = Placement(alternative.name, sublayer, reads)
        stack += reads
    order = {a.name: place for place, a in enumerate(problem.alternatives)}
    placements = sorted(
        (p for p in found.values() if p is not None),
        key=lambda p: (p.sublayer, order[p.alternative]),
    )
    erasures = tuple(
        Erasure(v.name, s)
        for v in problem.variables
        for s in range(states.sublayers)
        if v.name in found and (v.name, s) in erased
    )
    own = way if heads_erase(erasures) else 0
    plan = Plan(states.layers, tuple(placements), erasures, view, 0, 0, 0, 0, own=own)
    return with_head_size(problem, plan, int(solver.value(states.head_size)))


def _alive(states: States, solver: Any, name: str, state: int) -> bool:
    alive = states.alive[name].get(state)
    return alive is not None and bool(solver.boolean_value(alive))
