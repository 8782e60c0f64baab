"""A model in PyTorch in which each edge can be patched and differentiated alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.circuit.edge_attribution import INPUT, LOGITS, head_node, mlp_node
from optitracr.errors import InputError
from optitracr.extras import require
from optitracr.model.forward import MASKED
from optitracr.model.names import PORTS, POSITIONS, TOKENS, Linear, linear_name
from optitracr.model.transformer import Transformer, architecture_of


@contextmanager
def one_thread() -> Iterator[None]:
    """Runs PyTorch on one thread: on models of this size others only wait, and take their cores.

    Raises:
        MissingExtraError: If PyTorch is not installed.
    """
    torch = require("torch", "PyTorch", "torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Network:
    """A compiled model as writers, readers, and the edges between them.

    Attributes:
        torch: PyTorch.
        writers: The nodes that write, in order: the input, then heads and MLPs by layer.
    """

    def __init__(self, model: Transformer) -> None:
        """The weights are copied.

        Raises:
            MissingExtraError: If PyTorch is not installed.
            InputError: If the model's activation function was changed.
        """
        self.torch = require("torch", "PyTorch", "torch")
        self._architecture = architecture_of(model)
        if self._architecture.activation is not None:
            raise InputError("the model has another activation function than ReLU; take it back")
        self._params = {
            part: {name: self.tensor(array) for name, array in arrays.items()}
            for part, arrays in model.params.items()
        }
        self._unembed = self.tensor(model.unembed)
        layers, heads = self._architecture.layers, self._architecture.heads
        self._name_writers(layers, heads)

    def _name_writers(self, layers: int, heads: int) -> None:
        """Says which nodes write, in order, and the place of each."""
        self.writers = (
            INPUT,
            *(
                node
                for layer in range(layers)
                for node in (*(head_node(layer, head) for head in range(heads)), mlp_node(layer))
            ),
        )
        self.place = {name: place for place, name in enumerate(self.writers)}

    def tensor(self, array: Any) -> Any:
        """Numbers of single precision."""
        return self.torch.tensor(np.asarray(array, dtype=np.float32))

    def integers(self, rows: Any) -> Any:
        """Places in the form in which tensors take them."""
        return rows if isinstance(rows, slice) else self.torch.as_tensor(np.asarray(rows))

    def no_gradients(self) -> Any:
        """A context in which nothing is kept for gradients."""
        return self.torch.no_grad()

    def embedded(self, tokens: NDArray[np.integer]) -> Any:
        """What the input writes, [batch, seq, d_model]."""
        return self._params[TOKENS]["embeddings"][self.torch.as_tensor(np.asarray(tokens)).long()]

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
        return self._passed(tokens, patches or {}, embedded, probed)

    def _passed(
        self,
        tokens: NDArray[np.integer],
        patches: dict[str, list[tuple[int, Any]]],
        embedded: Any,
        probed: bool,
        begun: tuple[int, Any] | None = None,
    ) -> Run:
        return self._run_type(self, tokens, patches, embedded, probed, begun)

    @property
    def _run_type(self) -> type[Run]:
        return Run

    def onwards(self, state: int, residual: Any, tokens: NDArray[np.integer]) -> Any:
        """Logits of shape [batch, seq, outputs], from the residual stream of a state.

        Args:
            state: Which state that is: 0 is the embedding, 2 l + 1 what the attention of layer l
                leaves, 2 l + 2 what its MLP leaves.
            residual: The stream, [batch, seq, d_model].
            tokens: Integers of shape [batch, seq], which say where there is padding.
        """
        return self._passed(tokens, {}, None, False, (state, residual)).logits


class Run:
    """One forward pass.

    Attributes:
        outputs: What each writer wrote, by `Network.writers`.
        states: The residual stream at each state from the first that is run, [batch, seq, d_model].
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
        begun: tuple[int, Any] | None = None,
    ) -> None:
        self._network, self._patches, self._probed = network, patches, probed
        torch, params = network.torch, network._params
        self.outputs: list[Any] = []
        self.states: list[Any] = []
        self.probes: dict[str, Any] = {}
        if begun is None:
            self.outputs.append(network.embedded(tokens) if embedded is None else embedded)
            begun = 0, self.outputs[0] + params[POSITIONS]["embeddings"][: tokens.shape[1]]
        start, rest = begun
        self._arrive(rest)
        seen = torch.as_tensor(np.asarray(tokens) != network._architecture.pad_encoding)
        mask = seen[:, None, :]
        if network._architecture.causal:
            mask = mask & torch.ones(tokens.shape[1], tokens.shape[1], dtype=torch.bool).tril()
        for sublayer in range(start, 2 * network._architecture.layers):
            layer, is_mlp = divmod(sublayer, 2)
            if is_mlp:
                self._transform(layer)
            else:
                self._attend(layer, mask)
        self.logits = self._read(LOGITS) @ network._unembed

    def _read(self, reader: str) -> Any:
        found = self._rest
        for place, instead in self._patches.get(reader, ()):
            found = found + (instead - self.outputs[place])
        if self._probed:
            probe = self._network.torch.zeros_like(found, requires_grad=True)
            self.probes[reader] = probe
            found = found + probe
        return found

    def _write(self, outputs: Sequence[Any], bias: Any) -> None:
        self.outputs.extend(outputs)
        self._arrive(self._rest + sum(outputs) + bias)

    def _arrive(self, rest: Any) -> None:
        """The residual stream of the next state."""
        self._rest = rest
        self.states.append(rest)

    def _linear(self, layer: int, part: Linear, x: Any, columns: slice = slice(None)) -> Any:
        weight = self._network._params[linear_name(layer, part)]
        return x @ weight["w"][:, columns] + weight["b"][columns]

    def _transform(self, layer: int) -> None:
        read = self._read(mlp_node(layer))
        hidden = self._network.torch.relu(self._linear(layer, Linear.NEURONS_IN, read))
        weight = self._network._params[linear_name(layer, Linear.NEURONS_OUT)]
        self._write([hidden @ weight["w"]], weight["b"])

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
            pattern = network.torch.softmax(
                network.torch.where(mask, logits, float(MASKED)), dim=-1
            )
            outputs.append(pattern @ value @ weight["w"][own])
        self._write(outputs, weight["b"])
