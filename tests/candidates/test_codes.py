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


@pytest.mark.parametrize(("name", "width"), [("carries", 5), ("run_length", 5), ("double_hist", 5)])
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


@pytest.mark.parametrize("size", [2, 3])
def test_keys_of_no_class_lie_at_the_origin(size: int) -> None:
    """A key that no query selects is a class more, for which no constant stands."""
    table = np.pad(np.eye(size, dtype=bool), ((0, 2), (0, 1)))
    condition = Condition("key", "query", table)
    assert circle(Condition("key", "query", table[1:]), 50.0, {}, True) is None or size > 2
    found = circle(condition, 50.0, {}, True)
    assert found is not None
    assert found.inner == size - 1
    assert found.key is not None
    assert found.query is not None
    keys = np.concatenate([found.key.rows, np.zeros((1, found.inner))])
    logits = keys @ found.w_key @ found.w_query.T @ found.query.rows.T
    assert np.allclose(logits[table[:, :-1]], found.selected)
    assert (logits[~table[:, :-1]] <= found.selected - 50.0 + 1e-9).all()


@pytest.mark.parametrize("positions", [2, 3])
def test_a_few_of_the_positions_are_matched(positions: int) -> None:
    """By one number for two of them, by two for three; one-hots would take as many as there are."""
    named = "abc"[:positions]
    asked = rasp.Select(rasp.indices, tokens, lambda k, q: q in named and k == named.index(q))
    program = rasp.Aggregate(asked, tokens)
    model = compile_rasp_to_model(program, "abcd", 6)
    without = compile_rasp_to_model(program, "abcd", 6, without=Family.CIRCLES)
    assert model.proof.proven
    assert model.size.width < without.size.width


def test_a_copied_index_has_the_places_of_the_indices() -> None:
    """The one after it is read off the same two numbers, and the last has none after it."""
    program = library.get("induction")
    model = compile_rasp_to_model(program.make(), program.vocab, program.max_seq_len)
    assert model.proof.proven
    assert (model.size.layers, model.size.width, model.size.neurons) == (2, 9, 0)
