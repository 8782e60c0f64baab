"""TransformerLens' own converter for Tracr models takes a level-0 model unchanged."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library
from optitracr.compiled import CompiledModel
from optitracr.model.encoders import CategoricalEncoder

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import torch
    from transformer_lens.model_bridge import TransformerBridge
    from transformer_lens.utilities import tracr

pytestmark = pytest.mark.filterwarnings("ignore")
BOS = "compiler_bos"


def compiled(name: str, level: int = 0) -> CompiledModel:
    entry = library.get(name)
    return compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len, optimize=level)


def convert(model: CompiledModel) -> Any:
    config = tracr.make_tracr_transformer_bridge_config(model)
    bridge = TransformerBridge.boot_native(config)
    state = tracr.make_tracr_transformer_bridge_state_dict(model, model.name)
    # The native model's unembedding has a bias, which Tracr's models (and the converter)
    # do not know of; the other keys that count as missing are aliases of converted ones.
    result = bridge.load_state_dict(
        {**state, "head.bias": torch.zeros(model.unembed.shape[1])}, strict=False
    )
    assert not result.unexpected_keys
    return bridge.eval()


@pytest.mark.sweep
@pytest.mark.parametrize(
    "name",
    [
        "reverse",
        "length",
        "hist",
        "sort_unique",
        "sort",
        "shuffle_dyck2",
        "detect_pattern",
        "count",
    ],
)
def test_converted_models_give_the_same_outputs(name: str) -> None:
    model = compiled(name)
    assert isinstance(model.output_encoder, CategoricalEncoder)
    bridge = convert(model)
    rng = np.random.default_rng(0)
    vocab = model.setting.vocabulary
    for length in range(1, model.setting.max_seq_len + 1):
        tokens = [BOS, *(vocab[i] for i in rng.integers(len(vocab), size=length))]
        with torch.no_grad():
            logits = bridge(torch.tensor([model.input_encoder.encode(tokens)]))
        scores = np.asarray(logits)[0, 1:]
        codes = np.where(scores.max(axis=-1) > 0.5, scores.argmax(axis=-1), -1)
        assert model.output_encoder.decode(codes.tolist()) == model.apply(tokens).decoded[1:]


def test_residual_streams_agree() -> None:
    model = compiled("reverse")
    tokens = [BOS, "a", "b", "c", "d"]
    _, cache = convert(model).run_with_cache(torch.tensor([model.input_encoder.encode(tokens)]))
    ours = model.apply(tokens).residuals
    for layer in range(model.size.layers):
        theirs = cache[f"blocks.{layer}.hook_resid_post"].numpy()
        np.testing.assert_allclose(theirs, ours[2 * layer + 1], atol=1e-4)


def test_the_output_label_is_inferred_where_it_is_unique() -> None:
    model = compiled("hist")
    assert tracr.infer_tracr_output_label(model) == model.name
    unembed = tracr.make_tracr_categorical_unembed(model)
    np.testing.assert_array_equal(unembed, model.unembed)
