"""One search: the smallest plan of a space, and what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

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


class Tried(NamedTuple):
    """A plan of a space, and what float32 does not carry of it.

    Attributes:
        carried: The plan, with its space and problem.
        wrong: What is wrong with it; nothing if its model is proven.
        proven: Whether its model is known to be proven.
    """

    carried: Carried
    wrong: Sequence[Offence]
    proven: bool = False

    @property
    def least(self) -> tuple[int, ...]:
        """A value of the objective below which no plan of the space is; none if it is not known."""
        allocation = self.carried[2]
        return allocation.value if allocation.status is Status.OPTIMAL else ()


def below(value: tuple[int, ...]) -> tuple[int, ...]:
    """The largest values that are smaller, first things first."""
    return (*value[:-1], value[-1] - 1) if value else ()


def tried_plan(
    space: CandidateSpace,
    problem: Problem,
    solve: Solve,
    start: Plan | None,
    at_most: tuple[int, ...] | None = None,
) -> Tried:
    """The smallest plan of a space.

    Args:
        space: The space.
        problem: Its problem.
        solve: Solves it.
        start: A plan of a space of which this is a part.
        at_most: Values beyond which a plan is of no use, or none; None to have it said what would
            fit if nothing does.

    Raises:
        InfeasibleError: If there is no plan of use, or none within the limits.
        TooShallowError: If the plan is deeper than the candidates were made for.
    """
    allocation = solve(problem, start, at_most)
    if space.layers is not None and allocation.plan and allocation.plan.layers > space.layers:
        raise TooShallowError(f"{allocation.plan.layers} layers, and not {space.layers}")
    return Tried((space, problem, allocation), offences(space, allocation))


def is_small(problem: Problem, allocation: Allocation) -> bool:
    """Whether a problem is small, and its plan was soon proven to be optimal."""
    quick = allocation.status is Status.OPTIMAL and allocation.deterministic_time <= LONG
    return quick and len(problem.alternatives) <= QUIETED
