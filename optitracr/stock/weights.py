"""The weights of a transformer with norms, whatever its maker calls them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float


class Affine(NamedTuple):
    """A linear map with its bias.

    Attributes:
        w: Shape [inputs, outputs].
        b: Shape [outputs]; zeros where there is no bias.
    """

    w: Float[FloatArray, "inputs outputs"]
    b: Float[FloatArray, " outputs"]


@dataclass(frozen=True, slots=True)
class StockSizes:
    """The sizes of a stock transformer.

    Attributes:
        layers: Number of layers.
        width: Columns of the residual stream.
        heads: Heads of each layer.
        head_size: Dimensions of each head.
        neurons: Neurons of each layer.
        tokens: Rows of the token embedding, and columns of the unembedding.
        positions: Longest sequence, BOS included.
        parameters: All weights, biases and gains.
    """

    layers: int
    width: int
    heads: int
    head_size: int
    neurons: int
    tokens: int
    positions: int
    parameters: int = 0

    @property
    def key_heads(self) -> int:
        """Heads of keys and values: every head has its own."""
        return self.heads


@dataclass(frozen=True, slots=True, eq=False)
class StockLayer:
    """One layer.

    Attributes:
        attention_gain: Of the norm before attention, [width].
        query: To [heads * head_size], heads one after another; key and value alike.
        key: See `query`.
        value: See `query`.
        heads_out: From [heads * head_size] to [width].
        mlp_gain: Of the norm before the MLP, [width].
        neurons_in: To the pre-activations, [neurons].
        up: To what gated neurons are multiplied with, [neurons]; None where there is no gate.
        neurons_out: From [neurons] to [width].
    """

    attention_gain: Float[FloatArray, " width"]
    query: Affine
    key: Affine
    value: Affine
    heads_out: Affine
    mlp_gain: Float[FloatArray, " width"]
    neurons_in: Affine
    up: Affine | None
    neurons_out: Affine

    def maps(self) -> Iterator[tuple[str, Affine]]:
        """Each linear map, with its name."""
        for name in ("query", "key", "value", "heads_out", "neurons_in", "up", "neurons_out"):
            found = getattr(self, name)
            if found is not None:
                yield name, found


@dataclass(frozen=True, slots=True, eq=False)
class StockWeights:
    """All weights.

    Attributes:
        tokens: The token embedding, [tokens, width].
        positions: The position embedding, [positions, width]; None where positions are rotary.
        layers: The layers.
        gain: Of the norm before the unembedding, [width].
        unembedding: Shape [width, tokens].
        rotary_base: Base of the rotary frequencies; 0 where positions are learned.
    """

    tokens: Float[FloatArray, "tokens width"]
    positions: Float[FloatArray, "positions width"] | None
    layers: tuple[StockLayer, ...]
    gain: Float[FloatArray, " width"]
    unembedding: Float[FloatArray, "width tokens"]
    rotary_base: float = 0.0


def kinds_of_weights(weights: StockWeights) -> dict[str, FloatArray]:
    """The numbers that are not zero, by what they are; the embeddings' hold the constant too."""
    parts = [part for layer in weights.layers for _, part in layer.maps()]
    gains = [gain for layer in weights.layers for gain in (layer.attention_gain, layer.mlp_gain)]
    found = {
        "gains": np.concatenate([weights.gain, *gains]),
        "weights": np.concatenate([part.w.ravel() for part in parts]),
        "biases": np.concatenate([part.b for part in parts]),
        "unembedding": weights.unembedding.ravel(),
    }
    return {kind: numbers[numbers != 0.0] for kind, numbers in found.items()}


def single(array: FloatArray) -> NDArray[np.float32]:
    """Numbers as float32 holds them."""
    return np.ascontiguousarray(array, dtype=np.float32)
