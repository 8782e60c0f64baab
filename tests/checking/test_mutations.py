"""A changed weight is caught by verify, or changes no output on any input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library
from optitracr.checking.verification import verify_model
from optitracr.compiled import CompiledModel
from optitracr.errors import VerificationError
from optitracr.inputs import check_inputs

MUTATIONS = 60


def outputs(model: CompiledModel, lengths: np.ndarray, codes: np.ndarray) -> np.ndarray:
    found = model.forward_numpy(codes).unembedded_output[:, 1:]
    within = np.arange(found.shape[1]) < lengths[:, None]
    return np.where(within, np.round(found, 3), 0)


def mutated(model: CompiledModel, rng: np.random.Generator) -> tuple[CompiledModel, str]:
    """One weight that is not zero set to zero, doubled or negated."""
    params = {part: dict(arrays) for part, arrays in model.params.items()}
    choices = [(p, k) for p, arrays in params.items() for k, a in arrays.items() if a.any()]
    part, key = choices[rng.integers(len(choices))]
    array = np.array(params[part][key])
    places = np.argwhere(array)
    place = tuple(places[rng.integers(len(places))])
    factor = rng.choice([0.0, 2.0, -1.0])
    array[place] *= factor
    params[part][key] = array
    return replace(model, params=params), f"{part}.{key}{place} * {factor}"


@pytest.mark.sweep
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("name", ["hist", "reverse", "shuffle_dyck1"])
def test_a_mutation_is_caught_or_harmless(name: str, level: int) -> None:
    entry = library.get(name)
    length = 4
    model = compile_rasp_to_model(entry.make(), entry.vocab, length, optimize=level)
    inputs = check_inputs(len(entry.vocab), length, 2000, 0, 0)
    encoder = model.input_encoder
    codes = np.where(inputs.codes < 0, encoder.pad_encoding, inputs.codes)
    bos = np.full((len(codes), 1), encoder.bos_encoding)
    tokens = np.concatenate([bos, codes], axis=1).astype(np.int32)
    right = outputs(model, inputs.lengths, tokens)
    rng = np.random.default_rng(0)
    caught = 0
    for _ in range(MUTATIONS):
        wrong, what = mutated(model, rng)
        try:
            verify_model(wrong, 2000, 0, backend="numpy")
        except VerificationError:
            caught += 1
        else:
            assert np.array_equal(outputs(wrong, inputs.lengths, tokens), right), what
    assert caught > MUTATIONS / 2
