"""Every plan of a tiny problem, one after the other: the oracle of the tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from solvers.allocation import (
    Allocation,
    Erasure,
    Placement,
    Plan,
    Status,
    head_demands,
    heads_erase,
    heads_used,
    measured,
    neurons_used,
    state_widths,
)
from solvers.problem import Alternative, Problem
from solvers.serialisation import fingerprint
from solvers.validator import violations

EXTRA_LAYERS = 4
"""Layers beyond the first feasible depth that orders without depth first are searched: at least as
many as CP-SAT searches, with which the results are compared."""

MOST_LAYERS = 6
"""Depth at which an infeasible problem is given up: there are too many deeper plans to
enumerate."""

Components = tuple[tuple[Alternative, tuple[str, ...]], ...]


def brute_force(
    problem: Problem, objective: tuple[str, ...], *, seed: int = 0, extra_layers: int = EXTRA_LAYERS
) -> Allocation:
    """Tries every plan; for problems of a handful of variables only.

    Args:
        problem: The problem.
        objective: What to minimise, first things first.
        seed: Recorded, not used.
        extra_layers: How far beyond the first feasible depth to look if depth is not first.
    """
    start = time.perf_counter()
    best: Plan | None = None
    limit = problem.limits.layers
    last = MOST_LAYERS if limit is None else min(limit, MOST_LAYERS)
    layers = 0
    while layers <= last:
        for plan in plans(problem, layers):
            if best is None or _key(problem, objective, plan) < _key(problem, objective, best):
                best = plan
        if best is not None:
            if objective[0] == "depth":
                break
            last = min(last, best.layers + extra_layers) if layers == best.layers else last
        layers += 1
    value = () if best is None else _key(problem, objective, best)
    return Allocation(
        status=Status.INFEASIBLE if best is None else Status.OPTIMAL,
        plan=best,
        objective=objective,
        value=value,
        bound=value,
        gap=0.0,
        seed=seed,
        seconds=time.perf_counter() - start,
        deterministic_time=0.0,
        solver="brute_force",
        solver_version="1",
        problem=fingerprint(problem),
        message="" if best is not None else f"no plan of at most {last} layers",
    )


def _key(problem: Problem, objective: tuple[str, ...], plan: Plan) -> tuple[int, ...]:
    return tuple(measured(problem, plan, name) for name in objective)


def plans(problem: Problem, layers: int) -> Iterator[Plan]:
    """Every valid plan with that many layers, for every head size that matters."""
    for view in range(len(problem.views)):
        reads = problem.views[view].reads
        own = problem.self_attention
        wanted = {reads: 0}
        for place, way in enumerate(() if own is None else own.ways):
            wanted.setdefault((*reads, *way), place)
        for needed, place in wanted.items():
            for components in _components(problem, needed):
                yield from _placed(problem, layers, view, components, place)


def _components(problem: Problem, needed: tuple[str, ...]) -> Iterator[Components]:
    """Every choice of alternatives and reads that computes what is needed."""
    alternatives, known = problem.alternatives_of(), problem.by_name()

    def extend(pending: tuple[str, ...], chosen: Components) -> Iterator[Components]:
        done = {alternative.variable for alternative, _ in chosen}
        left = [name for name in pending if name not in done and not known[name].is_input]
        if not left:
            yield chosen
            return
        for alternative in alternatives[left[0]]:
            for reads in product(*(dict.fromkeys(options) for options in alternative.reads)):
                yield from extend((*left[1:], *reads), (*chosen, (alternative, reads)))

    yield from extend(needed, ())


def _placed(
    problem: Problem, layers: int, view: int, components: Components, own: int
) -> Iterator[Plan]:
    slots = [range(a.kind.parity, 2 * layers, 2) for a, _ in components]
    for sublayers in product(*slots):
        birth = {v.name: 0 for v in problem.variables if v.is_input}
        for (alternative, _), sublayer in zip(components, sublayers, strict=True):
            birth[alternative.variable] = sublayer + 1
        placements = tuple(
            Placement(alternative.name, sublayer, reads)
            for (alternative, reads), sublayer in zip(components, sublayers, strict=True)
        )
        if all(birth[name] <= p.sublayer for p in placements for name in p.reads):
            yield from _erased(problem, layers, view, placements, birth, own)


def _erased(
    problem: Problem,
    layers: int,
    view: int,
    placements: tuple[Placement, ...],
    birth: dict[str, int],
    way: int,
) -> Iterator[Plan]:
    """Every choice of erasures after the last reader."""
    last: dict[str, int] = {}
    for placement in placements:
        for name in placement.reads:
            last[name] = max(last.get(name, 0), placement.sublayer)
    kept = set(problem.views[view].reads)
    own = problem.self_attention
    names = dict.fromkeys([*last, *(own.ways[way] if own is not None else ())])
    choices = {
        name: [None]
        if name in kept or name not in birth
        else [None, *range(max(last.get(name, 0), birth[name]), 2 * layers)]
        for name in names
    }
    for sublayers in product(*choices.values()):
        erasures = tuple(
            Erasure(name, sublayer)
            for name, sublayer in zip(choices, sublayers, strict=True)
            if sublayer is not None
        )
        own_way = way if heads_erase(erasures) else 0
        bare = Plan(layers, placements, erasures, view, 0, 0, 0, 0, own=own_way)
        yield from _sized(problem, bare)


def _sized(problem: Problem, bare: Plan) -> Iterator[Plan]:
    """The plan with its least sizes, for every head size from the least to the largest."""
    groups = [entry for group in head_demands(problem, bare).values() for entry in group.values()]
    least = max((size for size, _ in groups), default=0)
    widest = max((width for _, width in groups), default=0)
    sized = replace(
        bare,
        width=max(state_widths(problem, bare)),
        neurons=max(neurons_used(problem, bare).values(), default=0),
    )
    for head_size in range(max(least, min(widest, 1)), max(least, widest) + 1):
        heads = max(heads_used(problem, bare, head_size).values(), default=0)
        plan = replace(sized, heads=heads, head_size=head_size)
        if not violations(problem, plan):
            yield plan
