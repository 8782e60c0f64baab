"""What a residual stream holds of a variable is told in the program's values."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library
from optitracr.compiled import CompiledModel
from optitracr.errors import InputError, NotFoundError


def compiled(name: str, level: int = 2) -> CompiledModel:
    entry = library.get(name)
    return compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len, optimize=level)


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


@pytest.mark.parametrize("level", [0, 1, 2])
def test_every_state_says_what_the_interpreter_says(level: int) -> None:
    model = compiled("double_hist", level)
    text = ["compiler_bos", *"abca"]
    run = model.apply(text)
    states = [run.input_embeddings, *run.residuals]
    said = 0
    for node in model.program.graph.nodes:
        for state, stream in enumerate(states):
            try:
                found = model.decode(node.label, stream, state)
            except NotFoundError:
                continue
            own = dict(model.program.graph.expressions)[node.label](list("abca"))
            assert found[0, 1:].tolist() == list(own)
            said += 1
    assert said >= 3


def test_what_is_not_there() -> None:
    model = compiled("reverse")
    stream = np.zeros((2, model.size.width))
    with pytest.raises(NotFoundError, match="state 0 does not tell the values of 'length_3"):
        model.decode("length_3", stream, 0)
    with pytest.raises(NotFoundError, match="no s-op labelled 'nobody'"):
        model.decode("nobody", stream)
    with pytest.raises(InputError, match="shape"):
        model.decode(model.name, stream[:, :-1])
    with pytest.raises(InputError, match="state"):
        model.decode(model.name, stream, 99)
