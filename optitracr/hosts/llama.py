"""Llama as a host: RMSNorm, gated SiLU, rotary positions, heads of a size of their own.

Gates and up-projections get a bias, which is 0 for the neurons of the host: the up-projection of a
guest's neuron is 1, so that its height does not depend on the scale. So do queries where heads
count, so that what BOS weighs does not.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from optitracr.architectures.classes import LLAMA_CLASS
from optitracr.craft.spaces import FloatArray
from optitracr.errors import InputError
from optitracr.hosts.host_class import (
    Host,
    HostClass,
    Room,
    Sizes,
    emptied,
    own_root,
)
from optitracr.hosts.setting import SILU, Neuron
from optitracr.hosts.weights import HeadWeights, NeuronWeights

LARGEST_TURN = 1.2
"""How far, in radians, the longest distance may turn a dimension that keys use: a failure then
still scores a third of what it scores next to it."""


class Llama(HostClass):
    """transformers' LlamaForCausalLM."""

    embeds_positions = False
    subtracts_mean = False

    def check(self, host: Host) -> None:
        """Refuses other activations, scaled rotations and biases of attention."""
        config = host.config
        if config.hidden_act not in ("silu", "swish"):
            raise InputError(
                f"the host's activation is {config.hidden_act!r}; a Llama has to have 'silu'"
            )
        rotary = host.model.rotary_emb
        if rotary.rope_type not in ("default", "linear", "llama3"):
            raise InputError(
                f"the host's rotary positions are of type {rotary.rope_type!r}, whose frequencies "
                "depend on the input; give one with 'default', 'linear' or 'llama3'"
            )
        if config.attention_bias:
            raise InputError("the host has attention_bias=True; only False is supported")

    def sizes(self, host: Host) -> Sizes:
        """Its sizes; heads are those of keys, each with its queries."""
        own = LLAMA_CLASS.sizes_of(host.config)
        own["heads"] = own.pop("key_heads")
        return Sizes(vocabulary=own.pop("tokens"), **own)

    def neuron(self, host: Host) -> Neuron:
        """SiLU."""
        return SILU

    def turns(self, host: Host) -> list[tuple[int, float]]:
        """The first dimension of each pair that turns slowly enough, the slowest first."""
        frequencies = host.model.rotary_emb.inv_freq.double().tolist()
        return [(place, turn) for place, turn in reversed(list(enumerate(frequencies)))]

    def norms(self, host: Host) -> list[Any]:
        """Two a layer, and the last."""
        layers = host.model.layers
        pairs = ((x.input_layernorm, x.post_attention_layernorm) for x in layers)
        return [*(norm for pair in pairs for norm in pair), host.model.norm]

    def readers(self, host: Host, norm: int) -> list[torch.Tensor]:
        """Queries, keys and values; gates and what they are multiplied with; or the unembedding."""
        layers = host.model.layers
        if norm == 2 * len(layers):
            return [host.lm_head.weight.T]
        attention, mlp = layers[norm // 2].self_attn, layers[norm // 2].mlp
        heads = (attention.q_proj, attention.k_proj, attention.v_proj)
        found = (mlp.gate_proj, mlp.up_proj) if norm % 2 else heads
        return [part.weight.T for part in found]

    def layer(self, host: Host, layer: int) -> Any:
        """A layer."""
        return host.model.layers[layer]

    def mlp(self, host: Host, layer: int) -> Any:
        """Its neurons."""
        return host.model.layers[layer].mlp

    def projection(self, host: Host, layer: int) -> tuple[Any, torch.Tensor]:
        """The output projection of its heads."""
        module = host.model.layers[layer].self_attn.o_proj
        return module, module.weight.detach().T

    def scale(self, host: Host, stream: torch.Tensor) -> torch.Tensor:
        """One over the root of the mean square."""
        square = stream.double().square().mean(dim=-1)
        return torch.rsqrt(square + host.config.rms_norm_eps)

    def widened(self, host: Host, room: Room) -> Host:
        """Columns, heads and neurons as many as are needed; heads have to divide the width."""
        old = self.sizes(host)
        group = host.config.num_attention_heads // old.heads
        heads = group * (old.heads + room.heads)
        width = math.ceil((old.width + room.columns) / heads) * heads
        new = _empty(host, width, old, room)
        source, target = host.model, new.model
        target.embed_tokens.weight[:, : old.width] = source.embed_tokens.weight
        for before, after in zip(source.layers, target.layers, strict=True):
            _copy_attention(before.self_attn, after.self_attn, old.width)
            _copy_mlp(before.mlp, after.mlp, old)
        for before, after in zip(self.norms(host), self.norms(new), strict=True):
            after.weight[: old.width] = before.weight * math.sqrt(old.width / width)
        new.lm_head.weight[:, : old.width] = host.lm_head.weight
        return new

    def place_embedding(
        self, new: Host, first: int, tokens: FloatArray, positions: FloatArray
    ) -> None:
        """Adds to the embedding of tokens, the only one."""
        columns = slice(first, first + tokens.shape[1])
        new.model.embed_tokens.weight[:, columns] += self.written(tokens, 1.0)

    def place_head(
        self, new: Host, layer: int, slot: int, first: int, head: HeadWeights, unit: float
    ) -> None:
        """One head of keys, and the first of its heads of queries."""
        attention = new.model.layers[layer].self_attn
        size = head.query.shape[1]
        group = new.config.num_attention_heads // new.config.num_key_value_heads
        rows = slice(first, first + len(head.query))
        order = [place for place, _ in self.turns(new)]
        for weights, projection, at in (
            (head.query * own_root(size), attention.q_proj, slot * group),
            (head.key, attention.k_proj, slot),
        ):
            made = torch.zeros(len(weights), size)
            made[:, order] = self.read(weights)[:, : len(order)]
            projection.weight[at * size : (at + 1) * size, rows] = made.T
        if attention.q_proj.bias is not None:
            bias = torch.zeros(size)
            turned = (head.bias * own_root(size))[: len(order)]
            bias[order] = torch.tensor(turned, dtype=torch.float32)
            attention.q_proj.bias[slot * group * size : (slot * group + 1) * size] = bias
        attention.v_proj.weight[slot * size : (slot + 1) * size, rows] = self.read(head.value).T
        own = slice(slot * group * size, (slot * group + 1) * size)
        attention.o_proj.weight[rows, own] = self.written(head.output, unit).T

    def place_neurons(
        self, new: Host, layer: int, start: int, first: int, neurons: NeuronWeights, unit: float
    ) -> None:
        """Gates read; the up-projection is 1."""
        mlp = new.model.layers[layer].mlp
        rows = slice(first, first + len(neurons.inward))
        own = slice(start, start + neurons.bias.size)
        mlp.gate_proj.weight[own, rows] = self.read(neurons.inward).T
        mlp.gate_proj.bias[own] = torch.tensor(neurons.bias, dtype=torch.float32)
        mlp.up_proj.bias[own] = 1.0
        mlp.down_proj.weight[rows, own] = self.written(neurons.outward, unit).T

    def add_outward(self, new: Host, layer: int, start: int, written: FloatArray) -> None:
        """Adds to what neurons write."""
        count, width = written.shape
        mlp = new.model.layers[layer].mlp
        added = torch.tensor(written, dtype=torch.float32).T
        mlp.down_proj.weight[:width, start : start + count] += added


def _empty(host: Host, width: int, old: Sizes, room: Room) -> Host:
    """A Llama with all weights zero."""
    group = host.config.num_attention_heads // old.heads
    changes = {
        "rms_norm_eps": host.config.rms_norm_eps * old.width / width,
        "hidden_size": width,
        "head_dim": old.head_size,
        "num_attention_heads": group * (old.heads + room.heads),
        "num_key_value_heads": old.heads + room.heads,
        "intermediate_size": old.neurons + room.neurons,
        "mlp_bias": True,
        "attention_bias": room.biased,
    }
    return emptied(host, changes)


def _copy_attention(before: Host, after: Host, width: int) -> None:
    for name in ("q_proj", "k_proj", "v_proj"):
        weight = getattr(before, name).weight
        getattr(after, name).weight[: len(weight), :width] = weight
    weight = before.o_proj.weight
    after.o_proj.weight[:width, : weight.shape[1]] = weight


def _copy_mlp(before: Host, after: Host, old: Sizes) -> None:
    for name in ("gate_proj", "up_proj"):
        getattr(after, name).weight[: old.neurons, : old.width] = getattr(before, name).weight
        if getattr(before, name).bias is not None:
            getattr(after, name).bias[: old.neurons] = getattr(before, name).bias
    after.down_proj.weight[: old.width, : old.neurons] = before.down_proj.weight
    if before.down_proj.bias is not None:
        after.down_proj.bias[: old.width] = before.down_proj.bias
