"""An allocation whose every component float32 carries.

The solver knows sizes, no errors. Where a plan of its choice has a component that may be wrong by
more than is allowed (`optitracr.candidates.margins`), its model is made and proven: what is proven
is right, whatever was estimated. What is not proven is left out and the problem solved again. What
is left out is more than the choice that was wrong, and what stands in its place may be larger than
need be. So a small problem whose plan is optimal is solved in several ways: among the same
components, with those beside them that pass on no errors, without heads that weigh unevenly and
with them, and among those that bear and make fewer errors. Of the plans that are carried the
smallest is taken. Only one as small as the first is known to be the smallest of all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from optitracr.allocation.alike import wrong_in
from optitracr.allocation.leaving_out import readings, uneven_ones, without
from optitracr.allocation.searching import (
    QUIETED,
    Carried,
    Solve,
    TooShallowError,
    Tried,
    below,
    is_small,
    tried_plan,
)
from optitracr.candidates.computable import Chains, exclude
from optitracr.candidates.determined import erased_beside
from optitracr.candidates.margins import noisy_counts
from optitracr.candidates.space import CandidateSpace
from optitracr.errors import InfeasibleError
from solvers import Allocation, Plan, Problem

FIRST_ROUNDS = 1
"""Times that the first space is solved again: where one component passes on a little too much,
leaving that out is enough as a rule. Where it is not, all have to pass on less."""

LITTLE = 10.0
"""How many times what is allowed that is: of what was off by more, one in twenty was mended so."""

MUCH = 100.0
"""How many times what is allowed an error is, where what passes on none is not enough beside what
does: one in thirty of such searches ended with a plan that is carried."""

ROUNDS = 4
"""Times that a space is solved again. Each takes as long as the first, and what one leaves out
seldom makes another error large enough; after these, the components with the least errors are
taken."""

MANY = 50
"""Offences of the first plan beyond which only the components with the least errors are tried: of
so many none of the searches before leaves out enough, and each takes seconds."""

LEFT_OUT = (
    "the components are those that float32 is estimated to carry: status and bound are of these, "
    "after others were left out"
)
"""What the message of an allocation says that was solved again."""


Proven = Callable[[CandidateSpace, Problem, Allocation], bool]
"""Whether the model of a plan is proven, in whatever order the sums of float32 are added up."""


def carried_plan(
    first: tuple[CandidateSpace, Problem],
    either: Callable[[], CandidateSpace],
    cautious: Sequence[Callable[[], CandidateSpace]],
    careful: Sequence[Callable[[], CandidateSpace]],
    state: Callable[[CandidateSpace], Problem],
    solve: Solve,
    proven: Proven,
) -> Carried:
    """The first plan without an offence, or the one with the least.

    Errors are taken larger than they were found to be, so that a plan beyond what is allowed is
    as a rule still right: if it is proven, it has no offence. Where none is without, the one with
    the least is handed on to the check.

    Args:
        first: The candidates, and their problem.
        either: Makes the same, and beside what passes on errors what does not.
        cautious: Each makes candidates that pass on fewer errors than those before.
        careful: Each makes candidates that bear more, of which some are left out where needed.
        state: Makes the problem of other candidates.
        solve: Solves it.
        proven: Makes the model of a plan and proves it.

    Raises:
        InfeasibleError: If nothing fits the limits.
        TooShallowError: If candidates that were left out as they come too late may be needed.
    """
    tried = tried_plan(*first, solve, None)
    tries = _Tries(state, solve, proven, small=is_small(*tried.carried[1:]))
    tries.judged(tried)
    ways = [*cautious, *careful]
    most = max((each.excess for each in tried.wrong), default=0.0)
    if len(tried.wrong) > MANY:
        ways = ways[-1:]
    elif most < LITTLE or not tries.small:
        tries.add_rounds(tries.found[0], FIRST_ROUNDS)
    again = tries.small and not tries.enough and most < MUCH
    last = first[0]
    latest: Tried | None = tries.found[-1]
    for make in ways:
        if again and tries.at_most and not tries.enough:
            tries.add_either(either())
            again = False
        if tries.enough:
            break
        space = make()
        if not _are_alike(space, last, latest):
            last, latest = space, tries.add(space, _least(tries.found)[0].carried[2].plan)
        if make in careful:
            latest = tries.add_rounds(latest)
    if again and tries.at_most and not tries.enough:
        # Where what bears the most errors is not carried, what passes on some is not either.
        tries.add_either(either())
    best, excess = _least(tries.found)
    carried = best.carried
    if excess > 1.0 and any(each.carried[0].layers is not None for each in tries.found):
        raise TooShallowError("what was left out as it comes too late may be carried")
    quiet = carried if best.proven else _quieter(carried, careful[:1], state, solve, proven)
    return quiet if carried is tries.found[0].carried else _of_the_rest(quiet)


@dataclass(slots=True)
class _Tries:
    """The plans that were found so far.

    Attributes:
        state: Makes the problem of a space.
        solve: Solves it.
        proven: Proves the model of a plan.
        small: Whether the first problem is small and its plan optimal. Then the smallest plan that
            is carried is looked for, and from the second on only what is smaller than those before.
        found: The plans, in order.
        failed: For each variable that alone was wrong where a model was not proven, and for the
            output by its way to be read, the least excess with which it was.
        refused: What was wrong in models that were not proven.
    """

    state: Callable[[CandidateSpace], Problem]
    solve: Solve
    proven: Proven
    small: bool
    found: list[Tried] = field(default_factory=list)
    failed: dict[str, float] = field(default_factory=dict)
    refused: set[frozenset[bytes]] = field(default_factory=set)

    @property
    def _carried(self) -> tuple[int, ...]:
        """The least value of a plan that is carried, if there is one."""
        return min((each.carried[2].value for each in self.found if not each.wrong), default=())

    @property
    def at_most(self) -> tuple[int, ...]:
        """The largest value that is smaller than that of a plan that is carried."""
        return below(self._carried) if self.small else ()

    @property
    def enough(self) -> bool:
        """Whether a plan is carried, and if the smallest is looked for, nothing else is worth it.

        That is so where only another plan with the sizes of the first would be smaller: of 75
        searches for one, in 2,000 random programs, none found it.
        """
        carried, first = self._carried, self.found[0].carried[2].value
        return bool(carried) and (not self.small or carried <= first or below(carried) == first)

    def add(self, space: CandidateSpace, start: Plan | None) -> Tried | None:
        """Solves a space; None if there is no plan of use, or none fits.

        Args:
            space: The space.
            start: A plan of one of which it is a part.
        """
        try:
            tried = tried_plan(space, self.state(space), self.solve, start, self.at_most)
        except InfeasibleError:
            return None
        return self.judged(tried)

    def judged(self, tried: Tried) -> Tried:
        """Adds a plan, of which nothing is wrong if its model is proven.

        No proof is tried of one that is off by more than another of which it failed: nearly all
        would fail as well, and what is lost is a smaller plan at most. Nor of one in which the
        same components are wrong, computed by the same.
        """
        if self.small and tried.wrong and self._is_proven(tried):
            tried = tried._replace(wrong=(), proven=True)
        self.found.append(tried)
        return tried

    def _is_proven(self, tried: Tried) -> bool:
        space, _, allocation = tried.carried
        excess = {_held(space, each.candidate): each.excess for each in tried.wrong}
        if any(x > self.failed.get(name, math.inf) for name, x in excess.items()):
            return False
        wrong = wrong_in(space, allocation, tried.wrong)
        if wrong in self.refused:
            return False
        if self.proven(*tried.carried):
            return True
        if len(excess) == 1:
            self.failed.update(excess)
        if wrong is not None:
            self.refused.add(wrong)
        return False

    def add_rounds(
        self, tried: Tried | None, rounds: int = ROUNDS, even: bool = True
    ) -> Tried | None:
        """The same space with ever more left out, to the first plan without an offence: the last.

        What was left out once stays so: when no plan is of use any more, none is later.
        """
        for _ in range(rounds):
            if tried is None or not tried.wrong or tried.least > self.at_most > ():
                break
            space, _, allocation = tried.carried
            smaller = without(space, allocation, tried.wrong, even)
            tried = None if smaller is None else self.add(smaller, allocation.plan)
        return tried

    def add_either(self, space: CandidateSpace) -> None:
        """What passes on errors and what does not, without uneven heads and with them."""
        first = self.add(space, self.found[0].carried[2].plan)
        self.add_rounds(first)
        if first is None or self.enough:
            return
        if uneven_ones(space, first.carried[2], first.wrong):
            self.add_rounds(first, even=False)


def _quieter(
    carried: Carried,
    careful: Sequence[Callable[[], CandidateSpace]],
    state: Callable[[CandidateSpace], Problem],
    solve: Solve,
    proven: Proven,
) -> Carried:
    """A plan as small whose heads count with fewer errors, or a smaller one; else the same plan.

    One that is proven bears the errors that it has.
    """
    space, first, allocation = carried
    noisy = noisy_counts(space, allocation)
    if not noisy or len(first.alternatives) > QUIETED or proven(*carried):
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
            tried = tried_plan(quiet, state(quiet), solve, None, allocation.value)
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


def _are_alike(space: CandidateSpace, other: CandidateSpace, of_other: Tried | None) -> bool:
    """Whether the same was proposed for two spaces, however much it bears.

    Args:
        space: One of them.
        other: The other.
        of_other: The plan of the other, if there is one. Where no neurons erase beside what they
            compute in it, it is the best of a space in which they could not.
    """
    first, second = (
        [(c.name, c.neurons, c.needs) for c in each.candidates.values()] for each in (space, other)
    )
    if first != second or space.excluded != other.excluded:
        return False
    if space.determined is not None or of_other is None:
        return (space.determined is None) is (other.determined is None)
    plan = of_other.carried[2].plan
    return plan is not None and not erased_beside(other, plan)


def _of_the_rest(carried: Carried) -> Carried:
    """The same, saying that what is proven is proven of fewer components."""
    space, problem, allocation = carried
    message = f"{allocation.message}; {LEFT_OUT}" if allocation.message else LEFT_OUT
    return space, problem, replace(allocation, message=message)


def _held(space: CandidateSpace, name: str) -> str:
    """The variable that a component computes; what is no component is a way to read the output."""
    candidate = space.candidates.get(name)
    return name if candidate is None else space.forms[candidate.form].label


def _least(found: Sequence[Tried]) -> tuple[Tried, float]:
    """The plan with the smallest excess, and that excess.

    Of equals it is the one whose second is smaller, and so on. Of those it is the smallest model,
    and of equal ones the first.
    """
    excess = [sorted((o.excess for o in each.wrong), reverse=True) for each in found]
    place = min(range(len(found)), key=lambda i: (excess[i], found[i].carried[2].value))
    return found[place], max(excess[place], default=0.0)
