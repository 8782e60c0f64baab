"""Stages are values: each is made once, when it is asked for, after those before it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from optitracr import library, stages
from optitracr.allocation.allocate import by_solver
from optitracr.allocation.carry import _Tries
from optitracr.candidates.carrier import WARY
from optitracr.candidates.margins import offences
from optitracr.catalogues import CandidateProposal
from optitracr.errors import VerificationError
from optitracr.levels import ALLOCATED_LEVELS, LEVELS
from optitracr.library.random_programs import random_program
from optitracr.model.proof import Status
from optitracr.options import CompileOptions, check_options
from optitracr.recipes import RECIPES
from optitracr.setting import Setting, check_setting
from optitracr.stages import Compilation, Made, Stage

ENTRY = library.get("hist")


def setting() -> Setting:
    return check_setting(ENTRY.vocab, ENTRY.max_seq_len, "bos", "pad", causal=False)


def compilation(options: CompileOptions) -> tuple[Compilation, list[Made]]:
    made: list[Made] = []
    return Compilation(ENTRY.make(), setting(), options, watch=made.append), made


@pytest.mark.parametrize("level", LEVELS)
def test_every_stage_is_watched_once_and_in_order(level: int) -> None:
    found, made = compilation(check_options(level))
    model = found.compiled()
    assert [one.stage for one in made] == list(Stage)
    assert [one.value for one in made] == [
        found.written,
        found.tabled,
        found.encoded,
        found.lowered,
        found.proposal,
        found.problem,
        found.placed,
        found.arrangement,
        found.assembly,
        model,
        found.checked,
    ]
    assert len(made) == len(Stage)


def test_nothing_runs_that_is_not_asked_for() -> None:
    found, made = compilation(check_options())
    assert not made
    assert found.problem.variables
    assert made[-1].stage is Stage.PROBLEM


def test_a_model_is_checked_only_if_the_options_say_so() -> None:
    found, made = compilation(check_options(check=False))
    found.compiled()
    assert made[-1].stage is Stage.MODEL


def test_the_time_of_a_stage_is_its_own() -> None:
    found, made = compilation(check_options())
    start = time.perf_counter()
    found.compiled()
    assert sum(one.seconds for one in made) <= time.perf_counter() - start
    assert all(one.seconds > 0 for one in made)


def test_levels_are_the_recipes() -> None:
    assert tuple(RECIPES) == LEVELS
    solved = [level for level, recipe in RECIPES.items() if recipe.allocator is by_solver]
    assert tuple(solved) == ALLOCATED_LEVELS


def _is_as_small(tries: _Tries) -> bool:
    """Whether a plan is carried that is as small as the first."""
    sizes = [each.carried[2].value for each in tries.found]
    return any(size <= sizes[0] and not x.wrong for size, x in zip(sizes, tries.found, strict=True))


def test_what_turns_out_wrong_is_made_again_of_what_erasing_spoils_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neurons that erase a one-hot leave its noise below zero, by which a mean is then weighed."""
    # Such a plan has the sizes of the first, for which alone nothing is looked for as a rule.
    monkeypatch.setattr(_Tries, "enough", property(_is_as_small))
    made = random_program(9600282720, 7)
    own = check_setting(made.vocab, made.max_seq_len, "bos", "pad", causal=False)
    found = Compilation(made.program, own, check_options())
    assert isinstance(found.placed.proposal, CandidateProposal)
    space, allocation = found.placed.proposal.space, found.placed.allocation
    assert not offences(space, allocation)
    assert offences(replace(space, carrier=WARY), allocation)
    with pytest.raises(VerificationError):
        _ = found.checked
    model = found.compiled()
    assert model is not found.model
    assert model.proof.status is Status.PROVEN
    assert model.verify().variables > 10


def test_what_is_negative_at_bos_is_erased_there_too_once_that_turns_out_to_matter() -> None:
    """A neuron takes off what is above zero, and a one-hot that is not zero at BOS may be below."""
    made = random_program(35200011424, 13)
    own = check_setting(made.vocab, made.max_seq_len, "bos", "pad", causal=False)
    found = Compilation(made.program, own, check_options())
    with pytest.raises(VerificationError, match="is not zero at BOS"):
        _ = found.checked
    model = found.compiled()
    assert model.proof.status is Status.PROVEN
    negative = [x.variable for x in model.layout.tenancies if x.variable.negative]
    assert any(not variable.numerical for variable in negative)


def test_a_query_that_is_beyond_its_values_at_bos_finds_bos_all_the_same() -> None:
    """A width is read off a share by one neuron, and is 7 at BOS where it is -1 or 1 else."""
    made = random_program(38400023072, 11)
    own = check_setting(made.vocab, made.max_seq_len, "bos", "pad", causal=False)
    assert Compilation(made.program, own, check_options()).checked.status is Status.PROVEN


def test_where_nothing_else_would_be_chosen_a_wrong_model_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong(*_: object) -> None:
        raise VerificationError("wrong")

    monkeypatch.setattr(stages, "known_before_use", wrong)
    for level, times in ((0, 1), (2, 2)):
        found, made = compilation(check_options(level))
        with pytest.raises(VerificationError, match=r"^wrong$"):
            found.compiled()
        assert [one.stage for one in made].count(Stage.MODEL) == times


def test_what_is_made_again_is_made_as_it_was_asked_for() -> None:
    found = Compilation(ENTRY.make(), setting(), check_options(), advises=False, whole=True)
    again = found._careful()
    assert (again._advises, again._shallow) == (found._advises, found._shallow) == (False, False)
    assert again.recipe is found.recipe
    assert again._carrier is WARY
