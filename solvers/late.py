"""Inputs that the embedding does not supply, and the first layer writes.

Nothing reads them in that layer; they have their dimensions from the start all the same. A problem
that has such inputs is solved as one without: two components of the first layer stand for what
writes them, a head and an MLP, and whatever reads late inputs reads theirs as well. These take no
dimensions, and are left out of the plan that is found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from solvers.allocation import Allocation, Plan, heads_used, measured, neurons_used
from solvers.problem import Alternative, HeadDemand, Kind, Problem, Variable
from solvers.serialisation import fingerprint

COUNTED, TOLD = "\x00counted", "\x00told"
"""What the head writes, and what the MLP does."""

EARLY = "\x00early "
"""Before the name of an alternative that reads no late input, where it may read another."""

TOLD_LATE = "some inputs are written by the first layer, so that nothing reads them in it"
"""What the message of an allocation says."""


def on_time(problem: Problem) -> Problem:
    """A problem without late inputs, whose plans are those of the given one and two components.

    Args:
        problem: A problem with late inputs.
    """
    own, given = problem.self_attention, problem.late
    if given is None:
        return problem
    late_inputs = frozenset(given.inputs)
    demand = HeadDemand(COUNTED, head_size=0, value_width=0)
    writers = (
        Alternative(COUNTED, COUNTED, Kind.ATTENTION, (), head=demand, latest=0),
        Alternative(TOLD, TOLD, Kind.MLP, ((COUNTED,),), neurons=given.neurons, latest=1),
    )
    late = [each for a in problem.alternatives for each in _late(a, late_inputs)]

    def gated(reads: tuple[str, ...]) -> tuple[str, ...]:
        return (*reads, TOLD) if not late_inputs.isdisjoint(reads) else reads

    return replace(
        problem,
        variables=(*problem.variables, Variable(COUNTED, 0), Variable(TOLD, 0)),
        alternatives=(*late, *writers),
        late=None,
        views=tuple(replace(view, reads=gated(view.reads)) for view in problem.views),
        self_attention=None if own is None else replace(own, reads=gated(own.reads)),
    )


def _late(alternative: Alternative, inputs: Collection[str]) -> Iterator[Alternative]:
    """An alternative that may read late inputs, and one that reads none where it may."""
    late = tuple(tuple(o for o in options if o in inputs) for options in alternative.reads)
    if not any(late):
        yield alternative
        return
    early = tuple(tuple(o for o in options if o not in inputs) for options in alternative.reads)
    if all(early):
        yield replace(alternative, name=EARLY + alternative.name, reads=early)
    yield replace(alternative, reads=(*alternative.reads, (TOLD,)))


def with_late(problem: Problem, allocation: Allocation) -> Allocation:
    """The allocation of a problem with late inputs, from that of the problem that is solved.

    Args:
        problem: The problem.
        allocation: That of `on_time(problem)`.
    """
    plan = allocation.plan
    if plan is None:
        return allocation
    found = _without_writers(problem, plan)
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


def _without_writers(problem: Problem, plan: Plan) -> Plan:
    """The plan without the components that stand for what writes late inputs."""
    reads = {a.name: len(a.reads) for a in problem.alternatives}
    placements = []
    for placement in plan.placements:
        name = placement.alternative.removeprefix(EARLY)
        if name in reads:
            kept = placement.reads[: reads[name]]
            placements.append(replace(placement, alternative=name, reads=kept))
    erasures = tuple(e for e in plan.erasures if e.variable not in (COUNTED, TOLD))
    found = replace(plan, placements=tuple(placements), erasures=erasures)
    heads = max(heads_used(problem, found, plan.head_size).values(), default=0)
    neurons = max(neurons_used(problem, found).values(), default=0)
    return replace(found, heads=heads, neurons=neurons)
