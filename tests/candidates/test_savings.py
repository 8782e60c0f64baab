"""A model says of every variable what became of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from optitracr import compile_rasp_to_model, library, load, rasp
from optitracr.candidates.savings import MEANING, SavingKind, Savings


def savings(name: str, level: int = 2) -> Savings:
    entry = library.get(name)
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len, optimize=level)
    return model.savings


def test_level_0_saves_nothing() -> None:
    assert len(savings("hist", 0)) == 0
    assert str(savings("hist", 0)) == "nothing saved"


def test_level_1_erases_and_shares() -> None:
    assert set(savings("pair_balance", 1).counts()) == {"erased", "shared"}


@pytest.mark.parametrize(
    ("name", "kind", "variable"),
    [
        ("upper_case", SavingKind.VIEWED, "upper_case"),
        ("title_case", SavingKind.FUSED, "after_space"),
        ("frac_prevs", SavingKind.RECODED, "indices"),
        ("frac_prevs", SavingKind.COMPRESSED, "tokens"),
        ("pair_balance", SavingKind.PUSHED, "pair_balance"),
        ("reverse", SavingKind.SPLIT, "length"),
        ("shuffle_dyck2", SavingKind.SHARED, "balance"),
        ("sort", SavingKind.REWRITTEN, "target_position"),
        ("reverse", SavingKind.ERASED, "tokens"),
        ("palindrome", SavingKind.RECODED, "opposite"),
        ("pair_balance", SavingKind.UNUSED, "opens_so_far"),
    ],
)
def test_kinds(name: str, kind: SavingKind, variable: str) -> None:
    found = savings(name)
    assert any(row.startswith(variable) for row in found.of(kind)), str(found)
    assert MEANING[kind]


def test_every_variable_is_accounted_for() -> None:
    for name in ("reverse", "shuffle_dyck1", "sort_freq", "max_depth"):
        entry = library.get(name)
        model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len)
        assert model.reference is not None
        labels = {node.label for node in model.reference.graph.nodes}
        held = {d.variable for d in model.circuit.dimensions if d.variable}
        assert {row.variable for row in model.savings} <= labels
        assert held | {row.variable for row in model.savings} == labels


def test_equal_variables_are_one() -> None:
    one = rasp.Map(lambda x: x == "a", rasp.tokens).named("one")
    other = rasp.Map(lambda x: x == "a", rasp.tokens).named("other")
    program = rasp.SequenceMap(lambda a, b: (a, b), one, other)
    model = compile_rasp_to_model(program, {"a", "b"}, 3)
    assert any(row.detail.startswith("equal to one") for row in model.savings)


def test_savings_are_saved(tmp_path: Path) -> None:
    entry = library.get("palindrome")
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len)
    model.save(tmp_path / "palindrome")
    assert load(tmp_path / "palindrome").savings == model.savings
    assert "numbers for 11 values" in str(model.savings)
