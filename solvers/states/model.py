"""The state model: for each variable and state whether it is alive there.

A component needs what it reads alive at the state that it reads; which of several options that is
need not be decided. A variable is alive where it is born or was alive before, and where it ends it
is erased. So there are no times but literals, and what a solver learns is said in few of them:
where sizes are bounded, as in a search for the fewest parameters, plans are found and ruled out
many times sooner than with births and ends as numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from solvers.constraints.heads import add_heads
from solvers.constraints.neurons import add_neurons
from solvers.constraints.stock import add_stock
from solvers.constraints.turnover import add_turnover
from solvers.constraints.variables import Decisions, declare_own, declare_sizes
from solvers.dominance import spares
from solvers.fitting import fitting
from solvers.interrupts import load_cp_sat
from solvers.problem import Problem
from solvers.timing import Earliest

Bool = Any


@dataclass(slots=True)
class States(Decisions):
    """Decision variables for a fixed number of layers; those of times and reads are not there.

    Attributes:
        alive: For each variable and state at which it can be alive whether it is.
    """

    alive: dict[str, dict[int, Bool]] = field(default_factory=dict)


def build_states(problem: Problem, layers: int, times: Earliest) -> States:
    """The state model for a number of layers, without an objective.

    Args:
        problem: The problem.
        layers: The number of layers.
        times: Earliest births.
    """
    load_cp_sat()
    from ortools.sat.python import cp_model

    part = fitting(problem, layers, times)
    states = States(part.problem, cp_model.CpModel(), layers)
    _declare(states, times, part.last)
    declare_own(states)
    declare_sizes(states)
    _add_lives(states)
    _add_reads(states)
    _add_nothing_idle(states)
    _add_spares(states)
    _add_erasing_heads(states)
    _add_width(states)
    add_neurons(states)
    add_turnover(states)
    add_heads(states)
    add_stock(states)
    return states


def _declare(states: States, times: Earliest, last: dict[str, int]) -> None:
    model, total = states.model, states.sublayers
    for alternative in states.problem.alternatives:
        name = alternative.name
        states.use[name] = model.new_bool_var("")
        window = range(times.sublayer[name], last[name] + 1, 2)
        states.at[name] = {s: model.new_bool_var("") for s in window}
    for variable in states.problem.variables:
        name = variable.name
        first = 0 if variable.is_input else max(1, min(times.birth[name], total + 1))
        states.present[name] = model.new_bool_var("")
        states.alive[name] = {t: model.new_bool_var("") for t in range(first, total + 1)}
        states.erased[name] = {s: model.new_bool_var("") for s in range(first, total)}
    states.view = [model.new_bool_var("") for _ in states.problem.views]


def _add_lives(states: States) -> None:
    """A variable is born once, and alive from then until it is erased, or to the end."""
    model, alternatives = states.model, states.problem.alternatives_of()
    for name, alive in states.alive.items():
        births: dict[int, list[Bool]] = {}
        for alternative in alternatives[name]:
            for sublayer, here in states.at[alternative.name].items():
                births.setdefault(sublayer + 1, []).append(here)
        model.add_at_most_one(here for born in births.values() for here in born)
        _add_life(states, name, births)
        _any_of(model, states.present[name], alive.values())
    for alternative in states.problem.alternatives:
        _any_of(model, states.use[alternative.name], states.at[alternative.name].values())


def _add_life(states: States, name: str, births: dict[int, list[Bool]]) -> None:
    model, erased = states.model, states.erased[name]
    before = None
    for state, alive in states.alive[name].items():
        born = births.get(state, [])
        for here in born:
            model.add_implication(here, alive)
        if state > 0:
            earlier = born if before is None else [*born, before]
            model.add_bool_or([*earlier, alive.negated()])
        if before is not None:
            model.add_bool_or([before.negated(), alive, erased[state - 1]])
            model.add_implication(erased[state - 1], before)
            model.add_implication(erased[state - 1], alive.negated())
        before = alive


def _any_of(model: Any, literal: Bool, parts: Any) -> None:
    """A literal stands for at least one of others."""
    literals = list(parts)
    model.add_bool_or([literal.negated(), *literals])
    for part in literals:
        model.add_implication(part, literal)


def _add_reads(states: States) -> None:
    """Where a component stands, what it reads is alive; what the output reads is at the end."""
    model, total = states.model, states.sublayers
    for alternative in states.problem.alternatives:
        use, at = states.use[alternative.name], states.at[alternative.name]
        for options in map(tuple, map(dict.fromkeys, alternative.reads)):
            model.add_bool_or([use.negated(), *(states.present[o] for o in options)])
            for sublayer, here in at.items():
                alive = [states.alive[o][sublayer] for o in options if sublayer in states.alive[o]]
                model.add_bool_or([here.negated(), *alive])
    model.add_exactly_one(states.view)
    for view, chosen in zip(states.problem.views, states.view, strict=True):
        for name in view.reads:
            lasting = states.alive[name].get(total)
            model.add_bool_or([chosen.negated(), *([] if lasting is None else [lasting])])


def _add_nothing_idle(states: States) -> None:
    """What no component in use could read does not exist."""
    model, own = states.model, states.problem.self_attention
    lasting = {name for view in states.problem.views for name in view.reads}
    lasting |= set(() if own is None else own.named)
    readers: dict[str, list[Bool]] = {v.name: [] for v in states.problem.variables}
    for alternative in states.problem.alternatives:
        for name in dict.fromkeys(o for options in alternative.reads for o in options):
            readers[name].append(states.use[alternative.name])
    for name, uses in readers.items():
        if name not in lasting:
            model.add_bool_or([states.present[name].negated(), *uses])


def _add_spares(states: States) -> None:
    """What is of use only long before or after another variable exists only there."""
    model = states.model
    for spare, other in spares(states.problem):
        model.add_implication(states.present[spare], states.present[other])
        for state, alive in states.alive[spare].items():
            for near in (state - 1, state, state + 1):
                if near in states.alive[other]:
                    model.add_bool_or([alive.negated(), states.alive[other][near].negated()])


def _add_erasing_heads(states: States) -> None:
    """What an erasing head reads is alive where it stands."""
    model, own = states.model, states.problem.self_attention
    for erased in states.erased.values():
        for sublayer, here in erased.items():
            if sublayer % 2:
                continue
            if own is None:
                model.add_bool_or([here.negated()])
                continue
            for chosen, way in states.self_attention():
                no = [here.negated(), *(own_way.negated() for own_way in chosen)]
                for name in way:
                    alive = states.alive[name].get(sublayer)
                    model.add_bool_or([*no, *([] if alive is None else [alive])])


def _add_width(states: States) -> None:
    """The variables alive at one state fit into the residual stream."""
    loads: dict[int, list[Any]] = {t: [] for t in range(states.sublayers + 1)}
    for variable in states.problem.variables:
        for state, alive in states.alive[variable.name].items() if variable.width else ():
            loads[state].append(variable.width * alive)
    for terms in loads.values():
        if terms:
            states.model.add(sum(terms) <= states.width)
