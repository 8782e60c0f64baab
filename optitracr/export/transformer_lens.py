"""A compiled model as a TransformerBridge of TransformerLens."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import LimitError
from optitracr.export.extras import require
from optitracr.model.compiled import CompiledModel

Array = NDArray[np.float32]


def to_transformer_lens(model: CompiledModel) -> Any:
    """Converts a model (TransformerLens 4).

    Returns:
        A TransformerBridge whose call takes integers of shape [batch, seq], BOS first, all
        of one length, and gives logits (or the number) of shape [batch, seq, outputs].

    Raises:
        MissingExtraError: If TransformerLens is not installed.
        LimitError: If the model has no layer, which a bridge cannot have.
    """
    bridges = require("transformer_lens.model_bridge", "TransformerLens", "torch transformer-lens")
    configs = require(
        "transformer_lens.config.transformer_bridge_config", "TransformerLens", "transformer-lens"
    )
    torch = require("torch", "PyTorch", "torch")
    if model.size.layers == 0:
        raise LimitError(
            f"model '{model.name}' has no layer, which TransformerBridge does not support; "
            "compile it with optimize=0 if that has layers, or use to_torch()"
        )
    config = model.model_config
    bridge = bridges.TransformerBridge.boot_native(
        configs.TransformerBridgeConfig(
            n_layers=config.num_layers,
            d_model=model.size.width,
            d_head=max(config.key_size, 1),
            n_ctx=model.setting.max_seq_len + 1,
            d_vocab=model.input_encoder.vocab_size,
            d_vocab_out=max(model.unembed.shape[1], 1),
            d_mlp=max(config.mlp_hidden_size, 1),
            n_heads=max(config.num_heads, 1),
            act_fn="relu",
            attention_dir="causal" if config.causal else "bidirectional",
            normalization_type=None,
        )
    )
    state = {name: torch.tensor(array) for name, array in state_dict(model).items()}
    bridge.load_state_dict(state, strict=False)
    return bridge.eval()


def state_dict(model: CompiledModel) -> dict[str, Array]:
    """The weights under the names of TransformerLens' native model, as [out, in]."""
    width, outputs = model.unembed.shape
    unembed = model.unembed if outputs else np.zeros((width, 1), np.float32)
    state: dict[str, Array] = {
        "tok_embed.weight": model.params["token_embed"]["embeddings"],
        "pos.weight": model.params["pos_embed"]["embeddings"],
        "head.weight": np.ascontiguousarray(unembed.T),
        "head.bias": np.zeros(unembed.shape[1], np.float32),
    }
    for layer in range(model.size.layers):
        source, target = f"transformer/layer_{layer}", f"layers.{layer}"
        parts = {
            "attn/query": "attn.q",
            "attn/key": "attn.k",
            "attn/value": "attn.v",
            "attn/linear": "attn.o",
            "mlp/linear_1": "mlp.fc_in",
            "mlp/linear_2": "mlp.fc_out",
        }
        for ours, theirs in parts.items():
            linear = model.params[f"{source}/{ours}"]
            weight = np.ascontiguousarray(linear["w"].T)
            state[f"{target}.{theirs}.weight"] = _at_least_one(weight)
            state[f"{target}.{theirs}.bias"] = _at_least_one(linear["b"])
    return state


def _at_least_one(array: Array) -> Array:
    """Pads empty axes with a zero: TransformerLens has at least one head and one neuron."""
    pads = [(0, int(size == 0)) for size in array.shape]
    return np.ascontiguousarray(np.pad(array, pads))
