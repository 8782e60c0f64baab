"""Programs of a corpus that are compiled otherwise than the rest of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from optitracr import corpus, library, rasp
from optitracr.circuit.truth import truth_of
from optitracr.corpus.one_program import compiled
from optitracr.corpus.programs import items_of
from optitracr.corpus.request import request_of
from optitracr.errors import InfeasibleError, InputError
from optitracr.options import check_options

OPTIONS = check_options()
COUNT = rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ))
PLAIN = corpus.Item("count", COUNT, "ab", 3)


def test_options_of_one_program() -> None:
    item = replace(PLAIN, options={"optimize": 1, "without": "circles"})
    model = compiled(item, OPTIONS)
    assert (model.level, model.options.without) == (1, ("circles",))
    assert compiled(PLAIN, OPTIONS).level == OPTIONS.optimize
    with pytest.raises(InputError, match="option 'colour' is unknown"):
        compiled(replace(PLAIN, options={"colour": 1}), OPTIONS)


def test_another_circuit_of_a_program() -> None:
    entry = library.get("hist")
    item = corpus.Item("hist", entry.make(), entry.vocab, entry.max_seq_len, circuit=1)
    assert compiled(item, OPTIONS).size != compiled(replace(item, circuit=0), OPTIONS).size
    with pytest.raises(InfeasibleError, match="no other set of components"):
        compiled(replace(item, circuit=5), OPTIONS)


def test_idle_heads_where_every_edge_is_true() -> None:
    total = rasp.SequenceMap(lambda x, y: (x + y) % 3, COUNT, rasp.tokens)
    item = corpus.Item("total", total, {1, 2, 3}, 4)
    plain = compiled(item, OPTIONS)
    assert truth_of(plain.circuit).everything
    model = compiled(replace(item, idle=2), OPTIONS)
    truth = truth_of(model.circuit)
    assert model.size.heads == plain.size.heads + 2
    assert not truth.everything
    assert model.proof.proven
    true = [edge for edge, own in zip(truth.edges, truth.inside, strict=True) if own]
    known = truth_of(plain.circuit)
    assert compiled(replace(PLAIN, idle=2), OPTIONS).size == compiled(PLAIN, OPTIONS).size
    assert true == [edge for edge, own in zip(known.edges, known.inside, strict=True) if own]


@pytest.mark.parametrize("name", ["hist", "sort"])
def test_busy_heads_change_no_output_and_no_circuit(name: str) -> None:
    entry = library.get(name)
    item = corpus.Item(name, entry.make(), entry.vocab, entry.max_seq_len)
    plain, model = (compiled(replace(item, busy=count), OPTIONS) for count in (0, 2))
    assert (model.size.heads, model.size.width) == (
        plain.size.heads + 2,
        plain.size.width + 2 * plain.size.layers,
    )
    assert model.proof.proven
    data = plain.dataset(50, seed=1).tokens
    ours, others = model.forward_numpy(data), plain.forward_numpy(data)
    assert (ours.logits == others.logits).all()
    # They are at work, in columns of their own, and otherwise under another name.
    other = compiled(replace(item, name="another", busy=2), OPTIONS).forward_numpy(data)
    last, others = (run.transformer_output.residuals[-1] for run in (ours, other))
    held = [column for own in model.layout.tenancies for column in own.columns]
    own = np.setdiff1d(np.arange(model.size.width), held)
    assert (np.ptp(last[..., own], axis=(0, 1)) > 0).all()
    assert (last[..., own] != others[..., own]).any()
    true = [
        [edge for edge, own in zip(truth.edges, truth.inside, strict=True) if own]
        for truth in (truth_of(plain.circuit), truth_of(model.circuit))
    ]
    assert true[0] == true[1]
    assert not truth_of(model.circuit).everything


def test_models_with_idle_and_busy_heads_are_kept_in_files(tmp_path: Path) -> None:
    """Their plan says nothing of spare heads and columns."""
    total = rasp.SequenceMap(lambda x, y: (x + y) % 3, COUNT, rasp.tokens)
    item = corpus.Item("total", total, {1, 2, 3}, 4)
    items = [replace(item, name="idle", idle=2), replace(item, name="busy", busy=1)]
    made = corpus.make(items, tmp_path / "forms", workers=1)
    assert made.counts.rows == 2
    assert {row["proof"] for row in corpus.load(tmp_path / "forms").rows()} == {"PROVEN"}


def test_what_is_asked_for_differs_by_form_alone() -> None:
    split, memory = corpus.request.parse_split((90, 5, 5)), 1 << 30
    asked = [
        request_of([item], OPTIONS, split, memory)
        for item in (PLAIN, replace(PLAIN, idle=1), replace(PLAIN, circuit=1), PLAIN)
    ]
    assert asked[0] == asked[3]
    assert len({each["digest"] for each in asked}) == 3
    for wrong in ({"circuit": -1}, {"idle": "x"}, {"busy": -1}, {"options": 3}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            items_of([replace(PLAIN, **wrong)])


def test_one_program_in_several_forms_is_kept_but_equal_models_are_not(tmp_path: Path) -> None:
    forms = [{}, {"optimize": 1}, {"seed": 5}, {"architecture": "gpt2"}]
    items = [replace(PLAIN, causal=True, options=form) for form in forms]
    made = corpus.make(items, tmp_path / "forms", workers=1)
    assert made.counts.rows == 3
    assert made.counts.duplicates == {"model": 1}
