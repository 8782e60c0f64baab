"""A greedy list scheduler: everything as early as it can be, erased as soon as it is dead.

Minimal depth where nothing but depth is limited; the warm start of the exact search, and
its fallback on problems too large for it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from solvers.allocation import (
    Erasure,
    Placement,
    Plan,
    head_demands,
    heads_used,
    neurons_used,
    present_variables,
    state_widths,
)
from solvers.problem import Problem
from solvers.timing import NEVER, Earliest, earliest


def greedy_plan(problem: Problem) -> Plan | None:
    """A plan of minimal depth with dead variables erased, or None if there is none."""
    times = earliest(problem)
    if times.layers >= NEVER:
        return None
    view = earliest_view(problem, times)
    placements = _place(problem, times, problem.views[view].reads)
    bare = Plan(times.layers, placements, (), view, 0, 0, 0, 0)
    return measured(problem, replace(bare, erasures=erasures(problem, bare)))


def earliest_view(problem: Problem, times: Earliest) -> int:
    """The view of the output that can be read first."""
    return min(
        range(len(problem.views)),
        key=lambda i: (_last(problem.views[i].reads, times), len(problem.views[i].reads), i),
    )


def _last(names: tuple[str, ...], times: Earliest) -> int:
    return max((times.birth[name] for name in names), default=0)


def _place(problem: Problem, times: Earliest, outputs: tuple[str, ...]) -> tuple[Placement, ...]:
    """Needed components, each by its earliest alternative, in its earliest sublayer."""
    alternatives = problem.alternatives_of()
    known = problem.by_name()
    placed: dict[str, Placement] = {}
    stack = list(outputs)
    while stack:
        name = stack.pop()
        if known[name].is_input or name in placed:
            continue
        best = min(alternatives[name], key=lambda a: (times.sublayer[a.name], a.neurons))
        reads = tuple(earliest_option(options, placed, times) for options in best.reads)
        placed[name] = Placement(best.name, times.sublayer[best.name], reads)
        stack.extend(reads)
    return tuple(sorted(placed.values(), key=lambda p: (p.sublayer, p.alternative)))


def earliest_option(options: tuple[str, ...], placed: Collection[str], times: Earliest) -> str:
    """The earliest variable that does; one that exists already if it is as early."""
    return min(options, key=lambda name: (times.birth[name], name not in placed))


def erasures(problem: Problem, plan: Plan) -> tuple[Erasure, ...]:
    """Erases each dead variable in the first MLP after its last reader."""
    last: dict[str, int] = {}
    for placement in plan.placements:
        for name in placement.reads:
            last[name] = max(last.get(name, 0), placement.sublayer)
    final = set(problem.views[plan.view].reads)
    found = []
    for name in present_variables(problem, plan):
        sublayer = last.get(name, 0) | 1
        if name in last and name not in final and sublayer < 2 * plan.layers:
            found.append(Erasure(name, sublayer))
    return tuple(found)


def measured(problem: Problem, plan: Plan) -> Plan:
    """The plan with the sizes that it takes, heads as few as the head size allows."""
    groups = head_demands(problem, plan).values()
    head_size = max((size for group in groups for size, _ in group.values()), default=0)
    widest = max((width for group in groups for _, width in group.values()), default=0)
    head_size = max(head_size, min(widest, 1))
    return replace(
        plan,
        width=max(state_widths(problem, plan)),
        heads=max(heads_used(problem, plan, head_size).values(), default=0),
        head_size=head_size,
        neurons=max(neurons_used(problem, plan).values(), default=0),
    )
