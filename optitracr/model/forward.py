"""The transformer's forward pass, written once for NumPy and for JAX.

Encoder or decoder without layer norm: embeddings, then for each layer attention and MLP
with ReLU, each added to the residual stream (Vaswani et al. 2017; Lindner et al. 2023).
"""

from __future__ import annotations

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


def forward(
    xp: Any, architecture: Architecture, params: Any, unembedding: Array, tokens: Array
) -> ForwardOutput:
    """Runs the transformer.

    Args:
        xp: `numpy` or `jax.numpy`.
        architecture: Static sizes.
        params: Nested dicts under Tracr's names.
        unembedding: Shape [d_model, outputs].
        tokens: Integers of shape [batch, seq]; PAD influences no other position.
    """
    length = tokens.shape[1]
    embeddings = params["token_embed"]["embeddings"][tokens]
    stream = embeddings + params["pos_embed"]["embeddings"][:length][None]
    mask = _mask(xp, architecture, tokens)
    first, added, states, logits = stream, [], [], []
    for layer in range(architecture.layers):
        name = f"transformer/layer_{layer}"
        delta, layer_logits = _attention(xp, architecture, params, f"{name}/attn", stream, mask)
        logits.append(layer_logits)
        for sublayer in ("attn", "mlp"):
            if sublayer == "mlp":
                delta = _mlp(xp, params, f"{name}/mlp", stream)
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
    xp: Any, architecture: Architecture, params: Any, name: str, stream: Array, mask: Array
) -> tuple[Array, Array]:
    batch, length, _ = stream.shape
    heads, size = architecture.heads, architecture.head_size

    def project(part: str) -> Array:
        linear = params[f"{name}/{part}"]
        projected = stream @ linear["w"] + linear["b"]
        return projected.reshape(batch, length, heads, size).transpose(0, 2, 1, 3)

    query, key, value = project("query"), project("key"), project("value")
    scale = np.float32(np.sqrt(max(size, 1)))
    logits = query @ key.transpose(0, 1, 3, 2) / scale
    logits = xp.where(mask, logits, np.float32(MASKED))
    weights = xp.exp(logits - logits.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    mixed = (weights @ value).transpose(0, 2, 1, 3).reshape(batch, length, heads * size)
    linear = params[f"{name}/linear"]
    return mixed @ linear["w"] + linear["b"], logits


def _mlp(xp: Any, params: Any, name: str, stream: Array) -> Array:
    first, second = params[f"{name}/linear_1"], params[f"{name}/linear_2"]
    hidden = xp.maximum(stream @ first["w"] + first["b"], np.float32(0.0))
    return hidden @ second["w"] + second["b"]


def _choose(xp: Any, architecture: Architecture, scores: Array) -> Array:
    """The number, or the integer of the largest score; None where no score passes 1/2."""
    if not architecture.categorical:
        return scores[..., 0]
    if scores.shape[-1] == 0:
        return xp.full(scores.shape[:-1], -1)
    return xp.where(scores.max(axis=-1) > 0.5, scores.argmax(axis=-1), -1)
