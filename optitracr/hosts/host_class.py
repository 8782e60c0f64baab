"""What a kind of host has to offer: its norms, a wider copy of it, and places for a guest."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from optitracr.craft.spaces import FloatArray
from optitracr.errors import InputError
from optitracr.hosts.setting import Neuron
from optitracr.hosts.weights import HeadWeights, NeuronWeights

Host = Any
"""A model of transformers: a GPT2LMHeadModel or a LlamaForCausalLM."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a guest takes of a host.

    Attributes:
        columns: Columns of the stream.
        heads: Heads of a layer, the most of all layers.
        neurons: Neurons of a layer, the most of all layers.
        biased: Whether a query has a bias.
    """

    columns: int
    heads: int
    neurons: int
    biased: bool


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of a host.

    Attributes:
        width: Columns of its stream.
        layers: Its layers.
        heads: Heads of a layer.
        head_size: Columns of a head.
        neurons: Neurons of a layer.
        vocabulary: Its tokens.
        positions: Its positions.
    """

    width: int
    layers: int
    heads: int
    head_size: int
    neurons: int
    vocabulary: int
    positions: int


class HostClass(ABC):
    """A kind of host.

    Attributes:
        embeds_positions: Whether it has an embedding of positions.
        subtracts_mean: Whether its norms do.
    """

    embeds_positions: bool
    subtracts_mean: bool

    @abstractmethod
    def check(self, host: Host) -> None:
        """Refuses a host that no guest fits.

        Raises:
            InputError: If an option of it is not known here.
        """

    @abstractmethod
    def sizes(self, host: Host) -> Sizes:
        """Its sizes."""

    @abstractmethod
    def neuron(self, host: Host) -> Neuron:
        """Its activation."""

    @abstractmethod
    def turns(self, host: Host) -> list[tuple[int, float]]:
        """Dimensions of a head that keys may use, and how far a position turns each."""

    @abstractmethod
    def norms(self, host: Host) -> list[Any]:
        """The norm of attention and of the MLP of each layer in turn, and the last one."""

    @abstractmethod
    def readers(self, host: Host, norm: int) -> list[torch.Tensor]:
        """The weights of all that reads through a norm, each [width, outputs], as views."""

    @abstractmethod
    def layer(self, host: Host, layer: int) -> Any:
        """The module of a layer."""

    @abstractmethod
    def mlp(self, host: Host, layer: int) -> Any:
        """The module of a layer's neurons."""

    @abstractmethod
    def projection(self, host: Host, layer: int) -> tuple[Any, torch.Tensor]:
        """The module that adds up a layer's heads, and its weights, [heads' columns, width]."""

    @abstractmethod
    def scale(self, host: Host, stream: torch.Tensor) -> torch.Tensor:
        """What a norm multiplies a stream by, [batch, seq], in float64."""

    @abstractmethod
    def widened(self, host: Host, room: Room) -> Host:
        """A copy with room for a guest, which computes what the host does."""

    def read(self, weights: FloatArray) -> torch.Tensor:
        """What is read of a guest's columns, which come first."""
        return torch.tensor(weights, dtype=torch.float32)

    def written(self, weights: FloatArray, unit: float) -> torch.Tensor:
        """What is written to a guest's columns, which come last, in units of an amplitude."""
        return torch.tensor(weights * unit, dtype=torch.float32)

    def set_gains(self, new: Host, norm: int, first: int, gain: float) -> None:
        """Sets the gains of a norm over the columns from one on."""
        self.norms(new)[norm].weight[first:] = gain

    @abstractmethod
    def place_embedding(
        self, new: Host, first: int, tokens: FloatArray, positions: FloatArray
    ) -> None:
        """Adds to the embeddings of tokens and positions, over the columns from one on."""

    @abstractmethod
    def place_head(
        self, new: Host, layer: int, slot: int, first: int, head: HeadWeights, unit: float
    ) -> None:
        """Writes a head into the place of one that is new."""

    @abstractmethod
    def place_neurons(
        self, new: Host, layer: int, start: int, first: int, neurons: NeuronWeights, unit: float
    ) -> None:
        """Writes neurons, from a place on."""

    @abstractmethod
    def add_outward(self, new: Host, layer: int, start: int, written: FloatArray) -> None:
        """Adds to what neurons write into the host's own columns, [neurons, width]."""


def emptied(host: Host, changes: Mapping[str, Any]) -> Host:
    """A model of a host's class with all weights zero, none of them shared.

    Args:
        host: The host.
        changes: What its configuration says otherwise.
    """
    config = type(host.config)(
        **{
            **host.config.to_dict(),
            "tie_word_embeddings": False,
            "dtype": "float32",
            **changes,
        }
    )
    new = AutoModelForCausalLM.from_config(  # type: ignore[no-untyped-call]
        config, attn_implementation=host.config._attn_implementation
    )
    for weight in new.parameters():
        weight.zero_()
    return new.eval()


def checked_float32(host: Host) -> None:
    """Refuses a host in another precision, one on no CPU, and one in training.

    Raises:
        InputError: If some weight is not float32, or does not lie on the CPU, or the host drops
            some of its activations at random.
    """
    if host.training:
        raise InputError("the host is in training mode, with dropout; call host.eval() first")
    for name, weight in host.named_parameters():
        if weight.dtype != torch.float32 or weight.device.type != "cpu":
            raise InputError(
                f"the host's '{name}' is {weight.dtype} on {weight.device}; give a host in "
                "float32 on the CPU: host.float().cpu()"
            )
        if not bool(torch.isfinite(weight).all()):
            raise InputError(f"the host's '{name}' holds numbers that are not finite")


def own_root(head_size: int) -> float:
    """By what a logit is divided."""
    return math.sqrt(head_size)
