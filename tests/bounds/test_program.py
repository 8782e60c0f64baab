"""All bounds of a program together, beside the sizes of its models."""

from __future__ import annotations

from typing import Any

import pytest

from optitracr import compile_rasp_to_model, library, lower_bounds
from optitracr.bounds.bound import SIZES, Bound, LowerBounds, Premise
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
    assert "width" not in {b.size for b in found.bounds if b.premise is Premise.FORMULATION}


def test_what_is_given_is_what_ours_has() -> None:
    """With larger tables a limit on neurons costs width, at which neurons are bounded no more."""
    found = bounds("sort", limits={"neurons": 40})
    of_tables = {b.size: b.least for b in found.bounds if b.premise is Premise.LEAST_TABLES}
    assert list(of_tables) == ["layers"] or of_tables["width"] <= found.ours["width"]
    assert ("neurons" in of_tables) is (of_tables.get("width") == found.ours["width"])


def test_levels_without_candidates_have_no_bound_of_tables() -> None:
    found = bounds("hist", optimize=1)
    assert Premise.LEAST_TABLES not in {bound.premise for bound in found.bounds}
    assert found.least("layers", Premise.FORMULATION) == found.ours["layers"]
    with pytest.raises(InputError, match="optimize is 0"):
        bounds("hist", optimize=0)
    with pytest.raises(InputError, match="max_inputs"):
        bounds("hist", max_inputs=0)


def test_bounds_of_more_models_hold_in_fewer() -> None:
    bounds = (
        Bound("width", 3, Premise.ANY_DEPTH, "a"),
        Bound("width", 2, Premise.LEAST_TABLES, "b"),
        Bound("width", 5, Premise.ONE_HOT, "c"),
    )
    found = LowerBounds({"width": 9}, bounds, 1, 1)
    least = {premise: found.least("width", premise) for premise in Premise}
    assert list(least.values()) == [None, 5, 3, 3, 3]
    assert found.least("neurons", Premise.FORMULATION) is None


def test_tables_of_a_model() -> None:
    found = bounds("shuffle_dyck1")
    names = [table.variable for table in found.tables]
    assert names
    assert len(found.tables) == len(dict.fromkeys(found.tables))
    for table in found.tables:
        assert table.reads
        assert 0 < table.least <= table.neurons <= found.ours["neurons"]


def test_as_dicts() -> None:
    found = bounds("is_vowel", max_inputs=30)
    assert (found.exhausted, found.max_seq_len) == (2, 5)
    rows = found.as_dicts()
    assert {row["premise"] for row in rows} == {str(premise) for premise in Premise}
    assert all(row["ours"] == found.ours[row["size"]] for row in rows)


@pytest.mark.parametrize("seed", range(3))
def test_no_candidate_of_random_programs_has_fewer_neurons(seed: int) -> None:
    generated = random_program(seed, 25)
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
