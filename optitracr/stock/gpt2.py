"""The names that GPT-2 has for its sizes and weights in the library `transformers`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.architectures.architecture import Architecture
from optitracr.architectures.classes import GPT2_CLASS
from optitracr.stock.weights import Affine, StockSizes, StockWeights, single

State = dict[str, NDArray[np.float32]]


def config(architecture: Architecture, sizes: StockSizes) -> dict[str, Any]:
    """The sizes, as `GPT2Config` takes them."""
    return {
        **GPT2_CLASS.config_of(sizes),
        "activation_function": architecture.activation.value,
        "resid_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "attn_pdrop": 0.0,
        "tie_word_embeddings": False,
    }


def state(weights: StockWeights) -> State:
    """The weights; linear maps of layers as [in, out], that of the unembedding as [out, in]."""
    assert weights.positions is not None, "GPT-2 has rows of positions"
    found: State = {
        "transformer.wte.weight": single(weights.tokens),
        "transformer.wpe.weight": single(weights.positions),
        "lm_head.weight": single(weights.unembedding.T),
    }
    found |= _norm("transformer.ln_f", weights.gain)
    for number, layer in enumerate(weights.layers):
        name = f"transformer.h.{number}"
        read = (layer.query, layer.key, layer.value)
        together = Affine(np.hstack([part.w for part in read]), np.hstack([p.b for p in read]))
        found |= _norm(f"{name}.ln_1", layer.attention_gain) | _norm(f"{name}.ln_2", layer.mlp_gain)
        found |= _linear(f"{name}.attn.c_attn", together)
        found |= _linear(f"{name}.attn.c_proj", layer.heads_out)
        found |= _linear(f"{name}.mlp.c_fc", layer.neurons_in)
        found |= _linear(f"{name}.mlp.c_proj", layer.neurons_out)
    return found


def _norm(name: str, gain: NDArray[np.float64]) -> State:
    return {f"{name}.weight": single(gain), f"{name}.bias": np.zeros(gain.size, np.float32)}


def _linear(name: str, part: Affine) -> State:
    return {f"{name}.weight": single(part.w), f"{name}.bias": single(part.b)}
