"""A changed weight that some input tells is refuted by an input that shows it."""

from __future__ import annotations

import copy
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "experiments"))

import mutants
from mutants import CASES, NUMBERS, Case, Oracle, by_values, judged

from optitracr.candidates.families import Family
from optitracr.model.proof import Proof, Status

MOST = 25
"""Changes of a model that are looked at."""


def looked_at(case: Case, level: int) -> list[tuple[bool, Proof]]:
    rng = np.random.default_rng(level)
    return [(told, proof) for _, told, proof in judged(case, level, rng, MOST)]


@pytest.mark.sweep
@pytest.mark.parametrize("family", Family)
def test_every_family(family: Family) -> None:
    """`judged` itself fails at a proof that is wrong."""
    found = looked_at(CASES[family], 2)
    assert any(told for told, _ in found)
    assert all(proof.counterexample is not None for told, proof in found if told)


@pytest.mark.sweep
@pytest.mark.parametrize("family", Family)
def test_the_programs_use_the_families(family: Family) -> None:
    case = CASES[family]
    assert case.compiled(2).size != case.compiled(2, without=family).size


@pytest.mark.sweep
@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("family", [Family.VIEWS, Family.PUSH, Family.CIRCLES, Family.JOINT])
def test_other_levels(family: Family, level: int) -> None:
    assert any(told for told, _ in looked_at(CASES[family], level))


@pytest.mark.sweep
@pytest.mark.parametrize("case", NUMBERS, ids=lambda case: case.name)
def test_numbers(case: Case) -> None:
    assert any(told for told, _ in looked_at(case, 2))


@pytest.mark.sweep
@pytest.mark.parametrize("level", [2, 0])
@pytest.mark.parametrize("family", [x for x in Family if x is not Family.SHARING])
def test_none_is_proven_by_values(family: Family, level: int) -> None:
    """The proof that runs no input believes no mutant that some input tells."""
    found = list(judged(CASES[family], level, np.random.default_rng(level), MOST, values=True))
    assert any(told for _, told, _ in found)


@pytest.mark.sweep
@pytest.mark.parametrize("odd", [np.nan, np.inf, 3e38, -1e25])
@pytest.mark.parametrize("family", [Family.COMPRESSION, Family.VIEWS])
def test_no_usual_numbers(family: Family, odd: float) -> None:
    """Where nothing reads them, such as at PAD, infinities spread all the same."""
    rng, case = np.random.default_rng(0), CASES[family]
    model = case.compiled(2)
    oracle = Oracle(case, model)
    for part, arrays in model.params.items():
        for key, array in arrays.items():
            for place in rng.permutation(array.size)[:3]:
                changed = np.array(array)
                changed.flat[place] = odd
                wrong = copy.copy(model)
                wrong.params = {**model.params, part: {**arrays, key: changed}}
                if oracle.wrong(wrong).any():
                    assert not by_values(wrong).proven, (part, key, place)


def test_a_proof_by_values_that_believes_anything_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "by_values", lambda model: Proof(Status.PROVEN))
    with pytest.raises(AssertionError, match="believed by values"):
        list(judged(CASES[Family.VIEWS], 2, np.random.default_rng(0), MOST, values=True))


def test_a_proof_that_believes_anything_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "prove_model", lambda model: Proof(Status.PROVEN))
    with pytest.raises(AssertionError, match="an input tells"):
        looked_at(CASES[Family.VIEWS], 2)
