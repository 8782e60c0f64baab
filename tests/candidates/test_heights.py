"""Counts of indices that some value exceeds, and the head that looks at the largest value."""

from __future__ import annotations

import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.checking.verification import verify_model
from optitracr.compiled import CompiledModel
from optitracr.library.idioms import count_if, highest
from optitracr.rasp import Comparison, Select, SelectorWidth, SOp, indices, tokens


def graded(model: CompiledModel) -> bool:
    """Whether a head looks at the largest number itself."""
    return any("looks at the best" in saving.detail for saving in model.savings)


@pytest.mark.parametrize(("name", "layers", "width"), [("max_depth", 2, 5), ("longest_run", 4, 5)])
def test_the_largest_number_is_looked_at(name: str, layers: int, width: int) -> None:
    entry = library.get(name)
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len)
    assert graded(model)
    assert (model.size.layers, model.size.width) == (layers, width)
    assert model.proof.proven


def same() -> SOp:
    return SelectorWidth(Select(tokens, tokens, Comparison.EQ))


def test_a_function_of_the_largest_number() -> None:
    program = rasp.Map(lambda most: "many" if most > 2 else "few", highest(same()))
    model = compile_rasp_to_model(program, "ab", 5)
    assert graded(model)
    verify_model(model, 1000, 100, backend="numpy")


@pytest.mark.parametrize(
    "program",
    [
        # Numbers that are larger than there are positions: the count stops at these.
        highest(rasp.Map(lambda x: {"a": 1, "b": 4}[x], tokens)),
        # Not all that is counted is exceeded once, and not all that is exceeded is counted.
        count_if(lambda n: n > 1, SelectorWidth(Select(same(), indices, Comparison.GT))),
        count_if(lambda n: n > 0, SelectorWidth(Select(same(), indices, Comparison.GEQ))),
    ],
)
def test_what_is_no_height(program: SOp) -> None:
    model = compile_rasp_to_model(program, "ab", 4)
    assert not graded(model)
    verify_model(model, 1000, 100, backend="numpy")


def test_a_causal_reading_has_none() -> None:
    model = compile_rasp_to_model(highest(same()), "ab", 4, causal=True)
    assert not graded(model)
