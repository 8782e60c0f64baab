"""Categories that neurons read as points of a circle."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.candidates.families import Family
from optitracr.checking.verification import verify_model
from optitracr.constructions.bilinear import circle
from optitracr.constructions.conjunctions import Condition
from optitracr.rasp import tokens


@pytest.mark.parametrize(("name", "width", "plain"), [("reverse", 6, 12)])
def test_a_code_is_narrower_than_a_one_hot(name: str, width: int, plain: int) -> None:
    entry = library.get(name)
    found = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len)
    without = compile_rasp_to_model(
        entry.make(), entry.vocab, entry.max_seq_len, without=Family.CODES
    )
    assert found.proof.proven
    assert (found.size.layers, found.size.width) == (without.size.layers, width)
    assert without.size.width == plain


def test_the_record_says_what_a_code_holds() -> None:
    entry = library.get("reverse")
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len)
    verify_model(model, 500, 100, backend="numpy")
    recoded = [saving.detail for saving in model.savings if "2 numbers for" in saving.detail]
    assert recoded


def test_none_is_a_point_too() -> None:
    # A copy of a token that is None at the first position, compared with the token there.
    previous = rasp.Aggregate(
        rasp.Select(rasp.indices, rasp.indices - 1, rasp.Comparison.EQ), tokens
    )
    program = rasp.SequenceMap(lambda x, y: (x, y) in {("a", "b"), ("c", "d")}, previous, tokens)
    model = compile_rasp_to_model(program, "abcdef", 5)
    assert model.proof.proven


@pytest.mark.parametrize(("name", "width"), [("carries", 5), ("run_length", 7), ("double_hist", 5)])
def test_what_is_counted_by_a_computed_number_is_on_a_circle(name: str, width: int) -> None:
    entry = library.get(name)
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len)
    assert model.size.width == width
    assert model.proof.proven


def test_three_classes_and_none_are_on_a_circle() -> None:
    """Without None a constant stands for one of the three."""
    table = np.pad(np.eye(3, dtype=bool), ((0, 1), (0, 1)))
    condition = Condition("key", "query", table)
    assert circle(condition, 50.0, {}, True) is None
    found = circle(condition, 50.0, {}, True, may_be_none=True)
    assert found is not None
    assert found.key is not None
    points = np.concatenate([found.key.rows, np.zeros((1, 2))])
    logits = points @ found.w_key @ found.w_query.T @ points.T
    assert np.allclose(logits[table], found.selected)
    assert (logits[~table] <= found.selected - 50.0 + 1e-9).all()
