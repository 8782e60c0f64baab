"""A plan of one problem as a plan of another that has fewer alternatives or options."""

from __future__ import annotations

from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from solvers.allocation import Placement, Plan
from solvers.greedy import earliest_option, earliest_view, erasures, measured
from solvers.problem import Alternative, Problem
from solvers.timing import NEVER, Earliest, earliest
from solvers.validator import violations

Chosen = dict[str, tuple[Alternative, tuple[str, ...]]]
"""The alternative of each variable that is computed, and what it reads."""


def mended(problem: Problem, plan: Plan) -> Plan | None:
    """A plan of minimal depth that keeps what it can of another problem's plan.

    Args:
        problem: The problem, whose variables and alternatives are named as in the other.
        plan: A plan of the other.

    Returns:
        The plan, or None if too much of the other is gone.
    """
    times = earliest(problem)
    if times.layers >= NEVER:
        return None
    view = earliest_view(problem, times)
    chosen = _chosen(problem, plan, times, problem.views[view].reads)
    try:
        order = list(TopologicalSorter({name: c[1] for name, c in chosen.items()}).static_order())
    except CycleError:
        return None
    before = {p.alternative: p.sublayer for p in plan.placements}
    for least in (before, {}):
        placements = _placed(chosen, order, least)
        if all(placement.sublayer < 2 * times.layers for placement in placements):
            bare = Plan(times.layers, placements, (), view, 0, 0, 0, 0)
            found = measured(problem, replace(bare, erasures=erasures(problem, bare)))
            return None if violations(problem, found) else found
    return None


def _chosen(problem: Problem, plan: Plan, times: Earliest, outputs: tuple[str, ...]) -> Chosen:
    """The plan's alternatives and reads where they are still there, else the earliest."""
    ways, known = problem.alternatives_of(), problem.by_name()
    old = {p.alternative: p.reads for p in plan.placements}
    chosen: Chosen = {}
    stack = list(outputs)
    while stack:
        name = stack.pop()
        if known[name].is_input or name in chosen:
            continue
        kept = [a for a in ways[name] if a.name in old and len(a.reads) == len(old[a.name])]
        best = (kept or sorted(ways[name], key=lambda a: (times.sublayer[a.name], a.neurons)))[0]
        reads = tuple(
            read if read in options else earliest_option(options, chosen, times)
            for options, read in zip(best.reads, old.get(best.name, best.reads), strict=False)
        )
        chosen[name] = best, reads
        stack.extend(reads)
    return chosen


def _placed(chosen: Chosen, order: list[str], least: dict[str, int]) -> tuple[Placement, ...]:
    """Each component in the first sublayer that is no earlier than some, and not too early."""
    birth: dict[str, int] = {}
    placements = []
    for name in order:
        if name not in chosen:
            continue
        alternative, reads = chosen[name]
        sublayer = max((birth.get(read, 0) for read in reads), default=0)
        sublayer = max(sublayer, least.get(alternative.name, 0))
        sublayer += sublayer % 2 != alternative.kind.parity
        birth[name] = sublayer + 1
        placements.append(Placement(alternative.name, sublayer, reads))
    return tuple(sorted(placements, key=lambda p: (p.sublayer, p.alternative)))
