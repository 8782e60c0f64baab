"""Between step models and plans: reading one, and starting from another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from solvers.allocation import Erasure, Placement, Plan, state_widths
from solvers.greedy import measured
from solvers.problem import Problem
from solvers.steps.model import Literal, Steps


def step_plan(steps: Steps, solver: Any) -> Plan:
    """The plan that a solution of a whole step model stands for."""

    def holds(literal: Literal) -> bool:
        return bool(literal if isinstance(literal, int) else solver.boolean_value(literal))

    view = next(i for i, chosen in enumerate(steps.view) if holds(chosen))
    heads = [sublayer for sublayer, here in steps.erasing.items() if holds(here)]
    placements = _needed(steps, holds, view, bool(heads))
    bare = Plan(steps.windows.layers, placements, (), view, 0, 0, 0, 0)
    return with_erasures(steps.problem, bare, solver.value(steps.width), heads)


def _needed(steps: Steps, holds: Any, view: int, erasing: bool) -> tuple[Placement, ...]:
    """What is used and read, however indirectly."""
    own = steps.problem.self_attention
    stack = list(steps.problem.views[view].reads)
    stack += own.reads if own is not None and erasing else ()
    found: dict[str, Placement] = {}
    while stack:
        name = stack.pop()
        if name in found or steps.known[name].is_input:
            continue
        used = next(a for a in steps.windows.choices[name] if holds(steps.use[a.name]))
        window = range(steps.windows.first[used.name], steps.windows.last[used.name] + 1, 2)
        sublayer = next(s for s in window if holds(steps.placed_by(used, s)))
        reads = tuple(
            next(o for o in options if holds(steps.chosen.get((used.name, place, o), 0)))
            for place, options in enumerate(used.reads)
        )
        found[name] = Placement(used.name, sublayer, reads)
        stack.extend(reads)
    return tuple(sorted(found.values(), key=lambda p: (p.sublayer, p.alternative)))


def with_erasures(problem: Problem, bare: Plan, width: int, heads: list[int]) -> Plan:
    """The plan with everything erased once it is dead.

    Args:
        problem: The problem.
        bare: Placements, and no erasures.
        width: The width to keep within.
        heads: Attention sublayers in which heads may erase, what they read being alive. They do
            only where the width asks for it, as an MLP can erase in the sublayer after.
    """
    own = problem.self_attention
    reads = () if own is None else tuple(dict.fromkeys(own.ways[bare.own]))
    real = _last_reads(problem, bare)
    last = dict(real)
    for name in reads if heads else ():
        last[name] = max(last.get(name, 0), max(heads))
    ends = {name: sublayer | 1 for name, sublayer in last.items()}
    _erase_by_heads(problem, bare, width, heads, last, ends)
    erasing = max((s for s in ends.values() if s % 2 == 0), default=None)
    for name in reads:
        if erasing is not None and ends[name] % 2:
            ends[name] = max(real.get(name, 0), erasing) | 1
        elif erasing is None and name in real:
            ends[name] = real[name] | 1
        elif erasing is None:
            ends.pop(name, None)
    return measured(problem, _erased(problem, bare, ends))


def _erase_by_heads(
    problem: Problem,
    bare: Plan,
    width: int,
    heads: list[int],
    last: dict[str, int],
    ends: dict[str, int],
) -> None:
    """Lets heads erase the widest of what they can, where the next state would be too wide."""
    known = problem.by_name()
    final = set(problem.views[bare.view].reads)
    widths = state_widths(problem, _erased(problem, bare, ends))
    dead: dict[int, list[str]] = {}
    for name, sublayer in last.items():
        if name not in final:
            dead.setdefault(sublayer, []).append(name)
    for sublayer in heads:
        over = widths[sublayer + 1] - width
        for name in sorted(dead.get(sublayer, ()), key=lambda name: (-known[name].width, name)):
            if over <= 0:
                break
            ends[name] = sublayer
            over -= known[name].width


def _last_reads(problem: Problem, plan: Plan) -> dict[str, int]:
    """The last sublayer that reads each variable."""
    last: dict[str, int] = {}
    for placement in plan.placements:
        for name in placement.reads:
            last[name] = max(last.get(name, 0), placement.sublayer)
    return last


def _erased(problem: Problem, bare: Plan, ends: dict[str, int]) -> Plan:
    """The plan with these erasures, but for what the output is read from."""
    kept = set(problem.views[bare.view].reads)
    erasures = [
        Erasure(name, sublayer)
        for name, sublayer in ends.items()
        if name not in kept and sublayer < 2 * bare.layers
    ]
    erasures.sort(key=lambda e: (e.sublayer, e.variable))
    return replace(bare, erasures=tuple(erasures))


def hint_steps(steps: Steps, plan: Plan) -> None:
    """Starts from a plan of the same number of layers."""
    if plan.layers != steps.windows.layers:
        return
    used = {p.alternative: p for p in plan.placements}

    def hint(literal: Literal, value: bool) -> None:
        if not isinstance(literal, int):
            steps.model.add_hint(literal, value)

    for name, literal in steps.use.items():
        hint(literal, name in used)
    for (name, sublayer), literal in steps.placed.items():
        hint(literal, name in used and used[name].sublayer <= sublayer)
    reads = {(name, i, read) for name, p in used.items() for i, read in enumerate(p.reads)}
    uses = {id(literal) for literal in steps.use.values()}
    for key, literal in steps.chosen.items():
        if id(literal) not in uses:
            hint(literal, key in reads)
    for i, literal in enumerate(steps.view):
        hint(literal, i == plan.view)
    heads = {e.sublayer for e in plan.erasures if e.sublayer % 2 == 0}
    for sublayer, literal in steps.erasing.items():
        hint(literal, sublayer in heads)
