"""The names that Llama has for its sizes and weights in the library `transformers`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.architectures.architecture import Architecture
from optitracr.architectures.classes import LLAMA_CLASS
from optitracr.stock.weights import Affine, StockSizes, StockWeights, single

State = dict[str, NDArray[np.float32]]


def config(architecture: Architecture, sizes: StockSizes, rotary_base: float) -> dict[str, Any]:
    """The sizes, as `LlamaConfig` takes them."""
    return {
        **LLAMA_CLASS.config_of(sizes),
        "hidden_act": architecture.activation.value,
        "rope_parameters": {"rope_type": "default", "rope_theta": rotary_base},
        "attention_bias": architecture.biases,
        "mlp_bias": architecture.biases,
        "tie_word_embeddings": False,
    }


def state(weights: StockWeights, architecture: Architecture) -> State:
    """The weights, linear maps as [out, in]."""
    found: State = {
        "model.embed_tokens.weight": single(weights.tokens),
        "model.norm.weight": single(weights.gain),
        "lm_head.weight": single(weights.unembedding.T),
    }
    for number, layer in enumerate(weights.layers):
        name = f"model.layers.{number}"
        assert layer.up is not None, "the neurons of Llama are gated"
        found[f"{name}.input_layernorm.weight"] = single(layer.attention_gain)
        found[f"{name}.post_attention_layernorm.weight"] = single(layer.mlp_gain)
        maps = {
            "self_attn.q_proj": layer.query,
            "self_attn.k_proj": layer.key,
            "self_attn.v_proj": layer.value,
            "self_attn.o_proj": layer.heads_out,
            "mlp.gate_proj": layer.neurons_in,
            "mlp.up_proj": layer.up,
            "mlp.down_proj": layer.neurons_out,
        }
        for own, part in maps.items():
            found |= _linear(f"{name}.{own}", part, architecture.biases)
    return found


def _linear(name: str, part: Affine, biases: bool) -> State:
    found = {f"{name}.weight": single(part.w.T)}
    return found | {f"{name}.bias": single(part.b)} if biases else found
