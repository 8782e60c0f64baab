"""Writes a guest into a wider copy of its host."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from optitracr.craft.spaces import FloatArray
from optitracr.hosts.balancing import balanced_head, share_out
from optitracr.hosts.guest import Kind
from optitracr.hosts.host_class import Host, HostClass, Room, Sizes
from optitracr.hosts.implanted import Placement
from optitracr.hosts.layout import BOS, ONE
from optitracr.hosts.placed import GuestWeights
from optitracr.hosts.scales import Scale
from optitracr.hosts.steering import Steering, steer

Value = Any

ENERGY = 2.0**-26
"""Part of a host's energy that a guest may have: it changes a norm by less than float32 rounds."""


def place(
    weights: GuestWeights,
    host_class: HostClass,
    host: Host,
    symbols: Mapping[int, Value],
    bos: int,
    found: Mapping[int, Scale],
    steering: Steering,
) -> tuple[Host, Placement]:
    """A wider copy of a host with a guest in it.

    Args:
        weights: The guest.
        host_class: The host's.
        host: The host, which stays as it is.
        symbols: What token ids stand for.
        bos: The token at position 0.
        found: The scale of each norm, as measured.
        steering: What the program's output adds to what the host says.
    """
    old = host_class.sizes(host)
    setting = weights.holding.setting
    room = Room(weights.holding.layout.width, _most_heads(weights), _most_neurons(weights))
    unit = _unit(weights, old, found)
    with torch.no_grad():
        new = host_class.widened(host, room)
        wider = math.sqrt(host_class.sizes(new).width / old.width)
        norms = sorted({setting.norm(part.sublayer) for part in weights.guest.parts})
        norms += [2 * old.layers] if steering.logits else []
        scales = {norm: _times(setting.scales[norm], wider) for norm in norms}
        for norm, scale in scales.items():
            host_class.set_gains(new, norm, old.width, 1.0 / (unit * scale.middle))
        tokens, positions = _embedded(weights, old, symbols, bos)
        host_class.place_embedding(new, old.width, unit * tokens, unit * positions)
        starts = _place_parts(weights, host_class, new, old, unit)
        if steering.is_wanted:
            steer(weights, host_class, new, steering, old.width, starts)
        share_out(host_class, new, old.width)
    return new, Placement(
        setting.layers, old.width, room.columns, room.heads, room.neurons, unit, scales
    )


def _place_parts(
    weights: GuestWeights, host_class: HostClass, new: Host, old: Sizes, unit: float
) -> dict[int, int]:
    """Writes heads and neurons; gives the first neuron of each table."""
    setting = weights.holding.setting
    slots = dict.fromkeys(range(old.layers), old.heads)
    for head in weights.heads:
        layer = setting.layers[head.sublayer // 2]
        host_class.place_head(new, layer, slots[layer], old.width, balanced_head(head), unit)
        slots[layer] += 1
    used = dict.fromkeys(range(old.layers), old.neurons)
    starts: dict[int, int] = {}
    for place, neurons in enumerate(weights.neurons):
        layer = setting.layers[neurons.sublayer // 2]
        starts[place] = used[layer]
        host_class.place_neurons(new, layer, used[layer], old.width, neurons, unit)
        used[layer] += neurons.bias.size
    return starts


def _most_heads(weights: GuestWeights) -> int:
    sublayers = [head.sublayer for head in weights.heads]
    return max((sublayers.count(each) for each in sublayers), default=0)


def _most_neurons(weights: GuestWeights) -> int:
    counts: dict[int, int] = {}
    for each in weights.neurons:
        counts[each.sublayer] = counts.get(each.sublayer, 0) + each.bias.size
    return max(counts.values(), default=0)


def _times(scale: Scale, factor: float) -> Scale:
    return Scale(scale.low * factor, scale.high * factor, scale.bos * factor)


def _unit(weights: GuestWeights, old: Sizes, found: Mapping[int, Scale]) -> float:
    """The amplitude of a guest: a power of two, so that it rounds nothing."""
    smallest = 1.0 / max(max(scale.high, scale.bos) for scale in found.values())
    # One column of each variable and the constant are on; the balance holds all of them.
    on = len(weights.guest.held) + 1
    energy = on * on + on
    most = smallest * math.sqrt(ENERGY * old.width / energy)
    return float(2.0 ** math.floor(math.log2(most)))


def _embedded(
    weights: GuestWeights, old: Sizes, symbols: Mapping[int, Value], bos: int
) -> tuple[FloatArray, FloatArray]:
    """What the embeddings of tokens and positions hold of a guest."""
    guest, holding = weights.guest, weights.holding
    tokens = np.zeros((old.vocabulary, holding.layout.width))
    positions = np.zeros((guest.positions + 1, holding.layout.width))
    tokens[:, ONE] = 1.0
    for held in guest.held:
        if held.kind is Kind.TOKEN:
            place_of = {value: entry for entry, value in enumerate(held.values)}
            other = next(x for x in place_of if x not in set(symbols.values()))
            entries = [place_of[symbols.get(token, other)] for token in range(old.vocabulary)]
            classes = holding.classes[held.name][entries]
            tokens[np.arange(old.vocabulary), holding.columns(held)[classes]] = 1.0
        elif held.kind is Kind.INDEX:
            classes = holding.classes[held.name][: guest.positions]
            positions[1 + np.arange(guest.positions), holding.columns(held)[classes]] = 1.0
    tokens[bos] = 0.0
    tokens[bos, BOS] = 1.0
    return tokens, positions
