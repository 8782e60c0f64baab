"""What an attention sublayer makes of the residual stream, within bounds for float32."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.arranged import arranged
from optitracr.checking.proof.bounded import (
    SLACK,
    TINY,
    Bounded,
    Factor,
    FloatArray,
    added,
    gamma,
    kept,
    mapped,
    passed_on,
)
from optitracr.checking.proof.distinct import (
    Stream,
    alike,
    groups,
    kinds,
    largest,
    lost,
    merged,
    told_apart,
)
from optitracr.checking.proof.looks import SMALL, Looks, looks
from optitracr.checking.proof.reading_sizes import reads_in_range
from optitracr.model.forward import Layer
from optitracr.model.names import PORTS, Linear

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int


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
    layer: Layer,
    stream: Stream,
    mask: Bool[NDArray[np.bool_], "batch 1 #query key"],
    read: Read | None = None,
) -> Stream:
    """The residual stream after an attention sublayer.

    Args:
        layer: Its weights and sizes.
        stream: The residual stream before it.
        mask: Which keys each query may see.
        read: What a port makes of rows, if something stands between the stream and what is read.
    """
    rows = stream.rows
    if not reads_in_range(layer, rows):
        return lost(stream)
    ports = Ports.of(layer)
    if ports is None:
        bias = Bounded.exact(layer.weights[Linear.HEADS_OUT]["b"][None, :])
        return merged(added(rows, bias), stream.ids)
    query, key, value = _read(ports, rows) if read is None else _read_by(read, ports, rows)
    wide = rows.error @ np.abs(ports.into)
    parts = (query.center, query.error, key.center, key.error, value.center, value.error, wide)
    inputs = arranged(stream.ids, mask, parts)
    query, key, value = (_at(part, inputs.ids) for part in (query, key, value))
    found = looks(layer.architecture.head_size, query, key, inputs.mask)
    mixed, own = _mixed(found, value, _heads(wide, ports.count, inputs.ids))
    ids, first, mixed, own = _grouped(stream.ids, inputs.place, mixed, own)
    return merged(_written(ports, rows[first], mixed, own), ids)


@dataclass(frozen=True, slots=True, eq=False)
class Port:
    """What heads read through, as far as it is more than zero.

    Attributes:
        weights: Shape [width, heads, size].
        bias: Shape [heads, size].
    """

    weights: Float[FloatArray, "width heads size"]
    bias: Float[FloatArray, "heads size"]

    @property
    def used(self) -> NDArray[np.bool_]:
        """Which columns of which head can be more than zero, [heads, size]."""
        return np.asarray((self.weights != 0.0).any(axis=0) | (self.bias != 0.0))

    def of(self, columns: NDArray[np.intp]) -> Port:
        """Some columns of each head, [heads, columns]."""
        head = np.arange(len(columns))[:, None]
        return Port(self.weights[:, head, columns], self.bias[head, columns])


Read = Callable[[Port, Bounded, "FloatArray | float"], Bounded]
"""What a port makes of rows, which may be off by more besides, [rows, heads, size]."""


@dataclass(frozen=True, slots=True, eq=False)
class Ports:
    """The weights of an attention sublayer, without columns of which nothing becomes.

    Attributes:
        query: What queries read.
        key: What keys read.
        value: What values read.
        out: From each head's columns to the stream, [heads, size, width].
        bias: What is added besides, [width].
    """

    query: Port
    key: Port
    value: Port
    out: Float[FloatArray, "heads size width"]
    bias: Float[FloatArray, " width"]

    @classmethod
    def of(cls, layer: Layer) -> Ports | None:
        """Those of a layer; None if it has no head."""
        heads, size = layer.architecture.heads, layer.architecture.head_size
        if not heads or not size:
            return None
        query, key, value = (_port(layer, part, heads, size) for part in PORTS.values())
        last = layer.weights[Linear.HEADS_OUT]
        out = np.asarray(last["w"], dtype=np.float64).reshape(heads, size, -1)
        joined = _columns(query.used & key.used)
        given = _columns(value.used & (out != 0.0).any(axis=-1))
        return cls(
            query.of(joined),
            key.of(joined),
            value.of(given),
            out[np.arange(heads)[:, None], given],
            np.asarray(last["b"], dtype=np.float64),
        )

    @property
    def count(self) -> int:
        """How many heads there are."""
        return len(self.out)

    @property
    def into(self) -> FloatArray:
        """What values read, [width, heads and size]."""
        return self.value.weights.reshape(len(self.value.weights), -1)

    @property
    def back(self) -> FloatArray:
        """From the heads to the stream, [heads and size, width]."""
        return self.out.reshape(-1, self.out.shape[-1])


def _port(layer: Layer, part: Linear, heads: int, size: int) -> Port:
    weights = layer.weights[part]
    matrix = np.asarray(weights["w"], dtype=np.float64)
    bias = np.asarray(weights["b"], dtype=np.float64)
    return Port(matrix.reshape(-1, heads, size), bias.reshape(heads, size))


def _columns(used: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The columns of each head that are used, and as many others as make them equally many."""
    most = max(1, int(used.sum(axis=1).max(initial=0)))
    return np.argsort(~used, axis=1, kind="stable")[:, :most]


def linear(port: Port, rows: Bounded, apart: FloatArray | float = 0.0) -> Bounded:
    """What a port makes of rows, [rows, heads, size]."""
    matrix = port.weights.reshape(len(port.weights), port.bias.size)
    found = mapped(rows, matrix, port.bias.reshape(-1), apart=apart)
    shape = (-1, *port.bias.shape)
    return Bounded(found.center.reshape(shape), found.error.reshape(shape))


