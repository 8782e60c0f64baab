"""From placed components and a residual layout to the weights of a transformer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.component import Component, EmbeddedInput, Embedding, OutputView
from optitracr.constructions.own_position import OwnPosition
from optitracr.craft.blocks import Head, Mlp
from optitracr.craft.reading import Variable
from optitracr.craft.spaces import FloatArray, Space
from optitracr.model.layout import Layout
from optitracr.model.names import POSITIONS, TOKENS, Linear, linear_name
from optitracr.model.params import Params
from optitracr.model.record import HeadUse, NeuronUse
from solvers import Sizes

if TYPE_CHECKING:
    from jaxtyping import Float


READING = (Linear.QUERY, Linear.KEY, Linear.VALUE, Linear.NEURONS_IN)
"""The linear maps that read the residual stream."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What one sublayer does.

    Attributes:
        components: The components placed there.
        erased: The variables erased there.
    """

    components: tuple[Component, ...]
    erased: tuple[Variable, ...]


@dataclass(frozen=True, slots=True)
class SelfAttending:
    """What an erasing head needs: what tells positions, BOS last, and how it is attended by."""

    spaces: tuple[Space, ...]
    own: OwnPosition


@dataclass(frozen=True, slots=True)
class Weights:
    """Parameters and what each head and neuron is for.

    Attributes:
        params: Nested dicts under Tracr's names, float32.
        unembedding: From the residual stream to the outputs.
        heads: For each layer, what each head serves.
        neurons: For each layer, what each run of neurons serves.
    """

    params: Params
    unembedding: Float[NDArray[np.float32], "width outputs"]
    heads: tuple[tuple[HeadUse, ...], ...]
    neurons: tuple[tuple[NeuronUse, ...], ...]


def assemble(
    sizes: Sizes,
    layout: Layout,
    inputs: Sequence[EmbeddedInput],
    sublayers: Mapping[int, Placed],
    output: OutputView,
    self_attending: SelfAttending,
) -> Weights:
    """Writes every component into the weights of its sublayer.

    Args:
        sizes: Sizes of the model.
        layout: Columns of every variable.
        inputs: The embedded variables that exist.
        sublayers: What each sublayer does; a missing one does nothing.
        output: How the output is read.
        self_attending: For erasing heads.
    """
    params = _embeddings(sizes, layout, inputs)
    base = _base(sizes, layout, inputs)
    heads, neurons = [], []
    nothing = Placed((), ())
    for layer in range(sizes.layers):
        attention = _Attention(sizes, layout)
        placed = sublayers.get(2 * layer, nothing)
        heads.append(attention.fill(placed, self_attending))
        mlp = _Mlp(sizes, layout)
        neurons.append(mlp.fill(sublayers.get(2 * layer + 1, nothing)))
        parts = attention.parts() | mlp.parts()
        for part in READING:
            _without_base(parts[part], base)
        params |= {linear_name(layer, part): _linear(*wb) for part, wb in parts.items()}
    unembedding = np.zeros((sizes.width, output.unembedding.shape[1]))
    unembedding[layout.columns_of(output.space)] = output.unembedding
    return Weights(params, unembedding.astype(np.float32), tuple(heads), tuple(neurons))


def _base(sizes: Sizes, layout: Layout, inputs: Sequence[EmbeddedInput]) -> FloatArray:
    """What each dimension holds at every position for the unembedding alone, [width]."""
    base = np.zeros(sizes.width)
    for entry in inputs:
        if entry.base:
            base[layout.columns_of(entry.variable.space)] = entry.base
    return base


def _without_base(linear: tuple[FloatArray, FloatArray], base: FloatArray) -> None:
    """Takes off in a bias what is read besides."""
    weights, bias = linear
    bias -= base @ weights


def _linear(w: FloatArray, b: FloatArray) -> dict[str, NDArray[np.float32]]:
    return {"w": w.astype(np.float32), "b": b.astype(np.float32)}


def _embeddings(sizes: Sizes, layout: Layout, inputs: Sequence[EmbeddedInput]) -> Params:
    tables: Params = {}
    for source, key in ((Embedding.TOKENS, TOKENS), (Embedding.POSITIONS, POSITIONS)):
        entries = [entry for entry in inputs if entry.source is source]
        rows = next(e.table.shape[0] for e in entries)
        table = np.zeros((rows, sizes.width), dtype=np.float32)
        alive = {tenancy.variable.label for tenancy in layout.tenancies}
        for entry in entries:
            if entry.variable.label in alive:
                table[:, layout.columns_of(entry.variable.space)] = entry.table + entry.base
        tables[key] = {"embeddings": table}
    return tables


class _Attention:
    """The weights of one attention sublayer while it is being filled."""

    def __init__(self, sizes: Sizes, layout: Layout) -> None:
        self.sizes, self.layout = sizes, layout
        columns = (sizes.width, sizes.heads, sizes.head_size)
        self.query, self.key, self.value = (np.zeros(columns) for _ in range(3))
        self.out = np.zeros((sizes.heads, sizes.head_size, sizes.width))
        self.query_bias, self.value_bias = (np.zeros(columns[1:]) for _ in range(2))
        self.uses: list[HeadUse] = []

    def fill(self, placed: Placed, self_attending: SelfAttending) -> tuple[HeadUse, ...]:
        groups: dict[str, list[Component]] = {}
        for component in placed.components:
            groups.setdefault(component.selector or component.name, []).append(component)
        for group in groups.values():
            self._selector_group(group)
        if placed.erased:
            self._erase(placed.erased, self_attending)
        return tuple(self.uses)

    def _selector_group(self, group: Sequence[Component]) -> None:
        """Packs the values of components with one selector into as few heads as they need."""
        lead = _head(group[0])
        query = (self.layout.columns_of(lead.query), lead.w_query, lead.b_query)
        key = (self.layout.columns_of(lead.key), lead.w_key)
        values, biases, outputs, owners = [], [], [], []
        for component in group:
            head = _head(component)
            value = np.zeros((self.sizes.width, head.value_width))
            value[self.layout.columns_of(head.value)] = head.w_value
            out = np.zeros((head.value_width, self.sizes.width))
            out[:, self.layout.columns_of(head.output)] = head.w_output
            values.append(value)
            biases.append(head.b_value)
            outputs.append(out)
            owners += [component.name] * head.value_width
        value, bias = np.concatenate(values, axis=1), np.concatenate(biases)
        out = np.concatenate(outputs, axis=0)
        for start in range(0, value.shape[1], self.sizes.head_size):
            part = slice(start, start + self.sizes.head_size)
            names = tuple(dict.fromkeys(owners[part]))
            ends = np.cumsum([owners[part].count(name) for name in names]).tolist()
            use = HeadUse(names, (), tuple(zip([0, *ends], ends, strict=False)))
            self._write(query, key, (value[:, part], bias[part]), out[part], use)

    def _erase(self, erased: Sequence[Variable], self_attending: SelfAttending) -> None:
        """Each position attends to itself and writes the negation of what is erased."""
        columns = np.concatenate([self.layout.columns_of(s) for s in self_attending.spaces])
        own = self_attending.own
        where = np.concatenate([self.layout.columns_of(v.space) for v in erased])
        names = tuple(v.label for v in erased)
        for start in range(0, where.size, self.sizes.head_size):
            part = where[start : start + self.sizes.head_size]
            value = np.zeros((self.sizes.width, part.size))
            value[part, np.arange(part.size)] = 1.0
            query = (columns, own.query, own.bias)
            values = (value, np.zeros(part.size))
            self._write(query, (columns, own.key), values, -value.T, HeadUse((), names))

    def _write(
        self,
        query: tuple[NDArray[np.intp], FloatArray, FloatArray],
        key: tuple[NDArray[np.intp], FloatArray],
        value: tuple[FloatArray, FloatArray],
        out: FloatArray,
        use: HeadUse,
    ) -> None:
        head = len(self.uses)
        scale = np.sqrt(self.sizes.head_size)
        inner = query[1].shape[1]
        self.query[query[0], head, :inner] = query[1] * scale
        self.query_bias[head, :inner] = query[2] * scale
        self.key[key[0], head, :inner] = key[1]
        self.value[:, head, : out.shape[0]] = value[0]
        self.value_bias[head, : out.shape[0]] = value[1]
        self.out[head, : out.shape[0]] = out
        self.uses.append(use)

    def parts(self) -> dict[Linear, tuple[FloatArray, FloatArray]]:
        width, inner = self.sizes.width, self.sizes.heads * self.sizes.head_size
        flat = {
            Linear.QUERY: (self.query, self.query_bias),
            Linear.KEY: (self.key, np.zeros(inner)),
            Linear.VALUE: (self.value, self.value_bias),
        }
        parts = {k: (w.reshape(width, inner), b.reshape(inner)) for k, (w, b) in flat.items()}
        parts[Linear.HEADS_OUT] = (self.out.reshape(inner, width), np.zeros(width))
        return parts


def _head(component: Component) -> Head:
    assert isinstance(component.block, Head)
    return component.block


class _Mlp:
    """The weights of one MLP sublayer while it is being filled."""

    def __init__(self, sizes: Sizes, layout: Layout) -> None:
        self.layout = layout
        self.w_in, self.b_in = np.zeros((sizes.width, sizes.neurons)), np.zeros(sizes.neurons)
        self.w_out, self.b_out = np.zeros((sizes.neurons, sizes.width)), np.zeros(sizes.width)
        self.used = 0
        self.uses: list[NeuronUse] = []

    def fill(self, placed: Placed) -> tuple[NeuronUse, ...]:
        pending = {variable.label: variable for variable in placed.erased}
        for component in placed.components:
            mlp = component.block
            assert isinstance(mlp, Mlp)
            part = slice(self.used, self.used + mlp.neurons)
            self.w_in[self.layout.columns_of(mlp.input), part] = mlp.w_in
            self.b_in[part] = mlp.b_in
            output = self.layout.columns_of(mlp.output)
            self.w_out[part, output] += mlp.w_out
            if mlp.b_out is not None:
                self.b_out[output] += mlp.b_out
            freed = []
            for told in mlp.determined:
                if told.label in pending:
                    columns = self.layout.columns_of(pending.pop(told.label).space)
                    self.w_out[part, columns] -= told.weights
                    self.b_out[columns] -= 0.0 if told.constant is None else told.constant
                    freed.append(told.label)
            self._use(mlp.neurons, component.name, tuple(freed))
        for variable in pending.values():
            self._erase(variable)
        return tuple(self.uses)

    def _erase(self, variable: Variable) -> None:
        """Passes a dead variable through with weight -1."""
        columns = self.layout.columns_of(variable.space)
        signs = (1.0, -1.0) if variable.signed else (1.0,)
        for sign in signs:
            neurons = np.arange(self.used, self.used + columns.size)
            self.w_in[columns, neurons] = sign
            self.w_out[neurons, columns] = -sign
            self._use(columns.size, "", (variable.label,))

    def _use(self, count: int, component: str, erased: tuple[str, ...]) -> None:
        self.uses.append(NeuronUse(self.used, self.used + count, component, erased))
        self.used += count

    def parts(self) -> dict[Linear, tuple[FloatArray, FloatArray]]:
        return {
            Linear.NEURONS_IN: (self.w_in, self.b_in),
            Linear.NEURONS_OUT: (self.w_out, self.b_out),
        }
