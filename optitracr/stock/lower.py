"""From a compiled model to the weights of a stock transformer that computes the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from optitracr.architectures.architecture import Architecture, Norm, Positions
from optitracr.architectures.stream import BESIDE, NORM_VECTORS, SPARE, stock_of
from optitracr.craft.spaces import FloatArray
from optitracr.model.current import Current
from optitracr.stock.amplitudes import amplified, amplitudes, evened, held
from optitracr.stock.guest import Guest, GuestLayer, guest_of, inner_size, without_positions
from optitracr.stock.heads import HeadSpace, learned_space, lowered_head, rotary_space
from optitracr.stock.host import EmptyHost
from optitracr.stock.neurons import lowered_mlp, up
from optitracr.stock.positions import Room
from optitracr.stock.weights import Affine, StockLayer, StockSizes, StockWeights

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True, slots=True, eq=False)
class Lowered:
    """A stock transformer, and where the compiled model lies in it.

    Attributes:
        architecture: What it is made of.
        sizes: Its sizes.
        weights: Its weights.
        host: Where the compiled model's columns lie.
        amplitude: By what each of the compiled model's columns, which come first, is multiplied.
        early: Layers before those of the compiled model.
        space: The dimensions of its heads.
        logit_scale: By what the compiled model's logits are multiplied.
    """

    architecture: Architecture
    sizes: StockSizes
    weights: StockWeights
    host: EmptyHost
    amplitude: Float[FloatArray, " d_model"]
    early: int
    space: HeadSpace
    logit_scale: float


def lowered(now: Current, architecture: Architecture, bos: int) -> Lowered:
    """A compiled model as a stock transformer.

    Args:
        now: The compiled model's weights.
        architecture: What the stock transformer is made of.
        bos: The integer of BOS.
    """
    guest = guest_of(now)
    positions = guest.tokens.shape[0] if guest.positions is None else len(guest.positions)
    known, plain = held(guest), guest
    if architecture.positions is Positions.ROTARY:
        guest = without_positions(plain, bos)
    layers = guest.layers or (_nothing(guest),)
    space, heads, width = _head_sizes(architecture, layers, guest.width)
    # What counts positions reads a number that is as large whatever else its column holds.
    amplitude = amplitudes(plain, known, architecture, space.size)
    if architecture.norm is Norm.LAYER_NORM:
        zeros = width - guest.width - BESIDE[architecture.norm] + 1
        amplitude = evened(guest, known, amplitude, architecture, space.size, zeros)
    host = EmptyHost.of(architecture, guest.width, width)
    if guest.counting is not None:
        own = amplitude[guest.counting]
        guest = without_positions(plain, bos, Room(host.loudest / own, host.steepest * own))
    guest = amplified(guest, amplitude)
    layers = guest.layers or layers
    lowered_layers = [_Lowering(host, space, heads).layer(layer) for layer in layers]
    neurons = max(layer.neurons_in.w.shape[1] for layer in lowered_layers)
    if architecture.neurons_per_width is not None:
        neurons = architecture.neurons_per_width * width
    tokens = max(len(guest.tokens) + SPARE, guest.unembedding.shape[1])
    tokens += tokens == width
    sizes = StockSizes(len(layers), width, heads, space.size, max(1, neurons), tokens, positions)
    scale = _logit_scale(guest, architecture)
    guest = replace(guest, unembedding=guest.unembedding * scale)
    weights = _weights(host, guest, lowered_layers, sizes, space)
    sizes = replace(sizes, parameters=_parameters(weights, architecture))
    own = amplitude[: now.unembed.shape[0]]
    return Lowered(architecture, sizes, weights, host, own, guest.early, space, scale)


def _logit_scale(guest: Guest, architecture: Architecture) -> float:
    """A power of two that makes no weight of the unembedding too large."""
    largest = float(np.abs(guest.unembedding).max(initial=0.0))
    return float(2.0 ** -np.ceil(np.log2(max(1.0, largest / architecture.largest_weight))))


def _nothing(guest: Guest) -> GuestLayer:
    """A layer that does nothing: stock transformers have at least one."""
    width = guest.width
    nothing = (
        Affine(np.zeros((width, 0)), np.zeros(0)),
        Affine(np.zeros((0, width)), np.zeros(width)),
    )
    return GuestLayer((), np.zeros(width), *nothing)


def _head_sizes(
    architecture: Architecture, layers: tuple[GuestLayer, ...], guest: int
) -> tuple[HeadSpace, int, int]:
    """The dimensions of a head, the number of heads, and the width."""
    inner = inner_size(layers)
    neurons = max(layer.neurons_in.w.shape[1] for layer in layers)
    heads = max(1, *(len(layer.heads) for layer in layers))
    stock = stock_of(architecture, 0, 0)
    assert stock is not None, "what is lowered is lowered for a published transformer"
    width, heads, size = stock.heads(stock.least(guest, neurons), heads, inner)
    rotary = architecture.positions is Positions.ROTARY
    return (rotary_space(inner, size) if rotary else learned_space(inner, size)), heads, width


class _Lowering:
    """Lowers layers into one host."""

    def __init__(self, host: EmptyHost, space: HeadSpace, heads: int) -> None:
        self.host, self.space, self.heads = host, space, heads

    def layer(self, layer: GuestLayer) -> StockLayer:
        query, key, value, out = self._attention(layer)
        into, written = lowered_mlp(layer.neurons_in, layer.neurons_out, self.host)
        gated = self.host.architecture.gated
        gain = self.host.gain
        gates = up(into.w.shape[1], self.host) if gated else None
        return StockLayer(gain, query, key, value, out, gain, into, gates, written)

    def _attention(self, layer: GuestLayer) -> tuple[Affine, ...]:
        width, size = self.host.width, self.space.size
        reads = [Affine(np.zeros((width, self.heads * size)), np.zeros(self.heads * size))] * 3
        reads = [Affine(part.w.copy(), part.b.copy()) for part in reads]
        out = np.zeros((self.heads * size, width))
        for number, head in enumerate(layer.heads):
            part = slice(number * size, (number + 1) * size)
            *found, written = lowered_head(head, self.host, self.space)
            for whole, own in zip(reads, found, strict=True):
                whole.w[:, part], whole.b[part] = own.w, own.b
            out[part] = written.w
        bias = self.host.written(layer.heads_bias[None])[0]
        return (*reads, Affine(out, bias))


def _weights(
    host: EmptyHost,
    guest: Guest,
    layers: list[StockLayer],
    sizes: StockSizes,
    space: HeadSpace,
) -> StockWeights:
    tokens = host.written(guest.tokens)
    positions = None if guest.positions is None else host.written(guest.positions)
    # What is constant stands where each position has it once.
    for rows in (tokens if positions is None else positions,):
        rows += host.constant
    outputs = host.read(guest.unembedding, np.zeros(guest.unembedding.shape[1])).w
    unembedding = np.zeros((sizes.width, sizes.tokens))
    unembedding[:, : outputs.shape[1]] = outputs
    spare = np.full((sizes.tokens - len(tokens), sizes.width), np.nan)
    return StockWeights(
        np.concatenate([tokens, spare]),
        positions,
        tuple(_filled_up(layer, sizes.neurons) for layer in layers),
        host.gain,
        unembedding,
        space.rotary_base,
    )


def _filled_up(layer: StockLayer, neurons: int) -> StockLayer:
    """The same with neurons that do nothing behind its own."""
    more = neurons - layer.neurons_in.w.shape[1]

    def wider(part: Affine) -> Affine:
        return Affine(np.pad(part.w, ((0, 0), (0, more))), np.pad(part.b, (0, more)))

    return replace(
        layer,
        neurons_in=wider(layer.neurons_in),
        up=None if layer.up is None else wider(layer.up),
        neurons_out=Affine(np.pad(layer.neurons_out.w, ((0, more), (0, 0))), layer.neurons_out.b),
    )


def _parameters(weights: StockWeights, architecture: Architecture) -> int:
    """Every number that the stock class holds."""
    arrays: list[Float[FloatArray, ...]] = [weights.tokens, weights.unembedding, weights.gain]
    if weights.positions is not None:
        arrays.append(weights.positions)
    norms = 1
    for layer in weights.layers:
        norms += 2
        arrays += [layer.attention_gain, layer.mlp_gain]
        for _, part in layer.maps():
            arrays += [part.w, part.b] if architecture.biases else [part.w]
    # LayerNorm has biases as well.
    biased = norms * (NORM_VECTORS[architecture.norm] - 1) * weights.gain.size
    return sum(array.size for array in arrays) + biased
