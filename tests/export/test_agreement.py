"""Library programs give the same wherever they are exported to.

Each at one level in turn, since an export knows nothing of levels, and those of the papers whose
sizes are on record at every level.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

import optitracr
from optitracr import compile_rasp_to_model, library
from optitracr.compiled import CompiledModel
from optitracr.levels import LEVELS
from tests.compiled import compiled, decoded, inside, states
from tests.model.test_reference_sizes import NAMES
from tests.programs import READOUTS, Case

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import torch

pytestmark = pytest.mark.filterwarnings("ignore")
torch.set_num_threads(1)  # The tests run side by side already.

Found = tuple[NDArray[Any], Sequence[NDArray[Any]]]
"""Logits, and the residual streams that the export shows."""


def in_jax(model: CompiledModel, tokens: NDArray[Any], folder: Path) -> Found:
    found = model.forward(model.params, tokens)
    return np.asarray(found.logits), states(found)


def in_torch(model: CompiledModel, tokens: NDArray[Any], folder: Path) -> Found:
    module, codes = model.to_torch(), torch.tensor(tokens).long()
    with torch.no_grad():
        return module(codes).numpy(), [state.numpy() for state in module.residuals(codes)]


def in_transformer_lens(model: CompiledModel, tokens: NDArray[Any], folder: Path) -> Found:
    with torch.no_grad():
        logits, cache = model.to_transformer_lens().run_with_cache(torch.tensor(tokens).long())
    names = ["blocks.0.hook_resid_pre"]
    for layer in range(model.size.layers):
        names += [f"blocks.{layer}.hook_resid_mid", f"blocks.{layer}.hook_resid_post"]
    return logits.numpy(), [cache[name].numpy() for name in names]


def in_a_file(model: CompiledModel, tokens: NDArray[Any], folder: Path) -> Found:
    model.save(folder / "model")
    found = optitracr.load(folder / "model").forward_numpy(tokens)
    return found.logits, states(found)


def in_onnx(model: CompiledModel, tokens: NDArray[Any], folder: Path) -> Found:
    model.to_onnx(folder / "model.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options)
    logits, *residuals = session.run(None, {"tokens": tokens.astype(np.int64)})
    return logits, residuals


CASES = [
    (name, level)
    for place, name in enumerate(library.names())
    for level in LEVELS
    if name in NAMES or level == LEVELS[place % len(LEVELS)]
]
EXPORTS = (in_jax, in_torch, in_transformer_lens, in_a_file, in_onnx)

APART = 2e-4
"""How far apart two exports may be: each is within 1e-4 of what the interpreter says."""


@pytest.mark.sweep
@pytest.mark.parametrize(("name", "level"), CASES)
def test_exports_agree(name: str, level: int, tmp_path: Path) -> None:
    agree(compiled(name, level), tmp_path)


@pytest.mark.parametrize("case", READOUTS, ids=lambda case: case.name)
def test_exports_of_readouts_agree(case: Case, tmp_path: Path) -> None:
    """Whose output is no one-hot."""
    agree(compile_rasp_to_model(case.make(), case.vocab, case.max_seq_len), tmp_path)


def agree(model: CompiledModel, tmp_path: Path) -> None:
    tokens = model.dataset(24, seed=1).tokens
    shown = inside(model, tokens) | (tokens == model.input_encoder.bos_encoding)
    wanted = model.forward_numpy(tokens)
    for export in EXPORTS:
        logits, residuals = export(model, tokens, tmp_path)
        where = inside(model, tokens)
        np.testing.assert_array_equal(
            decoded(model, logits)[where], decoded(model, wanted.logits)[where], export.__name__
        )
        for found, state in zip(residuals, states(wanted), strict=True):
            np.testing.assert_allclose(found[shown], state[shown], atol=APART)
