"""All bounds of a program together, beside the sizes of its models."""

from __future__ import annotations

from typing import Any

import pytest

from optitracr import compile_rasp_to_model, library, lower_bounds
from optitracr.bounds.bound import SIZES, LowerBounds, Premise
from optitracr.bounds.formulation import neurons_of_tables
from optitracr.catalogues import CandidateProposal, Proposal
from optitracr.errors import InputError
from optitracr.library.random_programs import random_program
from optitracr.options import DEFAULT_OBJECTIVE, check_options
from optitracr.setting import check_setting
from optitracr.stages import Compilation

PROGRAMS = ("hist", "is_vowel", "sort_unique", "shuffle_dyck1", "vigenere")


def bounds(name: str, **options: Any) -> LowerBounds:
    entry = library.get(name)
    return lower_bounds(entry.make(), entry.vocab, entry.max_seq_len, entry.causal, **options)


@pytest.mark.sweep
@pytest.mark.parametrize("name", PROGRAMS)
def test_bounds_are_ordered(name: str) -> None:
    """Fewer models have larger bounds, and ours is one of all."""
    found = bounds(name)
    entry = library.get(name)
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len, check=False)
    assert found.ours == {size: getattr(model.size, size) for size in SIZES}
    for size in SIZES:
        least = [found.least(size, p) for p in Premise if p is not Premise.ONE_HOT]
        known = [bound for bound in least if bound is not None]
        assert known == sorted(known)
        assert all(bound <= found.ours[size] for bound in known)
    for objective in DEFAULT_OBJECTIVE:
        size = "layers" if objective == "depth" else objective
        assert found.least(size, Premise.FORMULATION) == found.ours[size]


def test_other_objectives_are_bounded_too() -> None:
    found = bounds("hist", objective="parameters")
    free, least = (found.least("parameters", p) for p in (Premise.ANY, Premise.LEAST_TABLES))
    assert free is not None
    assert least is not None
    assert free <= least <= found.ours["parameters"]
    assert found.least("width", Premise.FORMULATION) is None


def test_levels_without_candidates_have_no_bound_of_tables() -> None:
    found = bounds("hist", optimize=1)
    assert found.least("layers", Premise.LEAST_TABLES) is None
    assert found.least("layers", Premise.FORMULATION) == found.ours["layers"]
    with pytest.raises(InputError, match="optimize is 0"):
        bounds("hist", optimize=0)
    with pytest.raises(InputError, match="max_inputs"):
        bounds("hist", max_inputs=0)


def test_as_dicts() -> None:
    found = bounds("is_vowel", max_inputs=30)
    assert (found.exhausted, found.max_seq_len) == (2, 5)
    rows = found.as_dicts()
    assert {row["premise"] for row in rows} == {str(premise) for premise in Premise}
    assert all(row["ours"] == found.ours[row["size"]] for row in rows)


@pytest.mark.parametrize("seed", range(5))
def test_no_candidate_of_random_programs_has_fewer_neurons(seed: int) -> None:
    generated = random_program(60, seed)
    setting = check_setting(generated.vocab, generated.max_seq_len, "bos", "pad", False)
    proposal = Compilation(generated.program, setting, check_options()).proposal
    check(proposal)


@pytest.mark.sweep
@pytest.mark.parametrize("name", ["title_case", "most_frequent", *PROGRAMS])
def test_no_candidate_of_the_library_has_fewer_neurons(name: str) -> None:
    entry = library.get(name)
    setting = check_setting(entry.vocab, entry.max_seq_len, "bos", "pad", entry.causal)
    check(Compilation(entry.make(), setting, check_options()).proposal)


def check(proposal: Proposal) -> None:
    assert isinstance(proposal, CandidateProposal)
    for name, bound in neurons_of_tables(proposal).items():
        assert bound <= proposal.space.candidates[name].neurons, name
