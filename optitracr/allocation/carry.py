"""An allocation whose every component float32 carries.

The solver knows sizes, no errors. Where a plan of its choice has a component that is wrong by
more than is allowed (`optitracr.candidates.margins`), that choice is left out and the problem
solved again. What is left out is more than the choice that was wrong, and what stands in its place
may be larger than need be. So a small problem whose plan is optimal is solved in several ways:
among the same components, with those beside them that pass on no errors, without heads that weigh
unevenly and with them, and among those that bear and make fewer errors. Of the plans that are
carried the smallest is taken. Only one as small as the first is known to be the smallest of all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, Protocol

from optitracr.allocation.allocate import UndecidedError
from optitracr.allocation.leaving_out import readings, uneven_ones, without
from optitracr.candidates.computable import Chains, exclude
from optitracr.candidates.erasing import erasing_otherwise
from optitracr.candidates.margins import noisy_counts, offences
from optitracr.candidates.offence import Offence
from optitracr.candidates.space import CandidateSpace
from optitracr.errors import InfeasibleError
from solvers import Allocation, Plan, Problem, Status

FIRST_ROUNDS = 1
"""Times that the first space is solved again: where one component passes on too much, leaving that
out is enough as a rule. Where it is not, all have to pass on less."""

ROUNDS = 4
"""Times that a space is solved again. Each takes as long as the first, and what one leaves out
seldom makes another error large enough; after these, the components with the least errors are
taken."""

QUIETED = 1_000
"""Components beyond which the first plan that is carried is taken, and none of fewer errors and the
same sizes is looked for: so large a problem is not proven, each search takes seconds, and hardly
one ends with the same sizes."""

LONG = 2.0
"""Deterministic seconds of a search beyond which none is made in another way: the first has looked
at nearly all that there is, and each of a dozen more would take as long."""

LEFT_OUT = (
    "the components are those that float32 is estimated to carry: status and bound are of these, "
    "after others were left out"
)
"""What the message of an allocation says that was solved again."""


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
    """A plan of a space, what float32 does not carry of it, and what is known of all others."""

    carried: Carried
    wrong: Sequence[Offence]
    least: Least


def carried_plan(
    first: tuple[CandidateSpace, Problem],
    either: Callable[[], CandidateSpace],
    cautious: Sequence[Callable[[], CandidateSpace]],
    careful: Sequence[Callable[[], CandidateSpace]],
    state: Callable[[CandidateSpace], Problem],
    solve: Solve,
) -> Carried:
    """The first plan without an offence, or the one with the least.

    Errors are taken larger than they were found to be, so that a plan beyond what is allowed is
    as a rule still right: it is handed on to the check.

    Args:
        first: The candidates, and their problem.
        either: Makes the same, and beside what passes on errors what does not.
        cautious: Each makes candidates that pass on fewer errors than those before.
        careful: Each makes candidates that bear more, of which some are left out where needed.
        state: Makes the problem of other candidates.
        solve: Solves it.

    Raises:
        InfeasibleError: If nothing fits the limits.
        TooShallowError: If candidates that were left out as they come too late may be needed.
    """
    tried = _tried(*first, solve, None)
    tries = _Tries(state, solve, [tried], _is_small(*tried.carried[1:]))
    tries.add_rounds(tried, FIRST_ROUNDS)
    again = len(tries.found) > 1 and tries.small
    last = first[0]
    latest: Tried | None = tries.found[-1]
    for make in (*cautious, *careful):
        if again and tries.at_most and not tries.enough:
            tries.add_either(either())
            again = False
        if tries.enough:
            break
        space = make()
        if not _are_alike(space, last):
            last, latest = space, tries.add(space, _least(tries.found)[0][2].plan)
        if make in careful:
            latest = tries.add_rounds(latest)
    if again and not tries.enough:
        tries.add_either(either())
    carried, excess = _least(tries.found)
    if excess > 1.0 and any(each.carried[0].layers is not None for each in tries.found):
        raise TooShallowError("what was left out as it comes too late may be carried")
    quiet = _quieter(carried, careful[:1], state, solve)
    return quiet if carried is tries.found[0].carried else _of_the_rest(quiet)


def _is_small(problem: Problem, allocation: Allocation) -> bool:
    """Whether a problem is small, and its plan was soon proven to be optimal."""
    quick = allocation.status is Status.OPTIMAL and allocation.deterministic_time <= LONG
    return quick and len(problem.alternatives) <= QUIETED


@dataclass(slots=True)
class _Tries:
    """The plans that were found so far.

    Attributes:
        state: Makes the problem of a space.
        solve: Solves it.
        found: The plans, in order.
        small: Whether the first problem is small and its plan optimal. Then the smallest plan that
            is carried is looked for, and from the second on only what is smaller than those before.
    """

    state: Callable[[CandidateSpace], Problem]
    solve: Solve
    found: list[Tried]
    small: bool

    @property
    def _carried(self) -> tuple[int, ...]:
        """The least value of a plan that is carried, if there is one."""
        return min((each.carried[2].value for each in self.found if not each.wrong), default=())

    @property
    def at_most(self) -> tuple[int, ...]:
        """The largest value that is smaller than that of a plan that is carried."""
        return _below(self._carried) if self.small else ()

    @property
    def enough(self) -> bool:
        """Whether a plan is carried, and nothing can be smaller if the smallest is looked for."""
        carried = self._carried
        return bool(carried) and (not self.small or carried <= self.found[0].carried[2].value)

    def add(
        self, space: CandidateSpace, start: Plan | None, least: Least | None = None
    ) -> Tried | None:
        """Solves a space, of which a part is known; None if there is no plan of use, or none fits.

        Args:
            space: The space.
            start: A plan of one of which it is a part.
            least: What is known of that.
        """
        try:
            state = self.state(space)
            tried = _tried(space, state, self.solve, start, self.at_most, least or {})
        except InfeasibleError:
            return None
        self.found.append(tried)
        return tried

    def add_rounds(
        self, tried: Tried | None, rounds: int = ROUNDS, even: bool = True
    ) -> Tried | None:
        """The same space with ever more left out, to the first plan without an offence: the last.

        What was left out once stays so: when no plan is of use any more, none is later.
        """
        for _ in range(rounds):
            if tried is None or not tried.wrong:
                break
            space, _, allocation = tried.carried
            smaller = without(space, allocation, tried.wrong, even)
            tried = None if smaller is None else self.add(smaller, allocation.plan, tried.least)
        return tried

    def add_either(self, space: CandidateSpace) -> None:
        """What passes on errors and what does not, without uneven heads and with them."""
        first = self.add(space, self.found[0].carried[2].plan)
        self.add_rounds(first)
        if first is None or self.enough:
            return
        if uneven_ones(space, first.carried[2], first.wrong):
            self.add_rounds(first, even=False)


def _above(value: tuple[int, ...]) -> tuple[int, ...]:
    """The least values that are larger, first things first."""
    return (*value[:-1], value[-1] + 1) if value else NOWHERE


def _below(value: tuple[int, ...]) -> tuple[int, ...]:
    """The largest values that are smaller, first things first."""
    return (*value[:-1], value[-1] - 1) if value else ()


def _quieter(
    carried: Carried,
    careful: Sequence[Callable[[], CandidateSpace]],
    state: Callable[[CandidateSpace], Problem],
    solve: Solve,
) -> Carried:
    """A plan as small whose heads count with fewer errors, or a smaller one; else the same plan."""
    space, first, allocation = carried
    noisy = noisy_counts(space, allocation)
    if not noisy or len(first.alternatives) > QUIETED:
        return carried
    chains = Chains(space)
    quieter: list[Callable[[], CandidateSpace | None]] = [
        partial(exclude, space, readings([one]), chains) for one in noisy
    ]
    for make in (*quieter, *careful):
        quiet = make()
        if quiet is None:
            continue
        try:
            tried = _tried(quiet, state(quiet), solve, None, allocation.value)
        except InfeasibleError:
            continue
        quiet, problem, other = tried.carried
        if tried.wrong or other.status is not allocation.status:
            continue
        # Nothing is smaller than the first plan, if that is proven; so one as small is as well. A
        # plan of what was left may be beaten by one of components that bear more errors.
        is_calmer = other.value == allocation.value and _noise(quiet, other) < noisy[0].error
        if other.value < allocation.value or is_calmer:
            return quiet, problem, other
    return carried


def _noise(space: CandidateSpace, allocation: Allocation) -> float:
    """The largest error of what a head counts, 0 if it is none to speak of."""
    return max((offence.error for offence in noisy_counts(space, allocation)), default=0.0)


def _are_alike(space: CandidateSpace, other: CandidateSpace) -> bool:
    """Whether the same was proposed for two spaces, however much it bears."""
    first, second = (
        [(c.name, c.neurons, c.needs) for c in each.candidates.values()] for each in (space, other)
    )
    return first == second and space.excluded == other.excluded


def _of_the_rest(carried: Carried) -> Carried:
    """The same, saying that what is proven is proven of fewer components."""
    space, problem, allocation = carried
    message = f"{allocation.message}; {LEFT_OUT}" if allocation.message else LEFT_OUT
    return space, problem, replace(allocation, message=message)


def _ways(space: CandidateSpace, problem: Problem) -> Iterator[tuple[CandidateSpace, Problem]]:
    """A space, and the same with other ways in which its erasing heads tell positions."""
    yield space, problem
    if len(problem.alternatives) <= QUIETED:
        yield from erasing_otherwise(space, problem)


def _tried(
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
            of_use = _below(found[2].value)
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
                known[way[0].powers] = _above(of_use or ())
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


def _least(found: Sequence[Tried]) -> tuple[Carried, float]:
    """The plan with the smallest excess, and that excess.

    Of equals it is the one whose second is smaller, and so on. Of those it is the smallest model,
    and of equal ones the first.
    """
    excess = [sorted((o.error / o.allowed for o in each.wrong), reverse=True) for each in found]
    place = min(range(len(found)), key=lambda i: (excess[i], found[i].carried[2].value))
    return found[place].carried, max(excess[place], default=0.0)
