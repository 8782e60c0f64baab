"""Earliest sublayers: the critical path through alternatives, and the depth it implies."""

from __future__ import annotations

from dataclasses import dataclass

from solvers.problem import Alternative, Problem

NEVER = 1 << 30
"""The birth of a variable that cannot be computed: beyond every sublayer, and small enough to be
added to."""


@dataclass(frozen=True, slots=True)
class Earliest:
    """Lower bounds that every plan obeys.

    Attributes:
        birth: For each variable the first state at which it can be alive.
        sublayer: For each alternative the first sublayer in which it can stand.
        layers: Layers that any plan has at least; NEVER if the output is out of reach.
    """

    birth: dict[str, int]
    sublayer: dict[str, int]
    layers: int


def earliest(problem: Problem) -> Earliest:
    """The earliest time of everything, by relaxation to a fixpoint (Bellman 1958)."""
    birth = {v.name: 0 if v.is_input else NEVER for v in problem.variables}
    readers: dict[str, list[Alternative]] = {}
    for alternative in problem.alternatives:
        for options in alternative.reads:
            for name in options:
                readers.setdefault(name, []).append(alternative)
    pending = list(problem.alternatives)
    sublayer: dict[str, int] = {}
    while pending:
        changed: dict[str, Alternative] = {}
        for alternative in pending:
            start = _start(alternative, birth)
            sublayer[alternative.name] = start
            if start < NEVER and start + 1 < birth[alternative.variable]:
                birth[alternative.variable] = start + 1
                changed |= {a.name: a for a in readers.get(alternative.variable, ())}
        pending = list(changed.values())
    last = min(max((birth[name] for name in view.reads), default=0) for view in problem.views)
    return Earliest(birth, sublayer, NEVER if last >= NEVER else (last + 1) // 2)


def last_sublayer(alternative: Alternative, latest: int) -> int:
    """The last sublayer of the right kind from which its variable is born by a state."""
    last = latest - 1 if alternative.latest is None else min(latest - 1, alternative.latest)
    return last - (last % 2 != alternative.kind.parity)


def _start(alternative: Alternative, birth: dict[str, int]) -> int:
    """First sublayer of the right kind at which everything read can be alive."""
    first = 0
    for options in alternative.reads:
        own = birth[options[0]] if len(options) == 1 else min(map(birth.__getitem__, options))
        first = max(first, own)
    if first >= NEVER:
        return NEVER
    return first + (first % 2 != alternative.kind.parity)
