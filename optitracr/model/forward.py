"""The transformer's forward pass, written once for NumPy and for JAX.

Encoder or decoder without layer norm: embeddings, then for each layer attention and MLP
with ReLU, each added to the residual stream (Vaswani et al. 2017; Lindner et al. 2023).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = Any
MASKED = -1e30


class TransformerOutput(NamedTuple):
    """What the transformer computed.

    Attributes:
        layer_outputs: What each sublayer added, each [batch, seq, d_model]; attention, then
            MLP, of each layer.
        residuals: The residual stream after each sublayer, each [batch, seq, d_model].
        attn_logits: Masked logits of each layer, each [batch, heads, query, key].
        output: The last residual stream, [batch, seq, d_model].
        input_embeddings: The first one, [batch, seq, d_model].
    """

    layer_outputs: tuple[Array, ...]
    residuals: tuple[Array, ...]
    attn_logits: tuple[Array, ...]
    output: Array
    input_embeddings: Array


class ForwardOutput(NamedTuple):
    """The transformer's output and its unembedding.

    Attributes:
        transformer_output: States and attention.
        unembedded_output: [batch, seq]: the number, or the integer of the categorical
            value, -1 for None.
        logits: [batch, seq, outputs], before the choice.
    """

    transformer_output: TransformerOutput
    unembedded_output: Array
    logits: Array


class Architecture(NamedTuple):
    """What the forward pass has to know beside the parameters."""

    layers: int
    heads: int
    head_size: int
    causal: bool
    pad_encoding: int
    categorical: bool


Edit = Callable[[str, Array], Array]
"""Given a hook's name and what stands there, what stands there instead."""


def forward(
    xp: Any,
    architecture: Architecture,
    params: Any,
    unembedding: Array,
    tokens: Array,
    edit: Edit | None = None,
) -> ForwardOutput:
    """Runs the transformer.

    Args:
        xp: `numpy` or `jax.numpy`.
        architecture: Static sizes.
        params: Nested dicts under Tracr's names.
        unembedding: Shape [d_model, outputs].
        tokens: Integers of shape [batch, seq]; PAD influences no other position.
        edit: For interventions: called at TransformerLens' hooks `blocks.{l}.attn.hook_q`,
            `hook_k`, `hook_v` and `hook_z`, [batch, seq, heads, head_size], and
            `blocks.{l}.mlp.hook_pre` and `hook_post`, [batch, seq, neurons].
    """
    edit = edit or _unchanged
    length = tokens.shape[1]
    embeddings = params["token_embed"]["embeddings"][tokens]
    stream = embeddings + params["pos_embed"]["embeddings"][:length][None]
    mask = _mask(xp, architecture, tokens)
    first, added, states, logits = stream, [], [], []
    for layer in range(architecture.layers):
        delta, layer_logits = _attention(xp, architecture, params, layer, stream, mask, edit)
        logits.append(layer_logits)
        for sublayer in ("attn", "mlp"):
            if sublayer == "mlp":
                delta = _mlp(xp, params, layer, stream, edit)
            stream = stream + delta
            added.append(delta)
            states.append(stream)
    output = TransformerOutput(tuple(added), tuple(states), tuple(logits), stream, first)
    scores = stream @ unembedding
    return ForwardOutput(output, _choose(xp, architecture, scores), scores)


def _mask(xp: Any, architecture: Architecture, tokens: Array) -> Array:
    """[batch, 1, query, key]: which keys each query may see."""
    length = tokens.shape[1]
    seen = (tokens != architecture.pad_encoding)[:, None, None, :]
    if architecture.causal:
        place = np.arange(length)
        seen = seen & xp.asarray(place[:, None] >= place[None, :])[None, None]
    return seen


def _attention(
    xp: Any,
    architecture: Architecture,
    params: Any,
    layer: int,
    stream: Array,
    mask: Array,
    edit: Edit,
) -> tuple[Array, Array]:
    batch, length, _ = stream.shape
    heads, size = architecture.heads, architecture.head_size
    name = f"transformer/layer_{layer}/attn"

    def project(part: str) -> Array:
        projected = _linear(params[f"{name}/{part}"], stream).reshape(batch, length, heads, size)
        return edit(f"blocks.{layer}.attn.hook_{part[0]}", projected).transpose(0, 2, 1, 3)

    query, key, value = project("query"), project("key"), project("value")
    scale = np.float32(np.sqrt(max(size, 1)))
    logits = query @ key.transpose(0, 1, 3, 2) / scale
    logits = xp.where(mask, logits, np.float32(MASKED))
    weights = xp.exp(logits - logits.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    mixed = edit(f"blocks.{layer}.attn.hook_z", (weights @ value).transpose(0, 2, 1, 3))
    return _linear(params[f"{name}/linear"], mixed.reshape(batch, length, heads * size)), logits


def _mlp(xp: Any, params: Any, layer: int, stream: Array, edit: Edit) -> Array:
    name = f"transformer/layer_{layer}/mlp"
    before = edit(f"blocks.{layer}.mlp.hook_pre", _linear(params[f"{name}/linear_1"], stream))
    hidden = xp.maximum(before, np.float32(0.0))
    return _linear(params[f"{name}/linear_2"], edit(f"blocks.{layer}.mlp.hook_post", hidden))


def _linear(linear: Any, x: Array) -> Array:
    return x @ linear["w"] + linear["b"]


def _unchanged(name: str, array: Array) -> Array:
    del name
    return array


def _choose(xp: Any, architecture: Architecture, scores: Array) -> Array:
    """The number, or the integer of the largest score; None where no score passes 1/2."""
    if not architecture.categorical:
        return scores[..., 0]
    if scores.shape[-1] == 0:
        return xp.full(scores.shape[:-1], -1)
    return xp.where(scores.max(axis=-1) > 0.5, scores.argmax(axis=-1), -1)
