"""The forward pass of a stock transformer in NumPy, float32, as its class computes it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.architectures.architecture import Activation, Norm
from optitracr.stock.lower import Lowered
from optitracr.stock.weights import Affine, StockLayer, single

if TYPE_CHECKING:
    from jaxtyping import Float, Int

Single = NDArray[np.float32]

EPSILON = {Norm.NONE: 0.0, Norm.LAYER_NORM: 1e-5, Norm.RMS_NORM: 1e-6}
"""What is added to a variance, as GPT-2 and Llama have it."""


def logits_numpy(
    model: Lowered, tokens: Int[NDArray[np.integer], "batch seq"]
) -> Float[Single, "batch seq tokens"]:
    """The logits of some sequences.

    Args:
        model: The stock transformer.
        tokens: Integers, BOS first and PAD last.
    """
    *_, last = streams(model, tokens)
    read = _normed(model, last, model.weights.gain)
    return np.asarray(read @ single(model.weights.unembedding))


def streams(model: Lowered, tokens: NDArray[np.integer]) -> Iterator[Single]:
    """The residual stream at each state, [batch, seq, width]."""
    weights, length = model.weights, tokens.shape[1]
    stream = single(weights.tokens)[tokens]
    if weights.positions is not None:
        stream = stream + single(weights.positions)[:length]
    yield stream
    for layer in weights.layers:
        stream = stream + _attention(model, layer, stream)
        yield stream
        stream = stream + _mlp(model, layer, stream)
        yield stream


def _normed(model: Lowered, stream: Single, gain: Any) -> Single:
    norm = model.architecture.norm
    epsilon = np.float32(EPSILON[norm])
    if norm is Norm.LAYER_NORM:
        stream = stream - stream.mean(axis=-1, keepdims=True)
    if norm is not Norm.NONE:
        square = np.square(stream).mean(axis=-1, keepdims=True)
        stream = stream / np.sqrt(square + epsilon)
    return np.asarray(stream * single(gain))


def _map(x: Single, part: Affine) -> Single:
    return np.asarray(x @ single(part.w) + single(part.b))


def _attention(model: Lowered, layer: StockLayer, stream: Single) -> Single:
    read = _normed(model, stream, layer.attention_gain)
    batch, length, _ = stream.shape
    heads, size = model.sizes.heads, model.sizes.head_size

    def split(part: Affine) -> Single:
        return _map(read, part).reshape(batch, length, heads, size).transpose(0, 2, 1, 3)

    query, key, value = split(layer.query), split(layer.key), split(layer.value)
    if model.weights.rotary_base:
        query, key = (_rotated(part, model.weights.rotary_base) for part in (query, key))
    scores = query @ key.transpose(0, 1, 3, 2) / np.float32(math.sqrt(size))
    place = np.arange(length)
    scores = np.where(place[:, None] >= place[None, :], scores, np.float32(-np.inf))
    pattern = np.exp(scores - scores.max(axis=-1, keepdims=True))
    pattern = pattern / pattern.sum(axis=-1, keepdims=True)
    mixed = (pattern @ value).transpose(0, 2, 1, 3).reshape(batch, length, heads * size)
    return _map(mixed, layer.heads_out)


def _rotated(part: Single, base: float) -> Single:
    """Queries or keys, turned by their position."""
    *_, length, size = part.shape
    frequency = np.float32(1.0) / np.float32(base) ** (
        np.arange(0, size, 2, dtype=np.float32) / np.float32(size)
    )
    angle = np.arange(length, dtype=np.float32)[:, None] * frequency
    angle = np.concatenate([angle, angle], axis=-1)
    first, second = np.split(part, 2, axis=-1)
    turned = np.concatenate([-second, first], axis=-1)
    return np.asarray(part * np.cos(angle) + turned * np.sin(angle))


def _mlp(model: Lowered, layer: StockLayer, stream: Single) -> Single:
    read = _normed(model, stream, layer.mlp_gain)
    hidden = activated(model.architecture.activation, _map(read, layer.neurons_in))
    if layer.up is not None:
        hidden = hidden * _map(read, layer.up)
    return _map(hidden, layer.neurons_out)


def activated(activation: Activation, before: Single) -> Single:
    """What neurons give."""
    one, half = np.float32(1.0), np.float32(0.5)
    match activation:
        case Activation.RELU:
            return np.maximum(before, np.float32(0.0))
        case Activation.GELU:
            from scipy.special import erf

            return np.asarray(half * before * (one + erf(before / np.float32(math.sqrt(2)))))
        case Activation.GELU_NEW:
            inner = before + np.float32(0.044715) * before**3
            return np.asarray(
                half * before * (one + np.tanh(np.float32(math.sqrt(2 / math.pi)) * inner))
            )
        case Activation.SILU:
            with np.errstate(over="ignore"):
                return np.asarray(before / (one + np.exp(-before)))
