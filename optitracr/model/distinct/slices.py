"""What of a model's weights its output depends on, sliced out: heads, neurons, columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.model.current import Current
from optitracr.model.names import LINEAR, Linear, linear_name

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

Numbers = NDArray[np.float32]
Mask = NDArray[np.bool_]
Columns = NDArray[np.intp]
Affine = tuple[Numbers, Numbers]
"""A matrix and what is added."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadSlice:
    """A head whose values differ from key to key.

    Attributes:
        query: From the residual stream to what is compared.
        key: The same for keys.
        value: From the residual stream to the dimensions that are written.
        out: From these to the residual stream, [dimensions, columns].
        scale: What logits are divided by.
    """

    query: Affine
    key: Affine
    value: Affine
    out: Float[Numbers, "dimensions columns"]
    scale: np.float32


@dataclass(frozen=True, slots=True, eq=False)
class NeuronSlice:
    """The neurons of a layer that write what is read later.

    Attributes:
        before: What attention adds to every row: its bias, and heads of one value.
        reads: The columns that the neurons read.
        first: From these to the neurons.
        writes: The columns that they write.
        second: From the neurons to these.
        after: Their bias, on every column.
    """

    before: Float[Numbers, " columns"]
    reads: Int[Columns, " reads"]
    first: Affine
    writes: Int[Columns, " writes"]
    second: Float[Numbers, "neurons writes"]
    after: Float[Numbers, " columns"]


@dataclass(frozen=True, slots=True, eq=False)
class StageSlice:
    """Layers between one attention sublayer and the next.

    Attributes:
        columns: Of the residual stream, those that matter from here on.
        rest: Of these, those that matter after the attention sublayer, by their place among them.
        heads: Of the attention sublayer; none before the first one.
        neurons: What follows it, layer by layer.
    """

    columns: Int[Columns, " columns"]
    rest: Int[Columns, " rest"]
    heads: tuple[HeadSlice, ...]
    neurons: tuple[NeuronSlice, ...]


def sliced(now: Current) -> list[StageSlice]:
    """The stages of a model; the first has no attention."""
    layers = [_Layer(now, number) for number in range(now.architecture.layers)]
    needed = (now.unembed != 0).any(axis=1)
    for layer in reversed(layers):
        needed = layer.settle(needed)
    stages: list[StageSlice] = []
    pending: list[_Layer] = []
    columns = np.flatnonzero(needed)
    for layer in layers:
        if layer.effective:
            stages.append(_stage(columns, pending))
            columns, pending = np.flatnonzero(layer.needed), []
        pending.append(layer)
    return [*stages, _stage(columns, pending)]


def _stage(columns: Columns, layers: list[_Layer]) -> StageSlice:
    heads = tuple(layers[0].heads(columns)) if layers else ()
    rest = np.flatnonzero(layers[0].rest[columns]) if layers else np.arange(len(columns))
    return StageSlice(columns, rest, heads, tuple(layer.neurons(columns) for layer in layers))


class _Layer:
    """The weights of one layer, and what is needed of the residual stream before it."""

    def __init__(self, now: Current, number: int) -> None:
        parts = {part: now.params[linear_name(number, part)] for part in LINEAR}
        self.weight = {part: arrays["w"] for part, arrays in parts.items()}
        self.bias = {part: arrays["b"] for part, arrays in parts.items()}
        self.size = now.architecture.head_size
        self.number_of_heads = now.architecture.heads
        self.effective: dict[int, NDArray[np.intp]] = {}

    def settle(self, after: Bool[Mask, " width"]) -> Bool[Mask, " width"]:
        """Finds out what matters, by what is needed after it."""
        first, second = self.weight[Linear.NEURONS_IN], self.weight[Linear.NEURONS_OUT]
        self.active = (second[:, after] != 0).any(axis=1)
        self.rest = self.needed = after | (first[:, self.active] != 0).any(axis=1)
        out = self.weight[Linear.HEADS_OUT]
        varies = (self.weight[Linear.VALUE] != 0).any(axis=0)
        matters = varies & (out[:, self.needed] != 0).any(axis=1)
        for head in range(self.number_of_heads):
            dimensions = np.flatnonzero(matters[self._of(head)]) + head * self.size
            if dimensions.size:
                self.effective[head] = dimensions
        self._need_what_heads_read()
        found: NDArray[np.bool_] = self.needed
        return found

    def _of(self, head: int) -> slice:
        return slice(head * self.size, (head + 1) * self.size)

    def _need_what_heads_read(self) -> None:
        for head, dimensions in self.effective.items():
            self.needed = self.needed | (self.weight[Linear.VALUE][:, dimensions] != 0).any(axis=1)
            for part in (Linear.QUERY, Linear.KEY):
                compared = self.weight[part][:, self._compared(head)]
                self.needed = self.needed | (compared != 0).any(axis=1)

    def _compared(self, head: int) -> NDArray[np.intp]:
        """Dimensions in which neither queries nor keys are always zero."""
        both = np.ones(self.size, dtype=bool)
        for part in (Linear.QUERY, Linear.KEY):
            weight, bias = self.weight[part][:, self._of(head)], self.bias[part][self._of(head)]
            both &= (weight != 0).any(axis=0) | (bias != 0)
        return np.flatnonzero(both) + head * self.size

    def heads(self, columns: Columns) -> Iterator[HeadSlice]:
        """The heads whose values differ, over some columns."""
        scale = np.float32(np.sqrt(max(self.size, 1)))
        for head, dimensions in self.effective.items():
            compared = self._compared(head)
            yield HeadSlice(
                self._affine(Linear.QUERY, columns, compared),
                self._affine(Linear.KEY, columns, compared),
                self._affine(Linear.VALUE, columns, dimensions),
                self.weight[Linear.HEADS_OUT][np.ix_(dimensions, columns)],
                scale,
            )

    def _affine(self, part: Linear, rows: Columns, columns: Columns) -> Affine:
        return self.weight[part][np.ix_(rows, columns)], self.bias[part][columns]

    def neurons(self, columns: Columns) -> NeuronSlice:
        """The neurons that matter, over some columns."""
        active = np.flatnonzero(self.active)
        first, offset = self._affine(Linear.NEURONS_IN, columns, active)
        second = self.weight[Linear.NEURONS_OUT][np.ix_(active, columns)]
        reads = np.flatnonzero((first != 0).any(axis=1))
        writes = np.flatnonzero((second != 0).any(axis=0))
        return NeuronSlice(
            self._of_heads(columns),
            reads,
            (first[reads], offset),
            writes,
            second[:, writes],
            self.bias[Linear.NEURONS_OUT][columns],
        )

    def _of_heads(self, columns: Columns) -> Numbers:
        """What the attention sublayer adds to every row.

        The weights of a head add up to 1, so that a value that is the same at each key is mixed
        to itself.
        """
        same = self.bias[Linear.VALUE].copy()
        for dimensions in self.effective.values():
            same[dimensions] = 0
        added = same @ self.weight[Linear.HEADS_OUT][:, columns]
        found: Numbers = added + self.bias[Linear.HEADS_OUT][columns]
        return found
