"""One search: the smallest plan of a space, however its erasing heads tell positions."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from optitracr.allocation.allocate import UndecidedError
from optitracr.candidates.erasing import erasing_otherwise
from optitracr.candidates.margins import offences
from optitracr.candidates.offence import Offence
from optitracr.candidates.space import CandidateSpace
from optitracr.errors import InfeasibleError
from solvers import Allocation, Plan, Problem, Status

QUIETED = 1_000
"""Components beyond which the first plan that is carried is taken, and none of fewer errors and the
same sizes is looked for: so large a problem is not proven, each search takes seconds, and hardly
one ends with the same sizes."""

LONG = 2.0
"""Deterministic seconds of a search beyond which none is made in another way: the first has looked
at nearly all that there is, and each of a dozen more would take as long."""


class TooShallowError(InfeasibleError):
    """No plan of so few layers is carried: it may take what was left out as it comes too late."""


Carried = tuple[CandidateSpace, Problem, Allocation]


class Solve(Protocol):
    """Solves a problem, or raises InfeasibleError."""

    def __call__(
        self,
        problem: Problem,
        start: Plan | None = None,
        at_most: tuple[int, ...] | None = None,
    ) -> Allocation:
        """From a plan of a problem that had more components, and up to some sizes, if given.

        An error says what would fit only where these are not given, not even as none.
        """


Way = tuple[str, ...]
"""Forms of powers by which erasing heads tell positions; none if they do by the circle."""

Least = Mapping[Way, tuple[int, ...]]
"""For ways that were searched a value of the objective below which nothing is."""

NOWHERE = (1 << 62,)
"""More than any value: nothing fits the limits."""


class Tried(NamedTuple):
    """A plan of a space, what float32 does not carry of it, and what is known of all others.

    Attributes:
        carried: The plan, with its space and problem.
        wrong: What is wrong with it; nothing if its model is proven.
        least: What is known of the space.
        proven: Whether its model is known to be proven.
    """

    carried: Carried
    wrong: Sequence[Offence]
    least: Least
    proven: bool = False


def above(value: tuple[int, ...]) -> tuple[int, ...]:
    """The least values that are larger, first things first."""
    return (*value[:-1], value[-1] + 1) if value else NOWHERE


def below(value: tuple[int, ...]) -> tuple[int, ...]:
    """The largest values that are smaller, first things first."""
    return (*value[:-1], value[-1] - 1) if value else ()


def _ways(space: CandidateSpace, problem: Problem) -> Iterator[tuple[CandidateSpace, Problem]]:
    """A space, and the same with other ways in which its erasing heads tell positions."""
    yield space, problem
    if len(problem.alternatives) <= QUIETED:
        yield from erasing_otherwise(space, problem)


def tried_plan(
    space: CandidateSpace,
    problem: Problem,
    solve: Solve,
    start: Plan | None,
    at_most: tuple[int, ...] | None = None,
    least: Least | None = None,
) -> Tried:
    """The smallest plan of a space, proven of all ways; after a long search no other is searched.

    Args:
        space: The space.
        problem: Its problem.
        solve: Solves it.
        start: A plan of a space of which this is a part.
        at_most: Values beyond which a plan is of no use, or none; None to have it said what would
            fit if nothing does.
        least: What is known of the other space.

    Raises:
        InfeasibleError: If there is no plan of use, or none within the limits.
        TooShallowError: If the plan is deeper than the candidates were made for.
    """
    began = time.perf_counter()
    found: Carried | None = None
    failed: list[InfeasibleError] = []
    known = dict(least or {})
    ways = [*_ways(space, problem)]
    for way in ways:
        if found is None:
            # What would fit is said of the last way alone.
            of_use = at_most if way is ways[-1] else at_most or ()
        elif found[2].status is Status.OPTIMAL and found[2].deterministic_time <= LONG:
            of_use = below(found[2].value)
        else:
            break
        if of_use and known.get(way[0].powers, ()) > of_use:
            failed.append(InfeasibleError("what a space has not, none of its parts has"))
            continue
        try:
            allocation = solve(way[1], start, of_use)
        except InfeasibleError as error:
            # What one way leaves no room for may fit with another.
            failed.append(error)
            if not isinstance(error, UndecidedError):
                known[way[0].powers] = above(of_use or ())
            continue
        if allocation.status is Status.OPTIMAL:
            known[way[0].powers] = allocation.value
        found = (*way, allocation) if found is None else _smaller(found, (*way, allocation))
    if found is None:
        raise failed[-1]
    if any(isinstance(error, UndecidedError) for error in failed):
        found = _unproven(found, (0,) * len(found[2].value))
    space, problem, allocation = found
    if space.layers is not None and allocation.plan and allocation.plan.layers > space.layers:
        raise TooShallowError(f"{allocation.plan.layers} layers, and not {space.layers}")
    allocation = replace(allocation, seconds=time.perf_counter() - began)
    return Tried((space, problem, allocation), offences(space, allocation), known)


def _smaller(found: Carried, other: Carried) -> Carried:
    """The smaller of two plans, the first of equal ones; proven if the other is as well."""
    if other[2].value < found[2].value:
        return other
    is_proven = other[2].status is Status.OPTIMAL
    return found if is_proven else _unproven(found, other[2].bound)


def _unproven(found: Carried, bound: tuple[int, ...]) -> Carried:
    """The same plan, of which a bound is known."""
    space, problem, allocation = found
    if allocation.status is not Status.OPTIMAL:
        return found
    gaps = [(v - b) / max(v, 1) for v, b in zip(allocation.value, bound, strict=True) if v > b]
    gap = gaps[0] if gaps else 0.0
    return space, problem, replace(allocation, status=Status.FEASIBLE, bound=bound, gap=gap)


def is_small(problem: Problem, allocation: Allocation) -> bool:
    """Whether a problem is small, and its plan was soon proven to be optimal."""
    quick = allocation.status is Status.OPTIMAL and allocation.deterministic_time <= LONG
    return quick and len(problem.alternatives) <= QUIETED
