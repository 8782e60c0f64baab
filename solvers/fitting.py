"""What of a problem matters at a number of layers: what comes in time, and of which use is made.

A component stands no later than its last reader does, and that no later than its own, up to the
output. Where that is before it can stand at all, no plan of so many layers has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from solvers.problem import Alternative, Problem
from solvers.timing import Earliest, last_sublayer

NOT_AT_ALL = -1
"""The last sublayer of what no plan has: before the first."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """The part of a problem that plans of a number of layers are made of.

    Attributes:
        problem: The problem, without components that no such plan has.
        last: For each of its alternatives the last sublayer in which it can stand.
    """

    problem: Problem
    last: dict[str, int]


def fitting(problem: Problem, layers: int, times: Earliest) -> Fitting:
    """What matters at a number of layers.

    Args:
        problem: The problem.
        layers: The number of layers.
        times: Earliest births.
    """
    last = _last_sublayers(problem, layers, times)
    kept = [_timely(a, last[a.name], times) for a in problem.alternatives if a.name in last]
    used = {name for alternative in kept for name in _named(alternative)}
    used |= {name for view in problem.views for name in view.reads}
    used |= set(problem.self_attention.named if problem.self_attention is not None else ())
    variables = tuple(v for v in problem.variables if v.is_input or v.name in used)
    known = {variable.name for variable in variables}
    alternatives = tuple(_determining(alternative, known) for alternative in kept)
    return Fitting(replace(problem, variables=variables, alternatives=alternatives), last)


def _last_sublayers(problem: Problem, layers: int, times: Earliest) -> dict[str, int]:
    """The last sublayer of each alternative that fits, by relaxation from the output back."""
    total, of = 2 * layers, problem.alternatives_of()
    # The last state at which somebody may read a variable.
    state = {name: total for view in problem.views for name in view.reads}
    if problem.self_attention is not None:
        state |= dict.fromkeys(problem.self_attention.named, total)
    last: dict[str, int] = {}
    pending = list(state)
    while pending:
        name = pending.pop()
        for alternative in of[name]:
            sublayer = last_sublayer(alternative, state[name])
            if sublayer < max(times.sublayer[alternative.name], last.get(alternative.name, 0)):
                continue
            if last.get(alternative.name) == sublayer:
                continue
            last[alternative.name] = sublayer
            for options in alternative.reads:
                for option in options:
                    if state.get(option, NOT_AT_ALL) < sublayer:
                        state[option] = sublayer
                        pending.append(option)
    return last


def _timely(alternative: Alternative, last: int, times: Earliest) -> Alternative:
    """An alternative without what it could read too late."""
    reads = tuple(
        tuple(option for option in options if times.birth[option] <= last)
        for options in alternative.reads
    )
    return alternative if reads == alternative.reads else replace(alternative, reads=reads)


def _named(alternative: Alternative) -> Mapping[str, None]:
    """What an alternative computes and reads."""
    return dict.fromkeys(
        (alternative.variable, *(option for options in alternative.reads for option in options))
    )


def _determining(alternative: Alternative, known: set[str]) -> Alternative:
    """An alternative that names no variable that is left out."""
    if known.issuperset(alternative.determines):
        return alternative
    names = tuple(name for name in alternative.determines if name in known)
    return replace(alternative, determines=names)
