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

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from optitracr.candidates.computable import Chains, exclude
from optitracr.candidates.erasing import erasing_otherwise
from optitracr.candidates.margins import noisy_counts, offences
from optitracr.candidates.offence import Offence
from optitracr.candidates.space import NOTHING, CandidateSpace
from optitracr.constructions.heads import HeadPlan
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

Solve = Callable[[Problem, Plan | None], Allocation]
"""Solves a problem, from a plan of a problem that had more components if one is given."""


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
    found = [_tried(*first, solve, None)]
    found += _rounds(found[0], state, solve, FIRST_ROUNDS)
    quick = found[0][0][2].status is Status.OPTIMAL and found[0][0][2].deterministic_time <= LONG
    small = quick and len(first[1].alternatives) <= QUIETED
    if len(found) > 1 and small:
        found += _of_either(either, state, solve, found[0][0][2].plan)
    last = first[0]
    for make in (*cautious, *careful):
        best, excess = _least(found)
        beaten = small and best[2].value > found[0][0][2].value
        if excess <= 1.0 and not beaten:
            break
        try:
            space = make()
            if not _are_alike(space, last):
                start = _least(found)[0][2].plan
                found.append(_tried(space, state(space), solve, start))
                last = space
            if make in careful:
                found += _rounds(found[-1], state, solve)
        except InfeasibleError:
            # What bears more errors is larger; the limits leave no room for it.
            pass
    carried, excess = _least(found)
    if excess > 1.0 and any(space.layers is not None for (space, _, _), _ in found):
        raise TooShallowError("what was left out as it comes too late may be carried")
    quiet = _quieter(carried, careful[:1], state, solve)
    return quiet if carried is found[0][0] else _of_the_rest(quiet)


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
        partial(exclude, space, _readings([one]), chains) for one in noisy
    ]
    for make in (*quieter, *careful):
        quiet = make()
        if quiet is None:
            continue
        try:
            (quiet, problem, other), wrong = _tried(quiet, state(quiet), solve, None)
        except InfeasibleError:
            continue
        if wrong or other.status is not allocation.status:
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


Tried = tuple[Carried, Sequence[Offence]]


def _tried(space: CandidateSpace, problem: Problem, solve: Solve, start: Plan | None) -> Tried:
    small = len(problem.alternatives) <= QUIETED
    ways = erasing_otherwise(space, problem) if small else iter(())
    try:
        tried = space, problem, solve(problem, start)
    except InfeasibleError:
        # What the circle leaves no room for may fit without it.
        other = next(ways, None)
        if other is None:
            raise
        tried = *other, solve(other[1], start)
    if tried[2].deterministic_time <= LONG:
        for other in ways:
            tried = _smaller(other, tried, solve)
    space, _, allocation = tried
    if space.layers is not None and allocation.plan and allocation.plan.layers > space.layers:
        raise TooShallowError(f"{allocation.plan.layers} layers, and not {space.layers}")
    return tried, offences(space, allocation)


def _smaller(other: tuple[CandidateSpace, Problem], carried: Carried, solve: Solve) -> Carried:
    """A plan of another problem if it is smaller than one that is given; proven of both."""
    space, problem, allocation = carried
    if allocation.status is not Status.OPTIMAL:
        return carried
    try:
        found = solve(other[1], allocation.plan)
    except InfeasibleError:
        return carried
    seconds = allocation.seconds + found.seconds
    if found.value < allocation.value:
        return *other, replace(found, seconds=seconds)
    if found.status is not Status.OPTIMAL:
        allocation = replace(allocation, status=found.status, bound=found.bound, gap=found.gap)
    return space, problem, replace(allocation, seconds=seconds)


def _least(found: Sequence[Tried]) -> tuple[Carried, float]:
    """The plan with the smallest excess, and that excess.

    Of equals it is the one whose second is smaller, and so on. Of those it is the smallest model,
    and of equal ones the first.
    """
    excess = [
        sorted((o.error / o.allowed for o in offences), reverse=True) for _, offences in found
    ]
    place = min(range(len(found)), key=lambda i: (excess[i], found[i][0][2].value))
    return found[place][0], max(excess[place], default=0.0)


