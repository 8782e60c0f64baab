"""A model's weights, as which columns of the residual stream each head and neuron touches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.circuit.hooks import PORTS
from optitracr.model import names
from optitracr.model.config import ModelConfig
from optitracr.model.names import POSITIONS, TOKENS, Linear, linear_name
from optitracr.model.record import HEAD, CircuitNode

if TYPE_CHECKING:
    from jaxtyping import Float, Shaped

Columns = NDArray[np.bool_]
Params = Mapping[str, Mapping[str, NDArray[np.float32]]]
EVERY = slice(None)

_READING = dict(zip(PORTS, names.PORTS.values(), strict=True))
"""The linear map of each query, key and value."""


@dataclass(frozen=True, slots=True, eq=False)
class Touched:
    """Columns of the residual stream, each mask of shape [width].

    Attributes:
        reads: What is read.
        pattern: What an attention pattern depends on.
        writes: What is written.
    """

    reads: Columns
    pattern: Columns
    writes: Columns

    def __or__(self, other: Touched) -> Touched:
        return Touched(
            self.reads | other.reads, self.pattern | other.pattern, self.writes | other.writes
        )


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The weights of a model and what its parts are for.

    Attributes:
        config: Sizes.
        params: Nested dicts under Tracr's names.
        unembed: From the residual stream to the outputs.
        nodes: What each head and each run of neurons is for.
    """

    config: ModelConfig
    params: Params
    unembed: Float[NDArray[np.float32], "d_model outputs"]
    nodes: tuple[CircuitNode, ...]

    @property
    def nothing(self) -> Columns:
        """No column."""
        return np.zeros(self.unembed.shape[0], dtype=bool)

    @property
    def unembedded(self) -> Columns:
        """What the unembedding reads."""
        return touched(self.unembed)

    def embedded(self, table: str) -> Columns:
        """What an embedding table writes.

        Raises:
            InputError: If there is no such table.
        """
        table = arguments.choice("table", table, (TOKENS, POSITIONS))
        return touched(self.params[table]["embeddings"].T)

    def port(self, layer: int, head: int, port: str, columns: slice = EVERY) -> Columns:
        """What a head's query, key or value reads.

        Raises:
            InputError: If there is no such head, or port.
        """
        return touched(
            self._part(layer, head, _READING[arguments.choice("port", port, PORTS)], columns)
        )

    def head(self, layer: int, head: int, columns: slice = EVERY) -> Touched:
        """What a head, or some columns of its output, reads and writes.

        Raises:
            InputError: If there is no such head.
        """
        query, key = (self.port(layer, head, port) for port in PORTS[:2])
        value = self.port(layer, head, "value", columns)
        written = touched(self._part(layer, head, Linear.HEADS_OUT, columns))
        return Touched(query | key | value, query | key, written)

    def neurons(self, layer: int) -> tuple[Columns, Columns]:
        """What each neuron reads and writes, both of shape [width, neurons].

        Raises:
            InputError: If there is no such layer.
        """
        layer = self._layer(layer)
        read: Columns = self.params[linear_name(layer, Linear.NEURONS_IN)]["w"] != 0
        written: Columns = self.params[linear_name(layer, Linear.NEURONS_OUT)]["w"].T != 0
        return read, written

    def run(self, layer: int, which: slice = EVERY) -> Touched:
        """What some neurons together read and write.

        Raises:
            InputError: If there is no such layer.
        """
        arguments.instance("which", which, slice, "a slice of the neurons")
        read, written = (touched(mask[:, which]) for mask in self.neurons(layer))
        return Touched(read, self.nothing, written)

    def heads_of(self, layer: int) -> dict[int, CircuitNode]:
        """What the heads of a layer are for; spare ones are left out.

        Raises:
            InputError: If there is no such layer.
        """
        layer = self._layer(layer)
        found = (node for node in self.nodes if node.kind == HEAD and node.layer == layer)
        return {node.index[0]: node for node in found}

    def runs_of(self, layer: int) -> list[CircuitNode]:
        """The runs of neurons of a layer.

        Raises:
            InputError: If there is no such layer.
        """
        layer = self._layer(layer)
        return [node for node in self.nodes if node.kind != HEAD and node.layer == layer]

    def _layer(self, layer: int) -> int:
        return arguments.integer("layer", layer, least=0, most=self.config.num_layers - 1)

    def _part(self, layer: int, head: int, part: Linear, columns: slice) -> NDArray[np.float32]:
        """Some columns of a head's weights, of shape [width, columns]."""
        head = arguments.integer("head", head, least=0, most=self.config.num_heads - 1)
        arguments.instance("columns", columns, slice, "a slice of the head's columns")
        found: NDArray[np.float32] = self._head(self._layer(layer), part)[:, head]
        try:
            return found[:, columns]
        except (TypeError, ValueError):
            arguments.refuse("columns", columns, "a slice of the head's columns")

    def _head(self, layer: int, part: Linear) -> NDArray[np.float32]:
        """Shape [width, heads, head size]."""
        weight = self.params[linear_name(layer, part)]["w"]
        flat = weight.T if part is Linear.HEADS_OUT else weight
        return flat.reshape(-1, self.config.num_heads, self.config.key_size)


def touched(weight: Shaped[NDArray[np.generic], "rows columns"]) -> Columns:
    """Rows of a matrix that are not zero."""
    found: Columns = np.any(weight != 0, axis=1)
    return found