def _read(ports: Ports, rows: Bounded) -> list[Bounded]:
    """Queries, keys and values; of values what is off in the rows is not handed on."""
    each = ports.query, ports.key, ports.value
    matrix = np.concatenate([port.weights.reshape(len(port.weights), -1) for port in each], axis=1)
    bias = np.concatenate([port.bias.reshape(-1) for port in each])
    value = np.arange(len(bias)) >= len(bias) - ports.value.bias.size
    found = Factor(rows.center, rows.error).mapped(matrix, bias, rows.error, ~value)
    parts, first = [], 0
    for port in each:
        own, shape = found[:, first : first + port.bias.size], (-1, *port.bias.shape)
        parts.append(Bounded(own.center.reshape(shape), own.error.reshape(shape)))
        first += port.bias.size
    return parts


def _read_by(read: Read, ports: Ports, rows: Bounded) -> list[Bounded]:
    """The same, where something stands between the stream and what is read."""
    query, key = (read(port, rows, 0.0) for port in (ports.query, ports.key))
    return [query, key, read(ports.value, Bounded.exact(rows.center), rows.error)]


def _heads(
    rows: FloatArray, count: int, ids: Int[NDArray[np.intp], "batch seq"]
) -> Float[FloatArray, "batch heads seq size"]:
    """What heads have of each row, at each position."""
    found = rows.reshape(len(rows), count, -1).transpose(1, 0, 2)[:, ids]
    return np.ascontiguousarray(found.swapaxes(0, 1))


def _at(rows: Bounded, ids: NDArray[np.intp]) -> Bounded:
    count = rows.center.shape[1]
    return Bounded(_heads(rows.center, count, ids), _heads(rows.error, count, ids))


def _mixed(looks: Looks, value: Bounded, wide: FloatArray) -> tuple[Mixed, NDArray[np.bool_]]:
    """What heads give, and in which of them a position looks at itself, [rows, heads].

    Weights that are off in logits and exponentials sum to one all the same, so that they move the
    mean only as far as what is attended differs from it. With the weights w, what is off as factors
    1 + d, and their sum S = sum w (1 + d), it is moved by sum w d (v - mean) / S: by Cauchy and
    Schwarz at most by the root of the mean square of d, times the standard deviation, and S is at
    least one by the sum of w times the largest factors. What is rounded in dividing and in the sums
    comes on top.

    Args:
        looks: Where each query looks.
        value: The values, [batch, heads, seq, head size].
        wide: By how much they may be off besides.
    """
    weights, off = looks.weights, looks.off
    mean = weights @ value.center
    square = np.maximum(weights @ value.center**2 - mean**2, 0.0)
    scale = np.abs(value.center).max(axis=-2, keepdims=True)
    deviation = np.sqrt(square + SLACK * looks.terms * scale**2)
    upper = weights * (1.0 + off)
    moved = looks.uneven * deviation
    error = moved + upper @ value.error
    sizes = upper @ (value.size + wide) + np.abs(mean) + moved
    most = np.abs(value.size + wide).max(axis=-2, keepdims=True)
    error += gamma(looks.large + 3.0) * sizes
    error += (2.0 * SMALL * most + TINY * (1.0 + scale)) * looks.terms
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
    ids: NDArray[np.intp], place: NDArray[np.intp], mixed: Mixed, itself: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp], Mixed, NDArray[np.bool_]]:
    """What differs once heads have given what they give.

    Args:
        ids: The row of the stream at each position, [batch, seq].
        place: The row of what heads give there.
        mixed: What they give.
        itself: In which of them a position looks at itself.

    Returns:
        Its number at each position; of each its row of the stream, what heads give, and in which
        it looks at itself.
    """
    apart = told_apart(Bounded(mixed.center, mixed.error))
    kept, kind = groups(np.concatenate([itself, apart.center], axis=1))
    pairs, pair = kinds(ids * len(kind) + place, (int(ids.max()) + 1) * len(kind))
    row, at = np.divmod(pairs, len(kind))
    found, group = kinds(row * len(kept) + kind[at], (int(ids.max()) + 1) * len(kept))
    error, others, own = (
        largest(x[at], group, len(found)) for x in (apart.error, mixed.others, mixed.own)
    )
    row, first = found // len(kept), kept[found % len(kept)]
    return group[pair], row, Mixed(apart.center[first], error, others, own), itself[first]


def _written(ports: Ports, rows: Bounded, mixed: Mixed, itself: NDArray[np.bool_]) -> Bounded:
    """The rows once heads have written to them.

    A head in which a position looks at itself and takes away what it holds takes away what is off
    in that as well, so that what stays and what is written are looked at together.
    """
    into, back = ports.into, ports.back
    heads = Bounded(mixed.center, mixed.error + mixed.others)
    written = mapped(heads, back, ports.bias, apart=mixed.own)
    handed = SLACK * sum(into.shape) * (rows.error @ np.abs(into)) @ np.abs(back)
    for pattern, part in alike(itself):
        columns = np.repeat(pattern, len(back) // len(pattern))
        handed[part] += passed_on(rows.error[part], into[:, columns], back[columns])
    after = Bounded(written.center, written.error + handed)
    found = added(Bounded.exact(rows.center), after, apart=rows.error)
    return kept(rows, found, {"w": back, "b": ports.bias})
