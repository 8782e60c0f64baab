"""A problem by numbers: what local search asks of it a million times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from solvers.problem import Kind, Problem
from solvers.sliding.fields import Numbers, packed

WIDTH, ERASING, IS_INPUT, WAYS_FROM, WAYS, SLOTS_FROM, READER = range(7)
"""Of each variable its dimensions, the neurons that erasing it takes, whether the embedding
supplies it, and its alternatives; its slots, one for each read that any of these has at most; and
of each slot the variable. What there are several of stands one after the other, and `..._FROM`
says where those of each begin, and at the end where the last ones end."""

IS_MLP, COSTS_NEURONS, READS_FROM, OPTIONS_FROM, OPTIONS = range(7, 12)
"""Of each alternative whether it is an MLP, its neurons, and its reads; of each read the
variables that would do."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A problem whose variables and alternatives are numbers, in its order.

    Attributes:
        problem: The problem.
        tables: The same by numbers: fields by the names above.
        variables: Number of each variable.
        alternatives: Number of each alternative.
        widths: Dimensions of all variables together.
        neurons: No layer has more: all components and erasures at once.
    """

    problem: Problem
    tables: Numbers
    variables: dict[str, int]
    alternatives: dict[str, int]
    widths: int
    neurons: int


def numbered(problem: Problem) -> Numbered:
    """The problem by numbers."""
    variables = {v.name: number for number, v in enumerate(problem.variables)}
    alternatives = problem.alternatives
    ways: list[list[int]] = [[] for _ in variables]
    for number, alternative in enumerate(alternatives):
        ways[variables[alternative.variable]].append(number)
    slots = [max((len(alternatives[way].reads) for way in own), default=0) for own in ways]
    options = [_options(read, variables) for a in alternatives for read in a.reads]
    erasing = [v.erasing_neurons for v in problem.variables]
    tables = (
        [v.width for v in problem.variables],
        erasing,
        [v.is_input for v in problem.variables],
        _starts(ways),
        [way for own in ways for way in own],
        _starts([range(count) for count in slots]),
        [variable for variable, count in enumerate(slots) for _ in range(count)],
        [a.kind is Kind.MLP for a in alternatives],
        [a.neurons for a in alternatives],
        _starts([a.reads for a in alternatives]),
        _starts(options),
        [number for own in options for number in own],
    )
    return Numbered(
        problem,
        packed(tables),
        variables,
        {a.name: number for number, a in enumerate(alternatives)},
        sum(tables[WIDTH]),
        sum(tables[COSTS_NEURONS]) + sum(erasing),
    )


def _options(read: Sequence[str], variables: dict[str, int]) -> list[int]:
    """The variables that would do for a read, each once."""
    return list(dict.fromkeys(variables[name] for name in read))


def _starts(groups: Iterable[Sequence[object]]) -> list[int]:
    """Where each group begins, if they stand one after the other, and where the last one ends."""
    return list(accumulate(map(len, groups), initial=0))
