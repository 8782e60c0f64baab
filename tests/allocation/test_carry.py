"""The smallest plan that is carried: one search of a space, and which searches there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from itertools import chain, repeat

import pytest

from optitracr import library
from optitracr.allocation import carry, searching
from optitracr.candidates.offence import Offence
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


def offence(space: CandidateSpace, times: float) -> Offence:
    """One of the first component, off by so many times what it may be."""
    return Offence(next(iter(space.candidates)), (), times, 1.0)


class Searched:
    """Runs `carried_plan` on plans of which this and that is wrong.

    Attributes:
        made: The spaces that were made, in order.
        proofs: How often a proof was tried; none succeeds.
    """

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, *wrong: list[Offence], more: int = 0
    ) -> None:
        """Each search ends with the same plan, and with the next of these lists.

        Those after the first are told to have some neurons more.
        """
        self.made: list[str] = []
        self.proofs = 0
        space, problem = two_ways()
        carried = searching.tried_plan(space, problem, solved, None).carried
        depth, width, neurons = carried[2].value
        larger = replace(carried[2], value=(depth, width, neurons + more))
        left = iter(wrong)
        plans = chain([carried], repeat((*carried[:2], larger)))

        def tried_plan(*_: object) -> searching.Tried:
            return searching.Tried(next(plans), next(left, []))

        monkeypatch.setattr(carry, "tried_plan", tried_plan)
        carry.carried_plan(
            (space, problem),
            self._maker("either"),
            [self._maker("cautious")],
            [self._maker("steady"), self._maker("robust")],
            lambda _: problem,
            solved,
            self._proven,
        )

    def _maker(self, name: str) -> Callable[[], CandidateSpace]:
        def make() -> CandidateSpace:
            self.made.append(name)
            space = two_ways()[0]
            # No two of them are alike.
            return replace(space, excluded=frozenset({(name, "")}))

        return make

    def _proven(self, *_: object) -> bool:
        self.proofs += 1
        return False


def test_of_many_offences_none_is_left_out_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    space = two_ways()[0]
    few, many = ([offence(space, 2.0)] * count for count in (1, carry.MANY + 1))
    assert Searched(monkeypatch, many).made[0] == "robust"
    assert Searched(monkeypatch, few, few).made[0] == "cautious"


def test_no_proof_is_tried_of_what_is_more_wrong_than_what_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    space = two_ways()[0]
    less, more = [offence(space, 2.0)], [offence(space, 3.0)]
    once, *twice = (
        Searched(monkeypatch, *each) for each in ([less, more], [more, less], [less, less])
    )
    assert [each.proofs for each in twice] == [once.proofs + 1] * 2


def test_another_plan_with_the_sizes_of_the_first_is_not_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = [offence(two_ways()[0], 2.0)]
    one, two = (Searched(monkeypatch, few, more=more).made for more in (1, 2))
    # What counts with fewer errors is asked for all the same.
    assert (one, two[:2]) == (["steady"], ["either", "cautious"])
