"""In how many ways a space is solved, and what need not be looked for."""

from __future__ import annotations

from functools import lru_cache

import pytest

from optitracr import library
from optitracr.allocation import searching
from optitracr.allocation.allocate import UndecidedError
from optitracr.candidates.space import CandidateSpace
from optitracr.catalogues import CandidateProposal
from optitracr.errors import InfeasibleError
from optitracr.options import check_options
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation
from solvers import Allocation, Limits, Plan, Problem, Status, solve

Value = tuple[int, ...]


@lru_cache
def two_ways() -> tuple[CandidateSpace, Problem]:
    """A space whose erasing heads tell positions by a circle or, in fewer columns, by powers."""
    entry = library.get("double_hist")
    setting = check_setting(entry.vocab, entry.max_seq_len, COMPILER_BOS, COMPILER_PAD, False)
    proposal = Compilation(entry.make(), setting, check_options()).proposal
    assert isinstance(proposal, CandidateProposal)
    return proposal.space, proposal.problem(Limits())


def asked(wanted: list[Value | None], undecided: int = -1) -> searching.Solve:
    """Solves, and notes what is of use; says at some place that it does not know."""

    def solved(
        problem: Problem, start: Plan | None = None, at_most: Value | None = None
    ) -> Allocation:
        wanted.append(at_most)
        if len(wanted) - 1 == undecided:
            raise UndecidedError("too little time")
        found = solve(problem, "exact", at_most=at_most)
        if found.plan is None:
            raise InfeasibleError("nothing")
        return found

    return solved


def test_the_other_way_is_asked_for_what_is_smaller() -> None:
    space, problem = two_ways()
    wanted: list[Value | None] = []
    tried = searching.tried_plan(space, problem, asked(wanted), None)
    (first, *_) = wanted
    by_circle = solve(problem, "exact")
    assert first == ()
    assert len(wanted) == 2
    assert wanted[1] == (*by_circle.value[:2], by_circle.value[2] - 1)
    found = tried.carried[2]
    assert (found.status, found.value < by_circle.value) == (Status.OPTIMAL, True)
    assert tried.least == {(): by_circle.value, tried.carried[0].powers: found.value}


@pytest.mark.parametrize("undecided", [0, 1])
def test_what_one_way_may_have_is_not_ruled_out(undecided: int) -> None:
    space, problem = two_ways()
    tried = searching.tried_plan(space, problem, asked([], undecided), None)
    assert tried.carried[2].status is Status.FEASIBLE
    assert tried.carried[2].bound == (0, 0, 0)
    assert len(tried.least) == 1


def test_what_a_space_has_not_is_looked_for_in_no_part_of_it() -> None:
    space, problem = two_ways()
    least = searching.tried_plan(space, problem, asked([]), None).least
    best = min(least.values())
    wanted: list[Value | None] = []
    with pytest.raises(InfeasibleError):
        searching.tried_plan(space, problem, asked(wanted), None, searching.below(best), least)
    assert wanted == []
    again = searching.tried_plan(space, problem, asked(wanted), None, best, least)
    assert again.carried[2].value == best
    assert wanted == [best]


def test_what_would_fit_is_said_of_the_last_way_alone() -> None:
    """To find it may take a hundred times as long as to see that nothing fits."""
    space, problem = two_ways()
    wanted: list[Value | None] = []

    def nothing(
        problem: Problem, start: Plan | None = None, at_most: Value | None = None
    ) -> Allocation:
        wanted.append(at_most)
        raise InfeasibleError(f"error {len(wanted)}")

    with pytest.raises(InfeasibleError, match="error 2"):
        searching.tried_plan(space, problem, nothing, None)
    assert wanted == [(), None]
