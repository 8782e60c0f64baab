"""A model in PyTorch in which each edge can be patched and differentiated alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.circuit.edge_attribution import INPUT, LOGITS, head_node, mlp_node
from optitracr.errors import InputError
from optitracr.extras import require
from optitracr.model.forward import MASKED
from optitracr.model.names import PORTS, POSITIONS, TOKENS, Linear, linear_name
from optitracr.model.transformer import Transformer, architecture_of


class Network:
    """A compiled model as writers, readers, and the edges between them.

    Attributes:
        writers: The nodes that write, in order: the input, then heads and MLPs by layer.
    """

    def __init__(self, model: Transformer) -> None:
        """The weights are copied.

        Raises:
            MissingExtraError: If PyTorch is not installed.
            InputError: If the model's activation function was changed.
        """
        self._torch = require("torch", "PyTorch", "torch")
        self._architecture = architecture_of(model)
        if self._architecture.activation is not None:
            raise InputError("the model has another activation function than ReLU; take it back")
        self._params = {
            part: {name: self._tensor(array) for name, array in arrays.items()}
            for part, arrays in model.params.items()
        }
        self._unembed = self._tensor(model.unembed)
        layers, heads = self._architecture.layers, self._architecture.heads
        self.writers = (
            INPUT,
            *(
                node
                for layer in range(layers)
                for node in (*(head_node(layer, head) for head in range(heads)), mlp_node(layer))
            ),
        )
        self.place = {name: place for place, name in enumerate(self.writers)}

    def _tensor(self, array: Any) -> Any:
        return self._torch.tensor(np.asarray(array, dtype=np.float32))

    def no_gradients(self) -> Any:
        """A context in which nothing is kept for gradients."""
        return self._torch.no_grad()

    def embedded(self, tokens: NDArray[np.integer]) -> Any:
        """What the input writes, [batch, seq, d_model]."""
        return self._params[TOKENS]["embeddings"][self._torch.as_tensor(np.asarray(tokens)).long()]

    def run(
        self,
        tokens: NDArray[np.integer],
        patches: dict[str, list[tuple[int, Any]]] | None = None,
        embedded: Any = None,
        probed: bool = False,
    ) -> Run:
        """A forward pass.

        Args:
            tokens: Integers of shape [batch, seq].
            patches: For each reader the writers whose output it reads otherwise, and what it
                reads in its place.
            embedded: What the input writes, if not the tokens' embedding.
            probed: Whether the gradient by what each reader reads is wanted.
        """
        return Run(self, tokens, patches or {}, embedded, probed)


class Run:
    """One forward pass.

    Attributes:
        outputs: What each writer wrote, by `Network.writers`.
        logits: Logits, or the number, of shape [batch, seq, outputs].
        probes: For each reader what it reads more, zero, to be differentiated by.
    """

    def __init__(
        self,
        network: Network,
        tokens: NDArray[np.integer],
        patches: dict[str, list[tuple[int, Any]]],
        embedded: Any,
        probed: bool,
    ) -> None:
        self._network, self._patches, self._probed = network, patches, probed
        torch, params = network._torch, network._params
        first = network.embedded(tokens) if embedded is None else embedded
        self.outputs: list[Any] = [first]
        self.probes: dict[str, Any] = {}
        self._rest = first + params[POSITIONS]["embeddings"][: tokens.shape[1]]
        seen = torch.as_tensor(np.asarray(tokens) != network._architecture.pad_encoding)
        mask = seen[:, None, :]
        if network._architecture.causal:
            mask = mask & torch.ones(tokens.shape[1], tokens.shape[1], dtype=torch.bool).tril()
        for layer in range(network._architecture.layers):
            self._attend(layer, mask)
            hidden = torch.relu(self._linear(layer, Linear.NEURONS_IN, self._read(mlp_node(layer))))
            weight = params[linear_name(layer, Linear.NEURONS_OUT)]
            self._write([hidden @ weight["w"]], weight["b"])
        self.logits = self._read(LOGITS) @ network._unembed

    def _read(self, reader: str) -> Any:
        found = self._rest
        for place, instead in self._patches.get(reader, ()):
            found = found + (instead - self.outputs[place])
        if self._probed:
            probe = self._network._torch.zeros_like(found, requires_grad=True)
            self.probes[reader] = probe
            found = found + probe
        return found

    def _write(self, outputs: Sequence[Any], bias: Any) -> None:
        self.outputs.extend(outputs)
        self._rest = self._rest + sum(outputs) + bias

    def _linear(self, layer: int, part: Linear, x: Any, columns: slice = slice(None)) -> Any:
        weight = self._network._params[linear_name(layer, part)]
        return x @ weight["w"][:, columns] + weight["b"][columns]

    def _attend(self, layer: int, mask: Any) -> None:
        network, size = self._network, self._network._architecture.head_size
        weight = network._params[linear_name(layer, Linear.HEADS_OUT)]
        outputs = []
        for head in range(network._architecture.heads):
            own = slice(head * size, (head + 1) * size)
            query, key, value = (
                self._linear(layer, part, self._read(f"{head_node(layer, head)}<{letter}>"), own)
                for part, letter in zip(PORTS.values(), "qkv", strict=True)
            )
            logits = query @ key.transpose(1, 2) / max(size, 1) ** 0.5
            pattern = network._torch.softmax(
                network._torch.where(mask, logits, float(MASKED)), dim=-1
            )
            outputs.append(pattern @ value @ weight["w"][own])
        self._write(outputs, weight["b"])
