"""Every family of candidates can be switched off, alone and with others, and stays exact."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import pytest

from optitracr import compile_rasp_to_model, library
from optitracr.candidates.families import EVERY_FAMILY, Family, families_without
from optitracr.checking.verification import verify_model
from optitracr.errors import InputError
from optitracr.model.size import Size

PROGRAMS = (
    "hist",
    "double_hist",
    "sort",
    "sort_unique",
    "pair_balance",
    "reverse",
    "nary_sequencemap",
    "first_token",
    "majority",
    "last_token",
    "remove_duplicates",
)
SMALL = ("sort_unique", "is_sorted")


@cache
def size(name: str, *without: str) -> Size:
    """The size of a program without families. Its model is verified."""
    entry = library.get(name)
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len, without=without)
    verify_model(model, 200, 100, backend="numpy")
    return model.size


@pytest.mark.sweep
@pytest.mark.parametrize("name", PROGRAMS)
def test_without_any_family(name: str) -> None:
    plain, best = size(name, *Family), size(name)
    assert (best.layers, best.width) <= (plain.layers, plain.width)


@pytest.mark.sweep
@pytest.mark.parametrize("family", list(Family))
@pytest.mark.parametrize("name", PROGRAMS)
def test_without_one_family_nothing_is_better(name: str, family: Family) -> None:
    without, full = size(name, family), size(name)
    assert (full.layers, full.width) <= (without.layers, without.width)


FOR_OTHERS = {Family.READOUTS, Family.CODES, Family.GRADED, Family.NETWORKS}
"""Families that propose nothing for these programs, or nothing that others need: their outputs have
few values, none of them selects a best key, and their neurons read few classes."""

PAIRS = [pair for pair in combinations(Family, 2) if not FOR_OTHERS.intersection(pair)]


@pytest.mark.sweep
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_without_two_families(pair: tuple[Family, Family]) -> None:
    for name in SMALL:
        size(name, *pair)


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("family", "name", "measure"),
    [
        (Family.VIEWS, "upper_case", "layers"),
        (Family.CUTS, "shuffle_dyck1", "layers"),
        (Family.COMPRESSION, "is_vowel", "width"),
        (Family.PUSH, "pair_balance", "width"),
        (Family.SPLIT, "title_case", "layers"),
        (Family.SHARING, "shuffle_dyck2", "heads"),
        (Family.CONJUNCTIONS, "double_hist", "layers"),
        (Family.CIRCLES, "reverse", "width"),
        (Family.THRESHOLDS, "shuffle_dyck2", "width"),
        (Family.CODES, "reverse", "width"),
        (Family.REWRITES, "sort", "width"),
        (Family.INTERPOLATION, "parity", "neurons"),
        (Family.NETWORKS, "addition", "neurons"),
        (Family.ERASING, "parity", "neurons"),
        (Family.JOINT, "rotate", "neurons"),
    ],
)
def test_each_family_is_worth_something(family: Family, name: str, measure: str) -> None:
    assert getattr(size(name, family), measure) > getattr(size(name), measure)


def test_names_of_families() -> None:
    assert families_without(()) == EVERY_FAMILY
    assert families_without("views, cuts") == EVERY_FAMILY - {Family.VIEWS, Family.CUTS}
    with pytest.raises(InputError, match=r"without names 'magic'.*candidate families: views"):
        families_without(["magic"])
