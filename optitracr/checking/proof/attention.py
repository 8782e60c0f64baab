"""What an attention sublayer makes of the residual stream, within bounds for float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.bounded import (
    SLACK,
    TINY,
    UNIT,
    Bounded,
    FloatArray,
    added,
    gamma,
    kept,
    mapped,
)
from optitracr.checking.proof.distinct import Stream, alike, groups, largest, merged, told_apart
from optitracr.model.forward import Layer
from optitracr.model.names import Linear

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

EXPONENTIAL = 16 * UNIT
"""Relative error of an exponential: 8 units in the last place, each two rounding errors at most."""

SCALING = 3
"""Operations on each term of a logit beside its sum: the root of the head size is rounded, and
divides queries, keys or their product."""


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Where each query looks.

    Attributes:
        weights: Shape [batch, heads, query, key]; as real numbers make them.
        off: By how much of itself each may be off.
        terms: How many keys a query sees, [batch, 1, query, 1].
    """

    weights: Float[FloatArray, "batch heads query key"]
    off: Float[FloatArray, "batch heads query key"]
    terms: Float[FloatArray, "batch 1 #query 1"]


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """What heads give, each [rows, heads and head size].

    Attributes:
        center: The mean of the values.
        error: How far that is off by weights and rounding.
        others: How far values of other positions that are off move it.
        own: The same of the position's own value.
    """

    center: FloatArray
    error: FloatArray
    others: FloatArray
    own: FloatArray


def attended(
    layer: Layer, stream: Stream, mask: Bool[NDArray[np.bool_], "batch 1 #query key"]
) -> Stream:
    """The residual stream after an attention sublayer.

    Args:
        layer: Its weights and sizes.
        stream: The residual stream before it.
        mask: Which keys each query may see.
    """
    rows = stream.rows
    if layer.architecture.heads == 0:
        bias = Bounded.exact(layer.weights[Linear.HEADS_OUT]["b"][None, :])
        return merged(added(rows, bias), stream.ids)
    query, key = (_linear(layer, part, rows) for part in (Linear.QUERY, Linear.KEY))
    looks = _looks(layer, _at(layer, query, stream), _at(layer, key, stream), mask)
    into = layer.weights[Linear.VALUE]
    value = mapped(Bounded.exact(rows.center), into["w"], into["b"], apart=rows.error)
    wide = _heads(layer, rows.error @ _sizes(into["w"]), stream)
    mixed, own = _mixed(looks, _at(layer, value, stream), wide)
    ids, first, mixed, own = _grouped(stream, mixed, own)
    found = _written(layer, rows[stream.ids.reshape(-1)[first]], mixed, own)
    return merged(found, ids)


def _linear(layer: Layer, part: Linear, rows: Bounded) -> Bounded:
    return mapped(rows, layer.weights[part]["w"], layer.weights[part]["b"])


def _sizes(weights: NDArray[np.floating]) -> FloatArray:
    return np.abs(np.asarray(weights, dtype=np.float64))


def _heads(layer: Layer, rows: FloatArray, stream: Stream) -> FloatArray:
    """[rows, heads and head size] at each position: [batch, heads, seq, head size]."""
    shape = (*stream.ids.shape, layer.architecture.heads, layer.architecture.head_size)
    return rows[stream.ids].reshape(shape).transpose(0, 2, 1, 3)


def _at(layer: Layer, rows: Bounded, stream: Stream) -> Bounded:
    return Bounded(_heads(layer, rows.center, stream), _heads(layer, rows.error, stream))


