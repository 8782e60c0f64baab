"""Inputs that the embedding does not supply, and the first layer writes.

Nothing reads them in that layer; they have their dimensions from the start all the same. A problem
that has such inputs is solved as one without: components of the first layer stand for what writes
them, a head that counts, neurons for the steps, and one that takes off what was counted with. What
reads late inputs reads theirs as well. These take no dimensions, and are left out of the plan that
is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product

from solvers.allocation import Allocation, Plan, heads_used, measured, neurons_used
from solvers.problem import (
    STEP,
    TAKING,
    Alternative,
    HeadDemand,
    Kind,
    Late,
    Problem,
    Variable,
)
from solvers.serialisation import fingerprint

COUNTED, TAKEN, STEPS = "\x00counted", "\x00taken", "\x00steps "
"""What the head writes, what is there once that is taken off, and steps that the same inputs take,
before their number."""

VARIANT = "\x00read "
"""Before a number and the name of an alternative that may read inputs of several kinds."""

TOLD_LATE = "some inputs are written by the first layer, so that nothing reads them in it"
"""What the message of an allocation says."""

Markers = Mapping[str, tuple[str, ...]]
"""What is read beside each late input."""


def on_time(problem: Problem) -> Problem:
    """A problem without late inputs, whose plans are those of the given one and some components.

    Args:
        problem: A problem with late inputs.
    """
    given, own = problem.late, problem.self_attention
    if given is None:
        return problem
    steps = _steps(given)
    markers = _markers(given, steps)
    writers = tuple(_writers(steps))

    def gated(reads: tuple[str, ...]) -> tuple[str, ...]:
        return (*reads, *_beside(reads, markers))

    told = own and replace(own, reads=gated(own.reads), others=tuple(map(gated, own.others)))
    return replace(
        problem,
        variables=(*problem.variables, *(Variable(each.name, 0) for each in writers)),
        alternatives=(*(a for a, _ in _told(problem, markers)), *writers),
        late=None,
        views=tuple(replace(view, reads=gated(view.reads)) for view in problem.views),
        self_attention=told,
    )


def _steps(given: Late) -> dict[tuple[str, ...], int]:
    """How many steps are of the same inputs, by these."""
    takers: dict[int, list[str]] = {}
    for told in given.inputs:
        for step in told.steps:
            takers.setdefault(step, []).append(told.name)
    found: dict[tuple[str, ...], int] = {}
    for names in takers.values():
        found[tuple(names)] = found.get(tuple(names), 0) + 1
    return found


def _markers(given: Late, steps: Mapping[tuple[str, ...], int]) -> dict[str, tuple[str, ...]]:
    own: dict[str, list[str]] = {name: [TAKEN] for name in given.names}
    for number, names in enumerate(steps):
        for name in names:
            own[name].append(f"{STEPS}{number}")
    return {name: tuple(markers) for name, markers in own.items()}


def _writers(steps: Mapping[tuple[str, ...], int]) -> Iterator[Alternative]:
    """The head, the steps, and what takes off what was counted with; each named as what it is."""
    demand = HeadDemand(COUNTED, head_size=0, value_width=0)
    yield Alternative(COUNTED, COUNTED, Kind.ATTENTION, (), head=demand, latest=0)
    for number, count in enumerate(steps.values()):
        name = f"{STEPS}{number}"
        yield Alternative(name, name, Kind.MLP, ((COUNTED,),), neurons=STEP * count, latest=1)
    yield Alternative(TAKEN, TAKEN, Kind.MLP, ((COUNTED,),), neurons=TAKING, latest=1)


def _beside(reads: tuple[str, ...], markers: Markers) -> tuple[str, ...]:
    """What is read beside some variables, as some of them are late."""
    return tuple(dict.fromkeys(marker for name in reads for marker in markers.get(name, ())))


def _told(problem: Problem, markers: Markers) -> Iterator[tuple[Alternative, Alternative]]:
    """Alternatives that read what is written beside late inputs, each with that of the problem.

    One that may read inputs of several kinds in one place is one for each of them.
    """
    for alternative in problem.alternatives:
        places: list[dict[tuple[str, ...], list[str]]] = []
        for options in alternative.reads:
            kinds: dict[tuple[str, ...], list[str]] = {}
            for option in options:
                kinds.setdefault(markers.get(option, ()), []).append(option)
            places.append(kinds)
        ways = list(product(*places))
        for number, way in enumerate(ways):
            chosen = [tuple(kinds[kind]) for kinds, kind in zip(places, way, strict=True)]
            more = dict.fromkeys(marker for kind in way for marker in kind)
            reads = (*chosen, *((marker,) for marker in more))
            name = f"{VARIANT}{number} {alternative.name}" if len(ways) > 1 else alternative.name
            yield replace(alternative, name=name, reads=reads), alternative


def with_late(problem: Problem, allocation: Allocation) -> Allocation:
    """The allocation of a problem with late inputs, from that of the problem that is solved.

    Args:
        problem: The problem.
        allocation: That of `on_time(problem)`.
    """
    plan, given = allocation.plan, problem.late
    if plan is None or given is None:
        return allocation
    found = _without_writers(problem, plan, given)
    value = tuple(measured(problem, found, name) for name in allocation.objective)
    same = value == allocation.value
    return replace(
        allocation,
        plan=found,
        value=value,
        bound=allocation.bound if same else tuple(map(min, allocation.bound, value)),
        problem=fingerprint(problem),
        message="; ".join(part for part in (allocation.message, TOLD_LATE) if part),
    )


def _without_writers(problem: Problem, plan: Plan, given: Late) -> Plan:
    """The plan without the components that stand for what writes late inputs."""
    steps = _steps(given)
    own = {told.name: a for told, a in _told(problem, _markers(given, steps))}
    written = {writer.name for writer in _writers(steps)}
    placements = []
    for placement in plan.placements:
        alternative = own.get(placement.alternative)
        if alternative is not None:
            kept = placement.reads[: len(alternative.reads)]
            placements.append(replace(placement, alternative=alternative.name, reads=kept))
    erasures = tuple(e for e in plan.erasures if e.variable not in written)
    found = replace(plan, placements=tuple(placements), erasures=erasures)
    heads = max(heads_used(problem, found, plan.head_size).values(), default=0)
    neurons = max(neurons_used(problem, found).values(), default=0)
    return replace(found, heads=heads, neurons=neurons)
