"""A problem by numbers: what local search asks of it a million times."""

from __future__ import annotations

from dataclasses import dataclass

from solvers.problem import Kind, Problem

Options = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """A problem whose variables and alternatives are numbers, in its order.

    Attributes:
        problem: The problem.
        variables: Number of each variable.
        alternatives: Number of each alternative.
        width: Dimensions of each variable.
        erasing: Neurons that erasing each variable takes.
        is_input: Whether the embedding supplies each variable.
        ways: The alternatives of each variable.
        computes: The variable of each alternative.
        is_mlp: Whether each alternative is an MLP.
        reads: For each alternative and read the variables that would do.
        neurons: Neurons of each alternative.
    """

    problem: Problem
    variables: dict[str, int]
    alternatives: dict[str, int]
    width: list[int]
    erasing: list[int]
    is_input: list[bool]
    ways: list[list[int]]
    computes: list[int]
    is_mlp: list[bool]
    reads: list[tuple[Options, ...]]
    neurons: list[int]


def tables_of(problem: Problem) -> Tables:
    """The problem by numbers."""
    variables = {v.name: number for number, v in enumerate(problem.variables)}
    ways: list[list[int]] = [[] for _ in variables]
    for number, alternative in enumerate(problem.alternatives):
        ways[variables[alternative.variable]].append(number)
    return Tables(
        problem=problem,
        variables=variables,
        alternatives={a.name: number for number, a in enumerate(problem.alternatives)},
        width=[v.width for v in problem.variables],
        erasing=[v.erasing_neurons for v in problem.variables],
        is_input=[v.is_input for v in problem.variables],
        ways=ways,
        computes=[variables[a.variable] for a in problem.alternatives],
        is_mlp=[a.kind is Kind.MLP for a in problem.alternatives],
        reads=[
            tuple(tuple(dict.fromkeys(variables[o] for o in options)) for options in a.reads)
            for a in problem.alternatives
        ],
        neurons=[a.neurons for a in problem.alternatives],
    )