def _of_either(
    either: Callable[[], CandidateSpace],
    state: Callable[[CandidateSpace], Problem],
    solve: Solve,
    start: Plan | None,
) -> list[Tried]:
    """Plans of what passes on errors and what does not, without uneven heads and with them."""
    space = either()
    try:
        first = _tried(space, state(space), solve, start)
    except InfeasibleError:
        return []
    found = [first, *_rounds(first, state, solve)]
    (_, _, allocation), wrong = first
    if _uneven(space, allocation, wrong):
        found += _rounds(first, state, solve, even=False)
    return found


def _rounds(
    tried: Tried,
    state: Callable[[CandidateSpace], Problem],
    solve: Solve,
    rounds: int = ROUNDS,
    even: bool = True,
) -> list[Tried]:
    """The same space with ever more left out, to the first plan without an offence."""
    found: list[Tried] = []
    for _ in range(rounds):
        (space, _, allocation), wrong = tried
        smaller = _without(space, allocation, wrong, even) if wrong else None
        if smaller is None:
            break
        try:
            tried = _tried(smaller, state(smaller), solve, allocation.plan)
        except InfeasibleError:
            break
        found.append(tried)
    return found


def _without(
    space: CandidateSpace, allocation: Allocation, found: Sequence[Offence], even: bool
) -> CandidateSpace | None:
    """The space in which the plan is no longer possible; None if nothing is left.

    A component must not read again the forms that bring the error in; where nothing else
    would compute the output, those forms must come from other components instead.
    """
    uneven, chains = _uneven(space, allocation, found), Chains(space)
    without = exclude(space, uneven, chains) if uneven and even else None
    if without is not None:
        return without
    smaller, left = space, tuple(found)
    while left:
        count = most_left_out(smaller, left, chains)
        if count:
            smaller = exclude(smaller, _readings(left[:count]), chains) or smaller
        left = left[count:]
        if left:
            fewer = exclude(smaller, _suppliers(smaller, allocation, left[0]), chains)
            if fewer is None:
                return None
            smaller, left = fewer, left[1:]
    return smaller


def most_left_out(space: CandidateSpace, found: Sequence[Offence], chains: Chains) -> int:
    """How many offences from the first on can be left out together, by halving.

    What cannot be left out beside some cannot be left out beside more.

    Args:
        space: The space.
        found: The offences.
        chains: Those of the space, or of one of which it is a part.
    """
    few, many = 0, len(found)
    middle = many
    while few < many:
        if exclude(space, _readings(found[:middle]), chains) is None:
            many = middle - 1
        else:
            few = middle
        middle = (few + many + 1) // 2
    return few


def _readings(found: Sequence[Offence]) -> list[tuple[str, str]]:
    """The readings in which offences lie; the components alone where these read nothing wrong."""
    return [(o.candidate, name) for o in found for name in o.reads or (NOTHING,)]


def _uneven(
    space: CandidateSpace, allocation: Allocation, found: Sequence[Offence]
) -> list[tuple[str, str]]:
    """All that bring errors in as they weigh what they select as unevenly as the plan, or more."""
    assert allocation.plan is not None, "an allocation without a plan is an error before this stage"
    wrong = {name for offence in found for name in (offence.candidate, *offence.reads)}
    uneven = {
        each.name: each.plan.most_uneven
        for each in space.candidates.values()
        if isinstance(each.plan, HeadPlan) and each.plan.most_uneven > 0.0
    }
    placed = [space.candidates[each.alternative] for each in allocation.plan.placements]
    used = {x.form: uneven[x.name] for x in placed if x.name in uneven and wrong & {x.name, x.form}}
    forms = {name: space.candidates[name].form for name in uneven}
    return [
        (name, NOTHING)
        for name, most in uneven.items()
        if forms[name] in used and most >= used[forms[name]]
    ]


def _suppliers(
    space: CandidateSpace, allocation: Allocation, offence: Offence
) -> list[tuple[str, str]]:
    """The components that compute what brings the error in."""
    plan = allocation.plan
    assert plan is not None, "an allocation without a plan is an error before this stage"
    return [
        (placement.alternative, NOTHING)
        for placement in plan.placements
        if space.candidates[placement.alternative].form in offence.reads
    ]
