"""Which forms can be computed where some readings are left out, in work that grows with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest

from optitracr.allocation import leaving_out
from optitracr.allocation.leaving_out import most_left_out
from optitracr.candidates import computable as room
from optitracr.candidates.computable import Chains, choices, computable
from optitracr.candidates.offence import Offence
from optitracr.candidates.space import NOTHING, CandidateSpace
from optitracr.catalogues import CandidateProposal
from optitracr.library.random_programs import random_program
from optitracr.options import check_options
from optitracr.setting import check_setting
from optitracr.stages import Compilation


def space_of(seed: int, size: int) -> CandidateSpace:
    made = random_program(seed, size)
    setting = check_setting(made.vocab, made.max_seq_len, "bos", "pad", False)
    proposal = Compilation(made.program, setting, check_options(), whole=True).proposal
    assert isinstance(proposal, CandidateProposal)
    return proposal.space


def some_readings(space: CandidateSpace, random: Random, count: int) -> Iterable[tuple[str, str]]:
    for candidate in random.choices([*space.candidates.values()], k=count):
        forms = [name for need in candidate.needs for name in space.options[need]]
        yield candidate.name, random.choice([NOTHING, *forms])


def plainly(space: CandidateSpace) -> set[str]:
    """The same, by looking at every candidate until none has anything new."""
    usable = {name: None for name in space.forms if space.is_input(name)}
    while True:
        more = {
            candidate.form: None
            for candidate in space.candidates.values()
            if candidate.form not in usable and choices(space, candidate, usable) is not None
        }
        if not more:
            return set(usable)
        usable |= more


@pytest.mark.parametrize("seed", range(2))
def test_what_is_left_out_is_not_computed(seed: int) -> None:
    space, random = space_of(seed, 60), Random(seed)
    fewer, chains = 0, Chains(space)
    for count in (0, 1, 5, 20, 60, 200):
        some = replace(space, excluded=frozenset(some_readings(space, random, count)))
        assert set(computable(some)) == plainly(some)
        assert set(chains.supplied(some.excluded)) == plainly(some)
        fewer += len(computable(some)) < len(space.forms)
    assert fewer


@pytest.mark.parametrize("size", [60, 100])
def test_each_candidate_is_looked_at_once(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    space = space_of(0, size)
    some = replace(space, excluded=frozenset(some_readings(space, Random(0), 10)))
    looked: list[str] = []
    look = room.needs_read
    monkeypatch.setattr(
        room, "needs_read", lambda space, one: looked.append(one.name) or look(space, one)
    )
    computable(some)
    assert len(looked) == len(set(looked)) <= len(space.candidates)


@pytest.mark.parametrize("first_wrong", [0, 1, 77, 199, 200])
def test_what_can_be_left_out_is_found_by_halving(
    first_wrong: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = space_of(0, 5)
    found = [Offence(str(number), (), 2.0, 1.0) for number in range(200)]
    asked: list[int] = []

    def exclude(
        given: CandidateSpace, pairs: Iterable[tuple[str, str]], chains: Chains
    ) -> CandidateSpace | None:
        asked.append(len([*pairs]))
        return None if asked[-1] > first_wrong else given

    monkeypatch.setattr(leaving_out, "exclude", exclude)
    assert most_left_out(space, found, Chains(space)) == first_wrong
    assert len(asked) <= 1 + len(found).bit_length()
