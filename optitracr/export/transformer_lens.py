"""A compiled model in TransformerLens: a TransformerBridge, or a HookedTransformer.

TransformerLens 4 has the bridge alone; before it the HookedTransformer is the usual model.
Both mask PAD tokens as keys without being told, and what a mask that is given leaves out.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from optitracr import arguments
from optitracr.errors import InputError, MissingExtraError
from optitracr.extras import require
from optitracr.model.current import Current, exportable
from optitracr.model.forward import MASKED, Array
from optitracr.model.names import POSITIONS, TOKENS, Linear, linear_name
from optitracr.model.shape import linear_shape
from optitracr.model.transformer import Transformer
from solvers import Sizes

KINDS = ("bridge", "hooked")


def to_transformer_lens(model: Transformer, kind: str | None = None) -> Any:
    """Converts a model.

    A model without layers gets one layer of zeros, heads and neurons likewise: TransformerLens
    has at least one of each.

    Args:
        model: The model.
        kind: "bridge" for a TransformerBridge (TransformerLens 4), "hooked" for a
            HookedTransformer (TransformerLens 2 and 3); by default what is installed.

    Returns:
        A model whose call takes integers of shape [batch, seq], BOS first and padded with
        PAD, and gives logits (or the number) of shape [batch, seq, outputs].

    Raises:
        MissingExtraError: If TransformerLens is not installed.
        InputError: If the TransformerLens that is installed has no model of that kind, or the
            model's configuration was edited to what TransformerLens cannot be told.
    """
    require("transformer_lens", "TransformerLens", "lens")
    now = exportable(model, "to_transformer_lens")
    version = int(_version().partition(".")[0])
    if kind is None:
        kind = "bridge" if version >= 4 else "hooked"
    kind = arguments.choice("kind", kind, KINDS)
    if (kind == "bridge") != (version >= 4):
        wanted = "'transformer-lens>=4'" if kind == "bridge" else "'transformer-lens<4'"
        raise InputError(
            f"TransformerLens {_version()} has no model of kind {kind!r} that takes weights of "
            f"one's own; leave kind out, or run: pip install {wanted}"
        )
    return _bridge(model, now) if kind == "bridge" else _hooked(model, now)


def _version() -> str:
    from importlib.metadata import version

    return version("transformer-lens")


def _config(model: Transformer) -> dict[str, Any]:
    """The sizes under TransformerLens' names."""
    config = model.model_config
    return {
        "n_layers": max(config.num_layers, 1),
        "d_model": model.size.width,
        "d_head": max(config.key_size, 1),
        "n_ctx": model.setting.max_seq_len + 1,
        "d_vocab": model.input_encoder.vocab_size,
        "d_vocab_out": max(model.unembed.shape[1], 1),
        "d_mlp": max(config.mlp_hidden_size, 1),
        "n_heads": max(config.num_heads, 1),
        "act_fn": "relu",
        "attention_dir": "causal" if config.causal else "bidirectional",
        "normalization_type": None,
    }


def _bridge(model: Transformer, now: Current) -> Any:
    import torch
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge.sources.native import boot

    bridge: Any = boot(TransformerBridgeConfig(**_config(model)))
    state = {name: torch.tensor(array) for name, array in bridge_state(model, now).items()}
    # The bridge holds each weight under several names, so only the unexpected ones tell.
    _check_names(bridge.load_state_dict(state, strict=False).unexpected_keys)
    masked = partial(_with_mask, model.input_encoder.pad_encoding)
    bridge.original_model.register_forward_pre_hook(masked, with_kwargs=True)
    return bridge.eval()


ARGUMENTS = ("input_ids", "attention_mask", "position_ids", "inputs_embeds")
"""Of the forward pass of TransformerLens' native model."""


