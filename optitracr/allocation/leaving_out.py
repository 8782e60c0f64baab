"""What is left out of a space so that a plan which float32 does not carry is no longer possible."""

from __future__ import annotations

from collections.abc import Sequence

from optitracr.candidates.computable import Chains, exclude
from optitracr.candidates.offence import Offence
from optitracr.candidates.space import NOTHING, CandidateSpace
from optitracr.constructions.heads import HeadPlan
from solvers import Allocation


def without(
    space: CandidateSpace, allocation: Allocation, found: Sequence[Offence], even: bool
) -> CandidateSpace | None:
    """The space in which the plan is no longer possible; None if nothing is left.

    A component must not read again the forms that bring the error in; where nothing else
    would compute the output, those forms must come from other components instead.
    """
    uneven, chains = uneven_ones(space, allocation, found), Chains(space)
    without = exclude(space, uneven, chains) if uneven and even else None
    if without is not None:
        return without
    smaller, left = space, tuple(found)
    while left:
        count = most_left_out(smaller, left, chains)
        if count:
            smaller = exclude(smaller, readings(left[:count]), chains) or smaller
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
        if exclude(space, readings(found[:middle]), chains) is None:
            many = middle - 1
        else:
            few = middle
        middle = (few + many + 1) // 2
    return few


def readings(found: Sequence[Offence]) -> list[tuple[str, str]]:
    """The readings in which offences lie; the components alone where these read nothing wrong."""
    return [(o.candidate, name) for o in found for name in o.reads or (NOTHING,)]


def uneven_ones(
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
