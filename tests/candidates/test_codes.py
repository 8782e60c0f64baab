"""Categories that neurons read as points of a circle."""

from __future__ import annotations

import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.candidates.families import Family
from optitracr.checking.verification import verify_model
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
