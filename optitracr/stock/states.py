"""The residual stream of a stock transformer, state by state, within bounds for float32."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.attention import attended
from optitracr.checking.proof.bounded import UNIT, Bounded, FloatArray, added, kept, mapped
from optitracr.checking.proof.distinct import Stream, alike, kinds, merged
from optitracr.model.forward import Hyperparameters, Layer
from optitracr.model.names import Linear
from optitracr.stock.activated import SHAPES, Fired, fired
from optitracr.stock.lower import Lowered
from optitracr.stock.normed import NEAR, Reader
from optitracr.stock.weights import Affine, StockLayer, single

if TYPE_CHECKING:
    from jaxtyping import Float


def states(model: Lowered, tokens: NDArray[np.integer]) -> Iterator[Stream]:
    """The stream of some inputs after each sublayer, the embedding first.

    Args:
        model: The stock transformer.
        tokens: Integers of shape [batch, seq], BOS first and PAD last.
    """
    reader, length = Reader.of(model), tokens.shape[1]
    place = np.arange(length)
    mask = np.broadcast_to(place[:, None] >= place[None, :], (len(tokens), 1, length, length))
    stream = _embedded(model, tokens)
    yield stream
    for layer in model.weights.layers:
        stream = attended(_as_plain(model, reader, layer), stream, mask, reader.port)
        yield stream
        stream = merged(_transformed(model, reader, layer, stream.rows), stream.ids)
        yield stream


def _embedded(model: Lowered, tokens: NDArray[np.integer]) -> Stream:
    weights, length = model.weights, tokens.shape[1]
    rows = single(weights.tokens)
    keys = tokens.astype(np.intp) * length + np.arange(length)
    different, ids = kinds(keys, len(rows) * length)
    own = Bounded.exact(rows[different // length])
    if weights.positions is not None:
        own = added(own, Bounded.exact(single(weights.positions)[different % length]))
    return merged(own, ids)


def _as_plain(model: Lowered, reader: Reader, layer: StockLayer) -> Layer:
    """The heads of a layer over the stream itself, as they are in an empty host."""
    parts: dict[Linear, Any] = {}
    for name, part in (
        (Linear.QUERY, layer.query),
        (Linear.KEY, layer.key),
        (Linear.VALUE, layer.value),
    ):
        found = reader.weights(layer.attention_gain, part)
        parts[name] = {"w": found.w, "b": found.b}
    out = layer.heads_out
    parts[Linear.HEADS_OUT] = {"w": single(out.w), "b": single(out.b)}
    sizes = model.sizes
    architecture = Hyperparameters(sizes.layers, sizes.heads, sizes.head_size, True, -1, True)
    return Layer(np, architecture, parts)


def _transformed(model: Lowered, reader: Reader, layer: StockLayer, rows: Bounded) -> Bounded:
    """Rows of the stream once neurons have written to them.

    What is off in the stream is followed through the sublayer as a whole where neurons are on, as
    in models without norms.
    """
    layer = _used(layer)
    into = reader.weights(layer.mlp_gain, layer.neurons_in)
    out = {"w": single(layer.neurons_out.w), "b": single(layer.neurons_out.b)}
    sizes = np.abs(out["w"].astype(np.float64))
    still = Bounded.exact(rows.center)
    before = reader.read(into, still, rows.error, shared=True)
    normed = reader.shared(still, rows.error)
    wide = (rows.error + normed) @ np.abs(into.w)
    activation = model.architecture.activation
    found, common = _gated(reader, layer, fired(activation, before, wide), rows)
    moved = np.where(found.on, wide, 0.0)
    written = mapped(found.hidden, out["w"], out["b"], apart=moved)
    unsure = np.where(found.on | found.off, 0.0, SHAPES[activation].slope * wide)
    handed = (unsure + NEAR * (moved + unsure)) @ sizes
    handed += _through(rows.error, normed, into.w, out["w"].astype(np.float64), found)
    handed += common * (np.abs(written.center - out["b"]) + written.error + handed + rows.error)
    after = added(still, Bounded(written.center, written.error + handed), apart=rows.error)
    return kept(rows, after, out)


def _used(layer: StockLayer) -> StockLayer:
    """The same without neurons that write nothing."""
    some, up = np.asarray(layer.neurons_out.w.any(axis=1)), layer.up
    return replace(
        layer,
        neurons_in=_part(layer.neurons_in, some),
        up=None if up is None else _part(up, some),
        neurons_out=Affine(layer.neurons_out.w[some], layer.neurons_out.b),
    )


def _part(part: Affine, some: NDArray[np.bool_]) -> Affine:
    return Affine(part.w[:, some], part.b[some])


def _gated(
    reader: Reader, layer: StockLayer, found: Fired, rows: Bounded
) -> tuple[Fired, Float[FloatArray, "rows 1"]]:
    """What neurons give, times what they are multiplied with: one, up to the norm's scale.

    All are multiplied with the same map of the same numbers, whose sums alone are rounded each by
    itself. By what part of itself that is off for all of them alike is told apart, [rows, 1].
    """
    if layer.up is None or not found.on.shape[1]:
        return found, np.zeros((len(rows.center), 1))
    same = Affine(layer.up.w[:, :1], layer.up.b[:1])
    weights = reader.weights(layer.mlp_gain, same)
    up = reader.read(weights, rows)
    own = reader.read(weights, Bounded.exact(rows.center), shared=True).error
    hidden, common = found.hidden, np.abs(up.center - 1.0) + up.error
    error = hidden.error + 2.0 * (own + UNIT) * (np.abs(hidden.center) + hidden.error)
    unlike = (common > NEAR / 2) | (layer.up.w != same.w).any() | (layer.up.b != same.b).any()
    return Fired(
        Bounded(hidden.center, np.where(unlike, np.inf, error)), found.on, found.off
    ), common


def _through(
    error: FloatArray, normed: FloatArray, into: FloatArray, out: FloatArray, found: Fired
) -> FloatArray:
    """How far what is off moves what is there afterwards, by the neurons that are on for sure.

    Args:
        error: What the stream is off by, [rows, width].
        normed: What the norm is off by besides, for all that read it, [rows, width].
        into: To pre-activations, [width, neurons].
        out: From what neurons give, [neurons, width].
        found: What they give.
    """
    handed = np.zeros_like(error)
    for pattern, rows in alike(found.on):
        passed = into[:, pattern] @ out[pattern]
        handed[rows] += error[rows] @ np.abs(np.eye(error.shape[1]) + passed)
        handed[rows] += normed[rows] @ np.abs(passed)
    return handed