def _looks(layer: Layer, query: Bounded, key: Bounded, mask: NDArray[np.bool_]) -> Looks:
    """Where queries look, by the logits and how far these are off."""
    size = layer.architecture.head_size
    scale = float(np.float32(np.sqrt(max(size, 1))))
    keys, off_keys = (x.transpose(0, 1, 3, 2) for x in (key.center, key.error))
    most = np.abs(keys) + off_keys
    logits = query.center @ keys / scale
    handed = (np.abs(query.center) @ off_keys + query.error @ most) / scale
    off = handed + (gamma(size + SCALING) + SLACK) * (query.size @ most / scale) + TINY
    logits = np.where(mask, logits, -np.inf)
    down = logits - logits.max(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        off = np.where(mask, off + UNIT * (np.abs(down) + 2 * off) + EXPONENTIAL, 0.0)
    weights = np.exp(down)
    weights = weights / weights.sum(axis=-1, keepdims=True)
    terms = mask.sum(axis=-1, keepdims=True).astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.log((weights * np.exp(off)).sum(axis=-1, keepdims=True))
        relative = np.expm1(off + total + gamma(terms + 2.0) + SLACK * terms)
    return Looks(weights, np.where(weights > 0.0, relative, 0.0), terms)


def _mixed(looks: Looks, value: Bounded, wide: FloatArray) -> tuple[Mixed, NDArray[np.bool_]]:
    """What heads give, and in which of them a position looks at itself, [rows, heads].

    The weights sum to one but for rounding, so that what is off in them moves the mean only as far
    as what is attended differs from it: by Cauchy and Schwarz at most by the root of the mean
    square of what is off, times the standard deviation.

    Args:
        looks: Where each query looks.
        value: The values, [batch, heads, seq, head size].
        wide: By how much they may be off besides.
    """
    weights, off = looks.weights, looks.off
    mean = weights @ value.center
    square = np.maximum(weights @ value.center**2 - mean**2, 0.0)
    scale = np.abs(value.center).max(axis=-2, keepdims=True)
    deviation = np.sqrt(square + SLACK * scale**2)
    uneven = np.sqrt((weights * off**2).sum(axis=-1, keepdims=True))
    upper = weights * (1.0 + off)
    error = uneven * deviation + upper @ value.error
    sizes = upper @ (value.size + wide) + np.abs(mean)
    error += gamma(looks.terms + 2.0) * sizes + TINY * (1.0 + scale) * looks.terms
    to_itself = np.einsum("bhqq->bhq", weights)
    itself = to_itself > 0.5
    rest = upper.copy()
    left = np.abs(to_itself - itself) + to_itself * np.einsum("bhqq->bhq", off)
    np.einsum("bhqq->bhq", rest)[...] = left
    others, own = rest @ wide, itself[..., None] * wide
    parts = (_together(x) for x in (mean, error, others, own))
    return Mixed(*parts), itself.transpose(0, 2, 1).reshape(-1, itself.shape[1])


def _together(heads: FloatArray) -> FloatArray:
    """[batch, heads, seq, head size] as [rows, heads and head size]."""
    batch, _, length, _ = heads.shape
    return heads.transpose(0, 2, 1, 3).reshape(batch * length, -1)


def _grouped(
    stream: Stream, mixed: Mixed, itself: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp], Mixed, NDArray[np.bool_]]:
    """What differs of all that heads give: its number at each position, and the first of each."""
    apart = told_apart(Bounded(mixed.center, mixed.error))
    kinds = np.concatenate([stream.ids.reshape(-1, 1), itself, apart.center], axis=1)
    first, group = groups(kinds.astype(np.float64))
    error, others, own = (
        largest(x, group, len(first)) for x in (apart.error, mixed.others, mixed.own)
    )
    one = Mixed(apart.center[first], error, others, own)
    return group.reshape(stream.ids.shape), first, one, itself[first]


def _written(layer: Layer, rows: Bounded, mixed: Mixed, itself: NDArray[np.bool_]) -> Bounded:
    """The rows once heads have written to them.

    A head in which a position looks at itself and takes away what it holds takes away what is off
    in that as well, so that what stays and what is written are looked at together.
    """
    out = layer.weights[Linear.HEADS_OUT]
    heads = Bounded(mixed.center, mixed.error + mixed.others)
    written = mapped(heads, out["w"], out["b"], apart=mixed.own)
    width, count = rows.center.shape[1], layer.architecture.heads
    into = np.asarray(layer.weights[Linear.VALUE]["w"], dtype=np.float64)
    back = np.asarray(out["w"], dtype=np.float64)
    through = [
        into.reshape(width, count, -1)[:, h] @ back.reshape(count, -1, width)[h]
        for h in range(count)
    ]
    handed = SLACK * (rows.error @ np.abs(into)) @ np.abs(back)
    for pattern, part in alike(itself):
        total = np.eye(width)
        for head in np.flatnonzero(pattern):
            total = total + through[head]
        handed[part] += rows.error[part] @ np.abs(total)
    found = added(Bounded.exact(rows.center), Bounded(written.center, written.error + handed))
    return kept(rows, found, out)
