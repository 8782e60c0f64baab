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
from optitracr.hosts.layout import BOS, COPIES, ONE, SIGNS
from optitracr.hosts.placed import GuestWeights
from optitracr.hosts.scales import Scale
from optitracr.hosts.steering import Steering, steer

Value = Any

ENERGY = 2.0**-22
"""Part of a host's energy that a guest may have: it changes a norm by no more than float32 rounds,
which is half of that."""


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
    biased = any(head.bias.any() for head in weights.heads)
    room = Room(weights.holding.layout.width, _most_heads(weights), _most_neurons(weights), biased)
    unit, growth = _unit(weights, old, found), _growth(weights, found)
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
        grown = weights.grown(growth)
        starts = _place_parts(grown, host_class, new, old, unit)
        if steering.is_wanted:
            steer(grown, host_class, new, steering, old.width, starts, growth)
        share_out(host_class, new, old.width)
    sizes = (setting.layers, old.width, room.columns, room.heads, room.neurons)
    held = weights.holding.columns(weights.guest.output.held)
    return new, Placement(*sizes, unit, unit * float(growth[held[0]]), scales)


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
    """The amplitude of what embeddings hold of a guest: a power of two, which rounds nothing."""
    # One column of each one-hot is on, and all of a share and of the constant; those that balance
    # share out all one-hots.
    shares = sum(held.kind is Kind.SHARE for held in weights.guest.held)
    on = len(weights.guest.held) - shares
    balancing = on * on / COPIES if weights.holding.setting.subtracts_mean else 0.0
    energy = on + COPIES * (shares + 1) + balancing
    most = _least_from(found)[0] * math.sqrt(ENERGY * old.width / energy)
    return float(2.0 ** math.floor(math.log2(most)))


def _least_from(found: Mapping[int, Scale]) -> FloatArray:
    """For each norm the least amplitude of the host's stream there or at any later one."""
    least = [1.0 / max(found[norm].high, found[norm].bos) for norm in sorted(found)]
    return np.asarray(np.minimum.accumulate(least[::-1])[::-1])


def _growth(weights: GuestWeights, found: Mapping[int, Scale]) -> FloatArray:
    """How much larger each column may be, being written where the host's stream is larger."""
    least, setting = _least_from(found), weights.holding.setting
    growth = np.ones(weights.holding.layout.width)
    written = {part.output.name: setting.norm(part.sublayer) for part in weights.guest.parts}
    for held in weights.guest.held:
        first = written.get(held.name, -1) + 1
        power = math.floor(math.log2(least[first] / least[0]))
        growth[weights.holding.columns(held)] = 2.0**power
    return growth


def _embedded(
    weights: GuestWeights, old: Sizes, symbols: Mapping[int, Value], bos: int
) -> tuple[FloatArray, FloatArray]:
    """What the embeddings of tokens and positions hold of a guest."""
    guest, holding = weights.guest, weights.holding
    tokens = np.zeros((old.vocabulary, holding.layout.width))
    positions = np.zeros((guest.positions + 1, holding.layout.width))
    tokens[:, ONE] = SIGNS
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
    tokens[bos, BOS] = SIGNS
    return tokens, positions
