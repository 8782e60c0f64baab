"""Between plans and schedules."""

from __future__ import annotations

from solvers.allocation import Erasure, Placement, Plan
from solvers.greedy import measured
from solvers.sliding.fields import Numbers, at, field
from solvers.sliding.schedule import FINAL, NONE, begin, empty, enter, link, refresh
from solvers.sliding.tables import IS_MLP, SLOTS_FROM, Numbered


def schedule_of(numbered: Numbered, plan: Plan) -> Numbers:
    """The plan's alternatives and layers; each variable is erased after its last reader.

    Args:
        numbered: The problem.
        plan: The plan.
    """
    tables, schedule = numbered.tables, empty(numbered, plan.layers)
    begin(schedule)
    for name in dict.fromkeys(numbered.problem.views[plan.view].reads):
        variable = numbered.variables[name]
        field(schedule, FINAL)[variable] = 1
        refresh(tables, schedule, variable, NONE, plan.layers)
    variables = {a.name: numbered.variables[a.variable] for a in numbered.problem.alternatives}
    for placement in plan.placements:
        name = placement.alternative
        way, layer = numbered.alternatives[name], placement.sublayer // 2
        enter(tables, schedule, variables[name], way, layer)
    for placement in plan.placements:
        variable = variables[placement.alternative]
        first, layer = at(tables, SLOTS_FROM, variable), placement.sublayer // 2
        for slot, name in enumerate(placement.reads, first):
            link(schedule, slot, numbered.variables[name])
            refresh(tables, schedule, numbered.variables[name], NONE, layer)
    return schedule


def plan_of(numbered: Numbered, way: Numbers, layer: Numbers, pick: Numbers, like: Plan) -> Plan:
    """The plan in which alternatives stand in layers and read variables.

    Args:
        numbered: The problem.
        way: The alternative of each variable; NONE if it is not computed.
        layer: Where each stands.
        pick: What each slot reads.
        like: A plan of the same depth and view.
    """
    problem, tables = numbered.problem, numbered.tables
    names, alternatives = problem.variables, problem.alternatives
    final = set(problem.views[like.view].reads)
    placements: list[Placement] = []
    last: dict[str, int] = {}
    for variable, number in enumerate(way.tolist()):
        if number == NONE:
            continue
        first = at(tables, SLOTS_FROM, variable)
        picks = pick[first : first + len(alternatives[number].reads)].tolist()
        reads = tuple(names[name].name for name in picks)
        sublayer = 2 * int(layer[variable]) + at(tables, IS_MLP, number)
        placements.append(Placement(alternatives[number].name, sublayer, reads))
        for name in reads:
            last[name] = max(last.get(name, 0), sublayer | 1)
    erased = [Erasure(name, sublayer) for name, sublayer in last.items() if name not in final]
    placements.sort(key=lambda placement: (placement.sublayer, placement.alternative))
    erased.sort(key=lambda erasure: (erasure.sublayer, erasure.variable))
    bare = Plan(like.layers, tuple(placements), tuple(erased), like.view, 0, 0, 0, 0)
    return measured(problem, bare)