def _with_mask(pad: int, module: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """Before the forward pass: the attention mask leaves PAD out, whatever else it leaves out.

    Raises:
        InputError: If there is nothing to tell PAD by, or the mask has an unknown shape.
    """
    given = {**dict(zip(ARGUMENTS, args, strict=False)), **kwargs}
    tokens, mask = given.get("input_ids"), given.get("attention_mask")
    if tokens is None:
        if mask is None:
            raise InputError(
                "a run from a residual stream has no tokens to tell PAD by; pass "
                "attention_mask=..., 1 where there is a token and 0 where there is PAD"
            )
        return (), given
    keys = tokens == pad
    if mask is None:
        given["attention_mask"] = (~keys).long()
    elif mask.dim() == 2:
        given["attention_mask"] = (~keys & mask.bool()).long()
    elif mask.dim() == 4:
        hidden = True if str(mask.dtype) == "torch.bool" else MASKED
        given["attention_mask"] = mask.masked_fill(keys[:, None, None, :], hidden)
    else:
        raise InputError(
            f"the attention mask has the shape {tuple(mask.shape)}; give [batch, seq], 1 for "
            "keys that are seen, or [batch, 1, query, key], true or very negative for those "
            "that are not"
        )
    return (), given


def _hooked(model: Transformer, now: Current) -> Any:
    import torch

    from optitracr.export.hooked import PaddedTransformer

    lens = require("transformer_lens", "TransformerLens", "lens")
    config = lens.HookedTransformerConfig(**_config(model))
    hooked = PaddedTransformer(config, model.input_encoder.pad_encoding)
    state = {name: torch.tensor(array) for name, array in hooked_state(model, now).items()}
    result = hooked.load_state_dict(state, strict=False)
    missing = [name for name in result.missing_keys if not name.endswith((".mask", ".IGNORE"))]
    _check_names([*missing, *result.unexpected_keys])
    return hooked.eval()


def _check_names(strange: list[str]) -> None:
    if strange:
        raise MissingExtraError(
            f"TransformerLens {_version()} names its weights otherwise than expected "
            f"({', '.join(strange[:3])}); run: pip install 'transformer-lens>=4.3,<5'"
        )


def bridge_state(model: Transformer, now: Current) -> dict[str, Array]:
    """The weights under the names of TransformerLens' native model, linear maps as [out, in]."""
    state = {
        "tok_embed.weight": now.params[TOKENS]["embeddings"],
        "pos.weight": now.params[POSITIONS]["embeddings"],
        "head.weight": np.ascontiguousarray(_unembedding(now).T),
    }
    parts = {
        Linear.QUERY: "attn.q",
        Linear.KEY: "attn.k",
        Linear.VALUE: "attn.v",
        Linear.HEADS_OUT: "attn.o",
        Linear.NEURONS_IN: "mlp.fc_in",
        Linear.NEURONS_OUT: "mlp.fc_out",
    }
    for layer in range(max(model.size.layers, 1)):
        for ours, theirs in parts.items():
            weight, bias = _linear(model, now, layer, ours)
            state[f"layers.{layer}.{theirs}.weight"] = np.ascontiguousarray(weight.T)
            state[f"layers.{layer}.{theirs}.bias"] = bias
    return state


def hooked_state(model: Transformer, now: Current) -> dict[str, Array]:
    """The weights under HookedTransformer's names and in its shapes."""
    unembedding = _unembedding(now)
    state = {
        "embed.W_E": now.params[TOKENS]["embeddings"],
        "pos_embed.W_pos": now.params[POSITIONS]["embeddings"],
        "unembed.W_U": unembedding,
        "unembed.b_U": np.zeros(unembedding.shape[1], np.float32),
    }
    config, width = _config(model), model.size.width
    heads, size = config["n_heads"], config["d_head"]
    for layer in range(config["n_layers"]):
        name = f"blocks.{layer}"
        for ours, theirs in ((Linear.QUERY, "Q"), (Linear.KEY, "K"), (Linear.VALUE, "V")):
            weight, bias = _linear(model, now, layer, ours)
            split = weight.reshape(width, heads, size).transpose(1, 0, 2)
            state[f"{name}.attn.W_{theirs}"] = np.ascontiguousarray(split)
            state[f"{name}.attn.b_{theirs}"] = bias.reshape(heads, size)
        weight, bias = _linear(model, now, layer, Linear.HEADS_OUT)
        state[f"{name}.attn.W_O"] = weight.reshape(heads, size, width)
        state[f"{name}.attn.b_O"] = bias
        for ours, theirs in ((Linear.NEURONS_IN, "in"), (Linear.NEURONS_OUT, "out")):
            weight, bias = _linear(model, now, layer, ours)
            state[f"{name}.mlp.W_{theirs}"], state[f"{name}.mlp.b_{theirs}"] = weight, bias
    return state


def _unembedding(now: Current) -> Array:
    width, outputs = now.unembed.shape
    return now.unembed if outputs else np.zeros((width, 1), np.float32)


def _linear(model: Transformer, now: Current, layer: int, part: Linear) -> tuple[Array, Array]:
    """Weights [in, out] and bias; zeros where there is no layer, head or neuron."""
    config = _config(model)
    names = ("n_layers", "d_model", "n_heads", "d_head", "d_mlp")
    shape = linear_shape(Sizes(*(config[name] for name in names)), part)
    found = now.params.get(linear_name(layer, part))
    if found is None or found["w"].size == 0:
        bias = np.zeros(shape[1], np.float32) if found is None else found["b"]
        return np.zeros(shape, np.float32), np.resize(bias, shape[1])
    return found["w"], found["b"]
