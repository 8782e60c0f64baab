"""Programs of a corpus that are compiled otherwise than the rest of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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


def test_what_is_asked_for_differs_by_form_alone() -> None:
    split, memory = corpus.request.parse_split((90, 5, 5)), 1 << 30
    asked = [
        request_of([item], OPTIONS, split, memory)
        for item in (PLAIN, replace(PLAIN, idle=1), replace(PLAIN, circuit=1), PLAIN)
    ]
    assert asked[0] == asked[3]
    assert len({each["digest"] for each in asked}) == 3
    for wrong in ({"circuit": -1}, {"idle": "x"}, {"options": 3}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            items_of([replace(PLAIN, **wrong)])


def test_one_program_in_several_forms_is_kept_but_equal_models_are_not(tmp_path: Path) -> None:
    forms = [{}, {"optimize": 1}, {"seed": 5}, {"architecture": "gpt2"}]
    items = [replace(PLAIN, causal=True, options=form) for form in forms]
    made = corpus.make(items, tmp_path / "forms", workers=1)
    assert made.counts.rows == 3
    assert made.counts.duplicates == {"model": 1}
