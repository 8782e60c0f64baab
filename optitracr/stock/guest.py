"""A compiled model as what a host is given: rows of tokens and positions, and layers of heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.craft.spaces import FloatArray
from optitracr.model.current import Current
from optitracr.model.names import POSITIONS, TOKENS, Linear, linear_name
from optitracr.stock.heads import PlainHead
from optitracr.stock.host import LARGEST
from optitracr.stock.positions import Counted, counted
from optitracr.stock.weights import Affine

if TYPE_CHECKING:
    from jaxtyping import Float


BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class GuestLayer:
    """One layer over the guest's columns.

    Attributes:
        heads: Its heads.
        heads_bias: What attention writes always, [guest].
        neurons_in: To pre-activations of ReLU.
        neurons_out: From what ReLU gives.
    """

    heads: tuple[PlainHead, ...]
    heads_bias: Float[FloatArray, " guest"]
    neurons_in: Affine
    neurons_out: Affine


@dataclass(frozen=True, slots=True, eq=False)
class Guest:
    """What a host is given.

    Attributes:
        tokens: A row for each token, BOS and PAD last, [tokens, guest].
        positions: A row for each position, BOS first, [positions, guest]; None where tokens hold
            what there is to know.
        layers: The layers.
        unembedding: Shape [guest, outputs].
        early: Layers before those of the compiled model.
        counting: The column that positions are counted in; None if they are not.
    """

    tokens: Float[FloatArray, "tokens guest"]
    positions: Float[FloatArray, "positions guest"] | None
    layers: tuple[GuestLayer, ...]
    unembedding: Float[FloatArray, "guest outputs"]
    early: int = 0
    counting: int | None = None

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.tokens.shape[1])


def guest_of(now: Current) -> Guest:
    """The guest that a compiled model is.

    Args:
        now: Its weights.
    """
    tokens, positions = (
        np.asarray(now.params[part]["embeddings"], dtype=np.float64) for part in (TOKENS, POSITIONS)
    )
    layers = tuple(_layer(now, number) for number in range(now.architecture.layers))
    return Guest(tokens, positions, layers, now.unembed.astype(np.float64))


def _layer(now: Current, number: int) -> GuestLayer:
    maps = {part: _affine(now.params[linear_name(number, part)]) for part in Linear}
    heads, size = now.architecture.heads, now.architecture.head_size
    listed = []
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        query, key, value = (
            Affine(maps[each].w[:, part], maps[each].b[part])
            for each in (Linear.QUERY, Linear.KEY, Linear.VALUE)
        )
        query = Affine(query.w / np.sqrt(size), query.b / np.sqrt(size))
        listed.append(PlainHead(query, key, value, maps[Linear.HEADS_OUT].w[part]))
    into, out = maps[Linear.NEURONS_IN], maps[Linear.NEURONS_OUT]
    some = np.asarray(out.w.any(axis=1))
    return GuestLayer(
        tuple(head for head in listed if head.out.any() and head.value.w.any()),
        maps[Linear.HEADS_OUT].b,
        Affine(into.w[:, some], into.b[some]),
        Affine(out.w[some], out.b),
    )


def _affine(arrays: Any) -> Affine:
    return Affine(*(np.asarray(arrays[key], dtype=np.float64) for key in ("w", "b")))


def without_positions(guest: Guest, bos: int, marked: float = 1.0) -> Guest:
    """The same for a transformer that has no rows of positions.

    BOS, and it alone, is at position 0: its row takes the one of that position in, and all others
    that of position 1. What later positions hold besides is written by a head and by neurons: in
    the first layer where that layer does not read it yet, or else in one before.

    Args:
        guest: A guest with rows of positions.
        bos: The row of BOS.
        marked: What BOS holds in the column that positions are counted in.
    """
    rows = guest.positions
    assert rows is not None, "positions are taken out once"
    tokens = guest.tokens + rows[min(1, len(rows) - 1)]
    tokens[bos] = guest.tokens[bos] + rows[0]
    told = replace(guest, tokens=tokens, positions=None)
    varying = (rows[1:] != rows[1:2]).any(axis=0)
    if not varying.any():
        return told
    beside = bool(guest.layers) and not _reads(guest.layers[0], varying)
    column = _free(guest, rows, varying, bos, beside)
    rows = rows.copy()
    rows[0] = tokens[bos]
    if column is None:
        told, column = _widened(told, 1), guest.width
    told = replace(told, counting=column)
    told.tokens[:, column] = 0.0
    told.tokens[bos, column] = marked
    found = counted(rows, told.width, column, marked)
    if beside:
        return replace(told, layers=(_beside(told.layers[0], found), *told.layers[1:]))
    nothing = np.zeros(told.width)
    first = GuestLayer((found.head,), nothing, found.neurons_in, found.neurons_out)
    return replace(told, layers=(first, *told.layers), early=1)


def _free(guest: Guest, rows: FloatArray, varying: BoolArray, bos: int, beside: bool) -> int | None:
    """A column for positions alone, to count in before these are there; None if there is none."""
    free = varying & ~np.delete(guest.tokens, bos, axis=0).any(axis=0)
    if beside:
        for head in guest.layers[0].heads:
            free &= ~head.out.any(axis=0)
        free &= guest.layers[0].heads_bias == 0.0
    # A column of larger numbers is held smaller, and what is counted with read less exactly.
    sizes = np.where(free, np.abs(rows).max(axis=0), np.inf)
    return int(sizes.argmin()) if sizes.min() <= LARGEST else None


def _reads(layer: GuestLayer, columns: BoolArray) -> bool:
    maps = [layer.neurons_in]
    for head in layer.heads:
        maps += [head.query, head.key, head.value]
    return any(bool(each.w[columns].any()) for each in maps)


def _beside(layer: GuestLayer, found: Counted) -> GuestLayer:
    into = (layer.neurons_in, found.neurons_in)
    out = (layer.neurons_out, found.neurons_out)
    return GuestLayer(
        (*layer.heads, found.head),
        layer.heads_bias,
        Affine(*(np.concatenate(parts, axis=-1) for parts in zip(*into, strict=True))),
        Affine(np.concatenate([each.w for each in out]), out[0].b + out[1].b),
    )


def _widened(guest: Guest, more: int) -> Guest:
    """The same with some columns more, which nothing reads or writes."""
    return replace(
        guest,
        tokens=_padded(guest.tokens, 1, more),
        layers=tuple(_wider(layer, more) for layer in guest.layers),
        unembedding=_padded(guest.unembedding, 0, more),
    )


def _wider(layer: GuestLayer, more: int) -> GuestLayer:
    def read(part: Affine) -> Affine:
        return Affine(_padded(part.w, 0, more), part.b)

    heads = tuple(
        PlainHead(read(h.query), read(h.key), read(h.value), _padded(h.out, 1, more))
        for h in layer.heads
    )
    out = Affine(_padded(layer.neurons_out.w, 1, more), _padded(layer.neurons_out.b, 0, more))
    return GuestLayer(heads, _padded(layer.heads_bias, 0, more), read(layer.neurons_in), out)


def _padded(array: FloatArray, axis: int, more: int) -> FloatArray:
    return np.pad(array, [(0, more if axis == each else 0) for each in range(array.ndim)])


def inner_size(layers: Sequence[GuestLayer]) -> int:
    """The dimensions that some head needs, at least 1."""
    return max((head.query.w.shape[1] for layer in layers for head in layer.heads), default=1)
