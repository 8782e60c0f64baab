"""Windows: the sublayers in which each alternative can stand in a model of so many layers.

From below by the critical path to it (`solvers.timing`), from above by the critical path from it
to the output. In a model of the least depth most windows are short, however large the problem.
"""

from __future__ import annotations

from dataclasses import dataclass

from solvers.problem import Alternative, Problem
from solvers.timing import NEVER, Earliest, last_sublayer

Choices = dict[str, list[Alternative]]
"""For each variable the alternatives that a plan of that depth can use."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Where everything can stand, in every plan of a number of layers in which nothing is idle.

    Attributes:
        layers: Number of layers.
        choices: For each variable its alternatives that can be used; none for an input.
        first: For each of these alternatives its first sublayer.
        last: For each of these alternatives its last sublayer.
        needed: Variables that exist in every plan.
    """

    layers: int
    choices: Choices
    first: dict[str, int]
    last: dict[str, int]
    needed: frozenset[str]

    @property
    def steps(self) -> int:
        """Sublayers of all alternatives together: the size of a model over these windows."""
        return sum((self.last[name] - first) // 2 + 1 for name, first in self.first.items())

    @property
    def clauses(self) -> int:
        """About how many constraints a model over these windows has."""
        return sum(
            ((self.last[a.name] - self.first[a.name]) // 2 + 1)
            * (1 + 2 * sum(len(options) for options in a.reads))
            for alternatives in self.choices.values()
            for a in alternatives
        )

    @property
    def settled(self) -> bool:
        """Whether every plan uses the same alternatives, so that all that is open is when."""
        return all(
            not alternatives or (len(alternatives) == 1 and name in self.needed)
            for name, alternatives in self.choices.items()
        )


def windows(problem: Problem, times: Earliest, layers: int) -> Windows:
    """The windows of a problem at a number of layers.

    Args:
        problem: The problem.
        times: Earliest births; finite for the output.
        layers: Number of layers, at least as many as the critical path has.
    """
    total = 2 * layers
    choices = _choices(problem, times, dict.fromkeys(times.birth, total))
    needed = _needed(problem, choices)
    for _ in range(ROUNDS):
        latest = _latest(problem, times, choices, _caps(problem, times, choices, needed, total))
        choices = _choices(problem, times, latest)
        needed = _needed(problem, choices)
    usable = [a for alternatives in choices.values() for a in alternatives]
    return Windows(
        layers,
        choices,
        {a.name: times.sublayer[a.name] for a in usable},
        {a.name: last_sublayer(a, latest[a.variable]) for a in usable},
        frozenset(needed),
    )


ROUNDS = 2
"""Rounds of shortening windows and dropping what has none: the second finds what the first has made
necessary, and a third hardly ever anything."""


def _choices(problem: Problem, times: Earliest, latest: dict[str, int]) -> Choices:
    """The alternatives whose windows are not empty."""
    found: Choices = {variable.name: [] for variable in problem.variables}
    for alternative in problem.alternatives:
        last = last_sublayer(alternative, latest.get(alternative.variable, 0))
        if times.sublayer[alternative.name] <= last:
            found[alternative.variable].append(alternative)
    return found


def _needed(problem: Problem, choices: Choices) -> dict[str, tuple[str, ...]]:
    """Variables that exist in every plan, with those that each of their alternatives reads."""
    stack = list(in_every_view(problem))
    found: dict[str, tuple[str, ...]] = {}
    while stack:
        name = stack.pop()
        if name in found:
            continue
        sets = [
            {options[0] for options in a.reads if len(set(options)) == 1} for a in choices[name]
        ]
        common = sets[0].intersection(*sets[1:]) if sets else set()
        found[name] = tuple(sorted(common))
        stack.extend(found[name])
    return found


def in_every_view(problem: Problem) -> tuple[str, ...]:
    """The variables that are alive at the last state in every plan."""
    first, *others = problem.views
    return tuple(
        name for name in dict.fromkeys(first.reads) if all(name in view.reads for view in others)
    )


def _caps(
    problem: Problem,
    times: Earliest,
    choices: Choices,
    needed: dict[str, tuple[str, ...]],
    total: int,
) -> dict[str, int]:
    """For each variable the last state by which it has to be born, because of what is needed.

    What reads a variable is born later than it, so that the later ones are done before.
    """
    caps = dict.fromkeys(times.birth, total)
    for name in sorted(needed, key=lambda name: -times.birth[name]):
        if not choices[name]:
            continue
        last = max(last_sublayer(a, caps[name]) for a in choices[name])
        for read in needed[name]:
            caps[read] = min(caps[read], last)
    return caps


def _latest(
    problem: Problem, times: Earliest, choices: Choices, caps: dict[str, int]
) -> dict[str, int]:
    """For each variable that something can read the last state by which it has to be born."""
    lasting = [name for view in problem.views for name in view.reads]
    if problem.self_attention is not None:
        lasting += problem.self_attention.named
    latest = {name: caps[name] for name in lasting}
    pending = list(latest)
    while pending:
        changed: dict[str, None] = {}
        for name in pending:
            for alternative in choices[name]:
                last = last_sublayer(alternative, latest[name])
                if last < times.sublayer[alternative.name]:
                    continue
                for read in (option for options in alternative.reads for option in options):
                    state = min(last, caps[read])
                    if times.birth[read] <= last and state > latest.get(read, -1):
                        latest[read] = state
                        changed[read] = None
        pending = list(changed)
    return {name: state for name, state in latest.items() if times.birth[name] < NEVER}
