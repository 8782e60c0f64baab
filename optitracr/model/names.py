"""The names of a model's parts, each written and read here alone.

- Weights have Tracr's names: `transformer/layer_0/attn/query`.
- Parts that compute have those of TransformerLens' hooks: `blocks.0.attn.hook_z[:, :, 1]` is what
  head 1 of layer 0 gives, `blocks.0.mlp.hook_post[:, :, 3]` neuron 3.
- Nodes of the record: `L0.head1`, `L0.neurons3-7`.
"""

from __future__ import annotations

from enum import StrEnum

TOKENS, POSITIONS = "token_embed", "pos_embed"
"""The embeddings among the weights."""

UNEMBED = "unembed"
"""The unembedding in a file of weights."""


class Linear(StrEnum):
    """The linear maps of one layer, under Tracr's names."""

    QUERY = "attn/query"
    KEY = "attn/key"
    VALUE = "attn/value"
    HEADS_OUT = "attn/linear"
    NEURONS_IN = "mlp/linear_1"
    NEURONS_OUT = "mlp/linear_2"


LINEAR = tuple(Linear)


def linear_name(layer: int, part: Linear | str) -> str:
    """A linear map of a layer, as the parameters name it."""
    return f"transformer/layer_{layer}/{part}"


def layer_prefix(layer: int) -> str:
    """What the names of all of a layer's weights begin with."""
    return f"transformer/layer_{layer}/"
