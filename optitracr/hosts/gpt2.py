"""GPT-2 as a host: LayerNorm, GELU, learned positions, heads that share out the width."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from optitracr.architectures.classes import GPT2_CLASS
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
from optitracr.hosts.layout import BALANCES, COPIES, ZEROS
from optitracr.hosts.setting import GELU, Neuron
from optitracr.hosts.weights import HeadWeights, NeuronWeights

ACTIVATIONS = ("gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_fast")
"""The forms of GELU, which all saturate alike."""

USUAL = {
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "add_cross_attention": False,
    "reorder_and_upcast_attn": False,
}
"""Options that have to be what they are by default."""


class Gpt2(HostClass):
    """transformers' GPT2LMHeadModel."""

    embeds_positions = True
    subtracts_mean = True

    def check(self, host: Host) -> None:
        """Refuses other activations and unusual options."""
        config = host.config
        if config.activation_function not in ACTIVATIONS:
            raise InputError(
                f"the host's activation is {config.activation_function!r}; a GPT-2 has to have one "
                f"of {', '.join(ACTIVATIONS)}"
            )
        for name, usual in USUAL.items():
            if getattr(config, name) != usual:
                raise InputError(
                    f"the host's {name} is {getattr(config, name)}; only {usual} is supported"
                )

    def sizes(self, host: Host) -> Sizes:
        """Its sizes."""
        own = GPT2_CLASS.sizes_of(host.config)
        own["neurons"] = own["neurons"] or 4 * own["width"]
        head_size = own["width"] // own["heads"]
        return Sizes(head_size=head_size, vocabulary=own.pop("tokens"), **own)

    def neuron(self, host: Host) -> Neuron:
        """GELU."""
        return GELU

    def turns(self, host: Host) -> list[tuple[int, float]]:
        """No dimension is turned."""
        return [(place, 0.0) for place in range(self.sizes(host).head_size)]

    def norms(self, host: Host) -> list[Any]:
        """Two a layer, and the last."""
        blocks = host.transformer.h
        return [*(x for block in blocks for x in (block.ln_1, block.ln_2)), host.transformer.ln_f]

    def readers(self, host: Host, norm: int) -> list[torch.Tensor]:
        """Queries, keys and values; neurons; or the unembedding."""
        blocks = host.transformer.h
        if norm == 2 * len(blocks):
            return [host.lm_head.weight.T]
        block = blocks[norm // 2]
        return [block.mlp.c_fc.weight if norm % 2 else block.attn.c_attn.weight]

    def layer(self, host: Host, layer: int) -> Any:
        """A block."""
        return host.transformer.h[layer]

    def mlp(self, host: Host, layer: int) -> Any:
        """Its neurons."""
        return host.transformer.h[layer].mlp

    def projection(self, host: Host, layer: int) -> tuple[Any, torch.Tensor]:
        """The output projection of its heads."""
        module = host.transformer.h[layer].attn.c_proj
        return module, module.weight.detach()

    def scale(self, host: Host, stream: torch.Tensor) -> torch.Tensor:
        """One over the standard deviation."""
        variance = stream.double().var(dim=-1, unbiased=False)
        return torch.rsqrt(variance + host.config.layer_norm_epsilon)

    def widened(self, host: Host, room: Room) -> Host:
        """Heads bring the columns; weights that write are centred, so that the mean is zero."""
        old = self.sizes(host)
        added = max(room.heads, math.ceil(room.columns / old.head_size))
        width = old.width + added * old.head_size
        inner = max(4 * width, old.neurons + room.neurons)
        new = _empty(host, width, old.heads + added, inner)
        source, target = host.transformer, new.transformer
        target.wte.weight[:, : old.width] = _centred(source.wte.weight)
        target.wpe.weight[:, : old.width] = _centred(source.wpe.weight)
        for before, after in zip(source.h, target.h, strict=True):
            _copy_attention(before.attn, after.attn, old.width, width)
            _copy_mlp(before.mlp, after.mlp, old)
        for before, after in zip(self.norms(host), self.norms(new), strict=True):
            after.weight[: old.width] = before.weight * math.sqrt(old.width / width)
            after.bias[: old.width] = before.bias
        new.lm_head.weight[:, : old.width] = host.lm_head.weight
        return new

    def read(self, weights: FloatArray) -> torch.Tensor:
        """What is read of a guest's columns, so that it sums to zero."""
        made = np.array(weights, dtype=np.float64)
        made[ZEROS] -= made.sum(axis=0) / COPIES
        return torch.tensor(made, dtype=torch.float32)

    def written(self, weights: FloatArray, unit: float) -> torch.Tensor:
        """What is written to a guest's columns, so that it sums to zero; columns come last."""
        made = np.array(weights, dtype=np.float64) * unit
        made[:, BALANCES] -= made.sum(axis=1, keepdims=True) / COPIES
        return torch.tensor(made, dtype=torch.float32)

    def place_embedding(
        self, new: Host, first: int, tokens: FloatArray, positions: FloatArray
    ) -> None:
        """Adds to both embeddings."""
        columns = slice(first, first + tokens.shape[1])
        new.transformer.wte.weight[:, columns] += self.written(tokens, 1.0)
        new.transformer.wpe.weight[: len(positions), columns] += self.written(positions, 1.0)

    def place_head(
        self, new: Host, layer: int, slot: int, first: int, head: HeadWeights, unit: float
    ) -> None:
        """Queries, keys and values stand side by side."""
        attention = new.transformer.h[layer].attn
        width, size = new.config.n_embd, head.query.shape[1]
        rows = slice(first, first + len(head.query))
        parts = (head.query * own_root(size), head.key, head.value)
        for place, weights in enumerate(parts):
            start = place * width + slot * size
            attention.c_attn.weight[rows, start : start + size] = self.read(weights)
        own = slice(slot * size, (slot + 1) * size)
        attention.c_attn.bias[own] = torch.tensor(head.bias * own_root(size), dtype=torch.float32)
        attention.c_proj.weight[slot * size : (slot + 1) * size, rows] = self.written(
            head.output, unit
        )

    def place_neurons(
        self, new: Host, layer: int, start: int, first: int, neurons: NeuronWeights, unit: float
    ) -> None:
        """Pre-activations and what they write."""
        mlp = new.transformer.h[layer].mlp
        rows = slice(first, first + len(neurons.inward))
        own = slice(start, start + neurons.bias.size)
        mlp.c_fc.weight[rows, own] = self.read(neurons.inward)
        mlp.c_fc.bias[own] = torch.tensor(neurons.bias, dtype=torch.float32)
        mlp.c_proj.weight[own, rows] = self.written(neurons.outward, unit)

    def add_outward(self, new: Host, layer: int, start: int, written: FloatArray) -> None:
        """Adds to what neurons write, less its mean, which no LayerNorm sees."""
        count, width = written.shape
        added = torch.tensor(written, dtype=torch.float32)
        mlp = new.transformer.h[layer].mlp
        mlp.c_proj.weight[start : start + count, :width] += added - added.mean(-1, keepdim=True)


def _empty(host: Host, width: int, heads: int, inner: int) -> Host:
    """A GPT-2 of a host's class with all weights zero."""
    changes = {
        "layer_norm_epsilon": host.config.layer_norm_epsilon * host.config.n_embd / width,
        "n_embd": width,
        "n_head": heads,
        "n_inner": None if inner == 4 * width else inner,
    }
    return emptied(host, changes)


def _centred(weight: torch.Tensor) -> torch.Tensor:
    """What is written, less its mean, which no LayerNorm sees."""
    exact = weight.double()
    return (exact - exact.mean(dim=-1, keepdim=True)).float()


def _copy_attention(before: Host, after: Host, old: int, width: int) -> None:
    for part in range(3):
        source, target = (
            slice(part * old, (part + 1) * old),
            slice(part * width, part * width + old),
        )
        after.c_attn.weight[:old, target] = before.c_attn.weight[:, source]
        after.c_attn.bias[target] = before.c_attn.bias[source]
    after.c_proj.weight[:old, :old] = _centred(before.c_proj.weight)
    after.c_proj.bias[:old] = _centred(before.c_proj.bias)


def _copy_mlp(before: Host, after: Host, old: Sizes) -> None:
    after.c_fc.weight[: old.width, : old.neurons] = before.c_fc.weight
    after.c_fc.bias[: old.neurons] = before.c_fc.bias
    after.c_proj.weight[: old.neurons, : old.width] = _centred(before.c_proj.weight)
    after.c_proj.bias[: old.width] = _centred(before.c_proj.bias)
