"""The names of a model's parts, each written and read here alone.

- Weights have Tracr's names: `transformer/layer_0/attn/query`.
- Parts that compute have those of TransformerLens' hooks: `blocks.0.attn.hook_z[:, :, 1]` is what
  head 1 of layer 0 gives, `blocks.0.mlp.hook_post[:, :, 3]` neuron 3.
- Nodes of the record: `L0.head1`, `L0.neurons3-7`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

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


class Hook(StrEnum):
    """Where in a layer a tensor stands, under TransformerLens' names."""

    QUERY = "attn.hook_q"
    KEY = "attn.hook_k"
    VALUE = "attn.hook_v"
    HEAD = "attn.hook_z"
    NEURON_IN = "mlp.hook_pre"
    NEURON = "mlp.hook_post"
    MLP = "hook_mlp_out"


PORTS = {Hook.QUERY: Linear.QUERY, Hook.KEY: Linear.KEY, Hook.VALUE: Linear.VALUE}
"""What a head reads through, and the linear map that it reads with."""


def hook_name(layer: int, hook: Hook) -> str:
    """A hook of a layer, whose tensor holds all heads, or all neurons."""
    return f"blocks.{layer}.{hook}"


@dataclass(frozen=True, slots=True)
class PartName:
    """The name of a part of a layer.

    Attributes:
        layer: Its layer.
        hook: Where what it gives stands, or for a query, key or value what it reads.
        place: The head or neuron; None for a whole MLP.
    """

    layer: int
    hook: Hook
    place: int | None = None

    def __str__(self) -> str:
        name = hook_name(self.layer, self.hook)
        return name if self.place is None else f"{name}[:, :, {self.place}]"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The name that a text is; None for all else, the embeddings and the output among it."""
        found = _PART.fullmatch(text)
        if found is None or found["hook"] not in set(Hook):
            return None
        place = found["place"]
        return cls(int(found["layer"]), Hook(found["hook"]), int(place) if place else None)


_PART = re.compile(
    r"blocks\.(?P<layer>\d+)\.(?P<hook>[\w.]+)(?:\[:, :, (?P<place>\d+)\])?", re.ASCII
)


def node_name(layer: int, index: tuple[int, ...]) -> str:
    """A head, or a run of neurons, as the record names it.

    Args:
        layer: Its layer.
        index: The head; or the first neuron and the one after the last.
    """
    if len(index) == 1:
        return f"L{layer}.head{index[0]}"
    first, stop = index
    return f"L{layer}.neurons{first}-{stop}"
