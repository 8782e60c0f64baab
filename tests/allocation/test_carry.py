"""One search of a space: of all ways in which erasing heads tell positions, the smallest."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pytest

from optitracr import library
from optitracr.allocation import searching
from optitracr.candidates.realise import realise
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


def test_heads_that_erase_tell_positions_in_the_way_that_is_smallest() -> None:
    """By powers, which are there for what reads them, the columns of the circle are spared."""
    space, problem = two_ways()
    own = problem.self_attention
    assert own is not None
    assert own.others
    found = searching.tried_plan(space, problem, solved, None).carried[2]
    by_circle = solve(replace(problem, self_attention=replace(own, others=())), "exact")
    assert found.plan is not None
    assert (found.status, found.value < by_circle.value) == (Status.OPTIMAL, True)
    assert found.plan.own > 0
    assert realise(space, found).self_attention == own.ways[found.plan.own]


def test_nothing_is_tried_where_nothing_is_of_use() -> None:
    space, problem = two_ways()
    best = searching.tried_plan(space, problem, solved, None).least
    again = searching.tried_plan(space, problem, solved, None, best)
    assert again.carried[2].value == best
    with pytest.raises(InfeasibleError):
        searching.tried_plan(space, problem, solved, None, searching.below(best))


def solved(problem: Problem, start: Plan | None = None, at_most: Value | None = None) -> Allocation:
    """Solves without a start."""
    del start
    found = solve(problem, "exact", at_most=at_most)
    if found.plan is None:
        raise InfeasibleError("nothing")
    return found
