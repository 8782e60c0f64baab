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
from optitracr.stock.positions import Counted, Room, column_to_count_in, counted
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


def without_positions(guest: Guest, bos: int, room: Room | None = None) -> Guest:
    """The same for a transformer that has no rows of positions.

    BOS, and it alone, is at position 0: its row takes the one of that position in, and all others
    that of another one. What positions hold besides is written by a head and by neurons: in the
    first layer where that layer does not read it yet, or else in one before.

    Args:
        guest: A guest with rows of positions.
        bos: The row of BOS.
        room: What there is to count with.
    """
    rows = guest.positions
    assert rows is not None, "positions are taken out once"
    own = guest.tokens[bos] + rows[0]
    varying = (rows[1:] != rows[1:2]).any(axis=0)
    if not varying.any():
        tokens = guest.tokens + rows[min(1, len(rows) - 1)]
        tokens[bos] = own
        return replace(guest, tokens=tokens, positions=None)
    rows = np.concatenate([own[None], rows[1:]])
    column = column_to_count_in(rows, varying)
    found = counted(rows, column, room or Room())
    tokens = guest.tokens + found.base
    tokens[bos] = own
    tokens[bos, column] = found.marked
    told = replace(guest, tokens=tokens, positions=None, counting=column)
    if guest.layers and not _reads(guest.layers[0], varying):
        return replace(told, layers=(_beside(guest.layers[0], found), *guest.layers[1:]))
    nothing = np.zeros(guest.width)
    first = GuestLayer((found.head,), nothing, found.neurons_in, found.neurons_out)
    return replace(told, layers=(first, *guest.layers), early=1)


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


def inner_size(layers: Sequence[GuestLayer]) -> int:
    """The dimensions that some head needs, at least 1."""
    return max((head.query.w.shape[1] for layer in layers for head in layer.heads), default=1)
