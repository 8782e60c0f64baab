"""Large-neighbourhood search: narrower plans of large problems, one stretch of layers at a time.

A few consecutive layers around the widest state are a problem of their own: what is alive
before them are its inputs, what is read after them its outputs. CP-SAT solves it exactly, and
the rest of the plan stays (Shaw 1998, Using Constraint Programming and Local Search Methods
to Solve Vehicle Routing Problems, for the idea).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

from solvers.allocation import (
    Erasure,
    Placement,
    Plan,
    lifetimes,
    state_widths,
)
from solvers.cp_model import build_model
from solvers.greedy import measured
from solvers.problem import Alternative, Limits, Problem, SelfAttention, View
from solvers.search import Search
from solvers.solutions import hint_plan
from solvers.timing import earliest
from solvers.validator import violations

EFFORT = 1.0
"""Deterministic seconds for one stretch: most are solved in a fraction of it, and the time is
better spent on another stretch than on the proof of this one."""

LONGEST = 6
"""Layers of a stretch at most: longer ones are solved seldom in the time that a stretch has."""

LARGEST_STRETCH = 8_000
"""Placement decisions of a stretch beyond which it is left out, as it would seldom be solved in its
time; about as many as a problem has that is solved at once."""

PATIENCE = 24
"""Stretches in sequence without a gain, after which the search ends: they are drawn at random
around the widest states, of which as a rule each has had its turn by then."""


def improve_width(search: Search, until: float) -> None:
    """Narrows the best plan without changing its depth.

    Args:
        search: Holds the plan; the better one is kept there.
        until: Time spent, in the units of the limit, at which to stop.

    Raises:
        KeyboardInterrupt: If the user stopped it and the plan is not to be kept.
    """
    try:
        _improve(search, until)
    except KeyboardInterrupt:
        if not search.keep:
            raise
        search.interrupted = True


def _improve(search: Search, until: float) -> None:
    rng = random.Random(search.seed)
    barren = 0
    while search.plan is not None and barren < PATIENCE:
        if search.over or search.spent >= until:
            return
        plan = search.plan
        widths = state_widths(search.problem, plan)
        peak = rng.choice([s for s, width in enumerate(widths) if width == max(widths)])
        length = min(rng.randint(2, LONGEST), plan.layers)
        first = min(max(peak // 2 - rng.randrange(length), 0), plan.layers - length)
        found = _improved(search, plan, first, length)
        better = found is not None and _score(search.problem, found) < _score(search.problem, plan)
        if found is not None and better and not violations(search.problem, found):
            if found.width < plan.width:
                search.progress(f"{plan.layers} layers: width {found.width}")
            search.plan = found
            barren = 0
        else:
            barren += 1


def _score(problem: Problem, plan: Plan) -> tuple[int, int]:
    """Width, and at how many states it is reached."""
    widths = state_widths(problem, plan)
    return max(widths), sum(width == max(widths) for width in widths)


def _improved(search: Search, plan: Plan, first: int, length: int) -> Plan | None:
    """The plan with a stretch of layers solved anew, or None if nothing was found."""
    start, stop = 2 * first, 2 * (first + length)
    part = _stretch(search.problem, plan, start, stop)
    if part is None:
        return None
    times = earliest(part)
    if times.layers > length:
        return None
    own = Search(part, ("width",), search.left, search.seed, search.parallel, search.progress)
    own.keep = search.keep
    decisions = build_model(part, length, times)
    hint_plan(decisions, _inside(plan, part, start, stop), length)
    decisions.model.minimize(decisions.width)
    own.solve(decisions, min(EFFORT, search.left))
    search.spent += own.spent
    search.interrupted = search.interrupted or own.interrupted
    search.gave_up = search.gave_up or own.gave_up
    return None if own.plan is None else _merged(search.problem, plan, own.plan, start, stop)


def _stretch(problem: Problem, plan: Plan, start: int, stop: int) -> Problem | None:
    """The stretch from sublayer `start` to before `stop` as a problem of its own."""
    alive = lifetimes(problem, plan)
    inputs = {name for name, (birth, end) in alive.items() if birth <= start <= end}
    elsewhere = {name for name, (birth, end) in alive.items() if birth > stop or end < start}
    needed = _read_after(problem, plan, stop) - elsewhere
    computable = _computable(problem, inputs, elsewhere)
    if not needed <= computable | inputs:
        return None
    choices = _choices(problem, computable, inputs)
    alternatives = problem.alternative_by_name()
    inner = {
        alternatives[p.alternative].variable for p in plan.placements if start <= p.sublayer < stop
    }
    relevant = _relevant(needed | inner, choices)
    choices = [choice for choice in choices if choice.variable in relevant]
    if len(choices) * (stop - start) > LARGEST_STRETCH:
        return None
    return _part(problem, inputs, choices, needed, plan.own)


def _read_after(problem: Problem, plan: Plan, stop: int) -> set[str]:
    """The variables that sublayers from `stop` on read, and those that the output is read from."""
    reads = [p.reads for p in plan.placements if p.sublayer >= stop]
    names = {name for read in reads for name in read} | set(problem.views[plan.view].reads)
    attention = problem.self_attention
    erased_by_heads = any(e.sublayer >= stop and e.sublayer % 2 == 0 for e in plan.erasures)
    if attention is None or not erased_by_heads:
        return names
    return names | set(attention.ways[plan.own])


def _computable(problem: Problem, inputs: set[str], barred: set[str]) -> set[str]:
    """What can be computed from the inputs, in however many steps, without what is barred."""
    usable = set(inputs)
    growing = True
    while growing:
        growing = False
        for alternative in problem.alternatives:
            if alternative.variable in usable or alternative.variable in barred:
                continue
            if all(any(option in usable for option in options) for options in alternative.reads):
                usable.add(alternative.variable)
                growing = True
    return usable - inputs


def _choices(problem: Problem, computable: set[str], inputs: set[str]) -> list[Alternative]:
    """The alternatives that compute these variables from each other and from the inputs."""
    usable = computable | inputs
    choices = []
    for alternative in problem.alternatives:
        reads = tuple(
            tuple(option for option in options if option in usable) for options in alternative.reads
        )
        if alternative.variable in computable and all(reads):
            choices.append(replace(alternative, reads=reads, determines=()))
    return choices


def _part(
    problem: Problem,
    inputs: set[str],
    choices: Sequence[Alternative],
    needed: set[str],
    way: int,
) -> Problem:
    """The problem of computing what is needed from some inputs, by some alternatives."""
    names = {choice.variable for choice in choices} | inputs
    order = list(problem.by_name())
    own = problem.self_attention
    told = None if own is None else SelfAttention(own.ways[way], own.head_size)
    limits = problem.limits
    return Problem(
        name=problem.name,
        variables=tuple(
            replace(v, is_input=v.name in inputs) for v in problem.variables if v.name in names
        ),
        alternatives=tuple(choices),
        views=(View(tuple(sorted(needed, key=order.index))),),
        self_attention=told if told is not None and set(told.reads) <= inputs else None,
        constants=problem.constants,
        limits=Limits(heads=limits.heads, head_size=limits.head_size, neurons=limits.neurons),
    )


def _relevant(targets: Iterable[str], choices: Iterable[Alternative]) -> set[str]:
    """Variables that computing the targets could need."""
    by_variable: dict[str, list[Alternative]] = {}
    for choice in choices:
        by_variable.setdefault(choice.variable, []).append(choice)
    stack, found = list(targets), set()
    while stack:
        name = stack.pop()
        if name in found:
            continue
        found.add(name)
        for choice in by_variable.get(name, ()):
            stack.extend(o for options in choice.reads for o in options)
    return found


def _inside(plan: Plan, part: Problem, start: int, stop: int) -> Plan:
    """The plan's own solution of a stretch, as a hint."""
    names = {v.name for v in part.variables}
    return Plan(
        (stop - start) // 2,
        tuple(
            replace(p, sublayer=p.sublayer - start)
            for p in plan.placements
            if start <= p.sublayer < stop
        ),
        tuple(
            Erasure(e.variable, e.sublayer - start)
            for e in plan.erasures
            if start <= e.sublayer < stop and e.variable in names
        ),
        0,
        plan.width,
        plan.heads,
        plan.head_size,
        plan.neurons,
    )


