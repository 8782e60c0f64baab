"""What a residual stream holds of a variable is told in the program's values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library, load
from optitracr.circuit.decoding import OneOf
from optitracr.compiled import CompiledModel
from optitracr.errors import InputError, NotFoundError


def compiled(name: str, level: int = 2) -> CompiledModel:
    entry = library.get(name)
    return compile_rasp_to_model(
        entry.make(), entry.vocab, entry.max_seq_len, entry.causal, optimize=level, check=False
    )


def test_outputs_and_inputs() -> None:
    model = compiled("reverse")
    text = ["compiler_bos", *"abcd"]
    states = model.apply(text)
    last = states.residuals[-1]
    assert model.decode(model.name, last)[0, 1:].tolist() == list("dcba")
    assert model.decode("tokens", states.input_embeddings, 0)[0, 1:].tolist() == list("abcd")
    assert model.decode("indices", states.input_embeddings, 0)[0, 1:].tolist() == [0, 1, 2, 3]


def test_an_edited_number_is_the_nearest_place() -> None:
    model = compiled("identity")
    state = np.array(model.apply(["compiler_bos", *"ab"]).input_embeddings)
    [column] = [i for i, label in enumerate(model.residual_labels) if label.startswith("tokens")]
    state[..., column] += 0.3
    assert model.decode(model.name, state)[0, 1:].tolist() == ["a", "b"]
    assert model.decode("tokens", state)[0, 1:].tolist() == ["a", "b"]


CASES = ("reverse", "hist", "drop_vowels", "dyck1_ptf", "sort_unique")
"""Points of circles, places on lines, shares, forms that tell a variable together, and None."""


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("name", CASES)
def test_every_state_says_what_the_interpreter_says(name: str, level: int) -> None:
    """Of every variable that it holds and not just a part of, at every state at which it does."""
    model = compiled(name, level)
    data = model.dataset(8, seed=1)
    output = model.forward_numpy(data.tokens).transformer_output
    states = [output.input_embeddings, *output.residuals]
    expressions = dict(model.program.graph.expressions)
    held = {
        (stay.variable, state)
        for stay in model.circuit.dimensions
        for state in range(stay.first_state, stay.last_state + 1)
        if stay.variable in expressions and f" for {stay.variable}" not in stay.carries[0]
    }
    assert len({variable for variable, _ in held}) > 1
    for variable, state in held:
        said = model.decode(variable, states[state], state)
        for row, (_, *tokens) in zip(said, data.inputs, strict=True):
            wanted = expressions[variable](tokens)
            for found, value in zip(row[1:], wanted, strict=False):
                meant = found.values if isinstance(found, OneOf) else (found,)
                assert value in meant, (variable, state, tokens)


def test_values_that_are_held_alike_are_all_named() -> None:
    """Forms that merge what others tell, and at a later state only some of them."""
    model = compiled("dyck1_ptf")
    run = model.apply(["compiler_bos", *"(()"])
    assert model.decode("tokens", run.input_embeddings, 0)[0, 1:].tolist() == list("(()")
    found = model.decode("depth_9", run.residuals[-1], 4)[0, 1]
    assert repr(found) == "one of 1, 2, 3, 4, 5, 6, 7, 8"
    assert found == OneOf(tuple(range(1, 9)))


def test_a_saved_model_decodes_the_same(tmp_path: Path) -> None:
    model = compiled("hist")
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    stream = model.apply(["compiler_bos", *"aab"]).residuals[0]
    assert again.decode("hist_3", stream, 1)[0, 1:].tolist() == [2, 2, 1]
    assert again.circuit.dimensions == model.circuit.dimensions


def test_what_is_not_there() -> None:
    model = compiled("reverse")
    stream = np.zeros((2, model.size.width))
    with pytest.raises(NotFoundError, match="state 0 does not hold 'length_3"):
        model.decode("length_3", stream, 0)
    bare = compiled("shuffle_dyck2")
    with pytest.raises(NotFoundError, match=r"fused .*in parts .count for last_zero_24"):
        bare.decode("last_zero_24", np.zeros(bare.size.width))
    with pytest.raises(NotFoundError, match="no s-op labelled 'nobody'"):
        model.decode("nobody", stream)
    with pytest.raises(InputError, match="shape"):
        model.decode(model.name, stream[:, :-1])
    with pytest.raises(InputError, match="state"):
        model.decode(model.name, stream, 99)