def _merged(problem: Problem, plan: Plan, part: Plan, start: int, stop: int) -> Plan:
    """The plan with a stretch replaced by a plan of it."""
    outside = [p for p in plan.placements if not start <= p.sublayer < stop]
    inside = [Placement(p.alternative, p.sublayer + start, p.reads) for p in part.placements]
    placements = sorted([*outside, *inside], key=lambda p: (p.sublayer, p.alternative))
    erased = {e.variable: e for e in plan.erasures if not start <= e.sublayer < stop}
    erased |= {e.variable: Erasure(e.variable, e.sublayer + start) for e in part.erasures}
    whole = replace(plan, placements=tuple(placements), erasures=())
    alive = lifetimes(problem, whole)
    last: dict[str, int] = {}
    for placement in placements:
        for name in placement.reads:
            last[name] = max(last.get(name, 0), placement.sublayer)
    kept = [
        erasure
        for name, erasure in erased.items()
        if name in alive and alive[name][0] <= erasure.sublayer
    ]
    again = {e.variable for e in kept} | set(problem.views[plan.view].reads)
    for name in alive:
        sublayer = last.get(name, 0) | 1
        if name not in again and name in last and sublayer < 2 * plan.layers:
            kept.append(Erasure(name, sublayer))
    kept.sort(key=lambda e: (e.sublayer, e.variable))
    return measured(problem, replace(whole, erasures=tuple(kept)))
