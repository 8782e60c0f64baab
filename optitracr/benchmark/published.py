"""A model in its published form, with norms: in PyTorch, edge by edge, and its circuit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.architectures.architecture import Activation, Norm
from optitracr.benchmark.methods import Matrices, Task, task_of
from optitracr.benchmark.network import Network, Run
from optitracr.benchmark.sites import Site, View, sites_in
from optitracr.benchmark.valid import valid_truths
from optitracr.circuit.edge_attribution import INPUT, LETTERS, LOGITS, edges_of, head_node, mlp_node
from optitracr.circuit.truth import Edge, GroundTruth, truth_of
from optitracr.compiled import CompiledModel
from optitracr.extras import require
from optitracr.stock.form import StockForm, stock_form
from optitracr.stock.forward import EPSILON
from optitracr.stock.weights import Affine, StockLayer

PARTS = ("query", "key", "value")
"""What a head reads by, in the order of the letters."""


def published_task(
    model: CompiledModel, rotate: int | None = None, seed: int = 0, size: int | None = None
) -> Task:
    """What a method is given of a model in its published form.

    Args:
        model: A model that was compiled for a published architecture.
        rotate: Seed of a rotation of the stream; None for none.
        seed: Of the data, and for methods that draw.
        size: Pairs of inputs; as many as `task_of` gives by default.

    Raises:
        InputError: If the model was compiled for no published architecture.
    """
    wanted = "a model that was compiled or loaded"
    given: CompiledModel = arguments.instance("model", model, CompiledModel, wanted)
    form = stock_form(given, rotate)
    plain = task_of(model, seed) if size is None else task_of(model, seed, size)
    edges = tuple(edges_of(form.sizes.layers, form.sizes.heads))
    return PublishedTask(model, edges, plain.tokens, plain.corrupted, seed, form=form)


@dataclass(frozen=True, eq=False)
class PublishedTask(Task):
    """A task over the nodes of the published form.

    Attributes:
        form: The published form.
    """

    form: StockForm = field(kw_only=True)

    @cached_property
    def truth(self) -> GroundTruth:
        """The circuit of the published form."""
        return published_truth(self.model)

    @cached_property
    def truths(self) -> tuple[GroundTruth, ...]:
        """The same without edges that cancel: what is zero together is so behind a norm as well."""
        whole, *others = valid_truths(self.model.circuit)
        early = self.form.early_layers
        found = [self.truth]
        for other in others:
            left = zip(whole.edges, whole.inside & ~other.inside, strict=True)
            gone = {_moved(edge, early) for edge, away in left if away}
            kept = np.array([edge not in gone for edge in self.edges])
            found.append(replace(self.truth, inside=self.truth.inside & kept))
        return tuple(found)

    @cached_property
    def network(self) -> Network:
        """The published form in PyTorch, with edges that can be patched."""
        return PublishedNetwork(self.form)

    @cached_property
    def matrices(self) -> Matrices:
        """What each node writes by, and what each reads by behind its norm."""
        weights, sizes = self.form.lowered.weights, self.form.sizes
        # The row of the tokenizer's unknown words is not a number.
        written = {INPUT: np.nan_to_num(weights.tokens)}
        read = {LOGITS: weights.gain[:, None] * weights.unembedding}
        for place, layer in enumerate(weights.layers):
            read[mlp_node(place)] = layer.mlp_gain[:, None] * layer.neurons_in.w
            written[mlp_node(place)] = layer.neurons_out.w
            for name, own in _heads(place, sizes.heads, sizes.head_size):
                written[name] = layer.heads_out.w[own]
                for letter, part in zip(LETTERS.values(), PARTS, strict=True):
                    w = getattr(layer, part).w[:, own]
                    read[f"{name}<{letter}>"] = layer.attention_gain[:, None] * w
        return written, read


def published_sites(
    model: CompiledModel, rotate: int | None = None, seed: int = 0
) -> tuple[Site, ...]:
    """Every variable at every state of the published form that holds it, as `sites_of` has them.

    States are counted in the published form, with the layers that tell positions to it.

    Args:
        model: A model that was compiled for a published architecture.
        rotate: Seed of a rotation of the stream; None for none.
        seed: Of the pairs, and for methods that draw.

    Raises:
        InputError: If an argument is wrong, or the model was compiled for no published
            architecture.
        NotFoundError: If the model holds no program.
        MissingExtraError: If PyTorch is not installed.
    """
    wanted = "a model that was compiled or loaded"
    given: CompiledModel = arguments.instance("model", model, CompiledModel, wanted)
    form = stock_form(given, rotate)
    basis = np.eye(form.sizes.width) if form.basis is None else form.basis
    # A column of the model is what the stream has in that direction, times a number.
    columns = basis[: given.layout.width]
    return sites_in(given, View(PublishedNetwork(form), columns, 2 * form.early_layers), seed)


def _heads(layer: int, heads: int, size: int) -> Iterator[tuple[str, slice]]:
    """Each head of a layer, and its columns."""
    for head in range(heads):
        yield head_node(layer, head), slice(head * size, (head + 1) * size)


def published_truth(model: CompiledModel) -> GroundTruth:
    """The circuit of the published form of a model, over every edge of that.

    Heads and neurons are those of the model, some layers later where layers before them tell
    positions. What tells positions, and the constant that stands for biases, which no input
    changes, count neither for nor against, as embeddings of positions do not.

    Args:
        model: A model that was compiled for a published architecture.

    Raises:
        InputError: If it was compiled for none.
    """
    form, own = stock_form(model), truth_of(model.circuit)
    edges = tuple(edges_of(form.sizes.layers, form.sizes.heads))
    known = {_moved(edge, form.early_layers): place for place, edge in enumerate(own.edges)}
    inside, counts = np.zeros(len(edges), dtype=bool), np.ones(len(edges), dtype=bool)
    carried = _carried(form)
    for place, edge in enumerate(edges):
        before = known.get(edge)
        if before is not None and own.inside[before]:
            inside[place], counts[place] = True, own.counts[before]
        elif edge in carried:
            inside[place], counts[place] = True, False
    return GroundTruth(edges, inside, counts)


def _moved(edge: Edge, layers: int) -> Edge:
    """An edge of the compiled model as one of its published form."""
    writer, reader = (_node_moved(node, layers) for node in edge)
    return writer, reader


def _node_moved(node: str, layers: int) -> str:
    if node in (INPUT, LOGITS):
        return node
    place, dot, rest = node[1:].partition(".")
    return f"{node[0]}{int(place) + layers}{dot}{rest}"


def _carried(form: StockForm) -> set[Edge]:
    """The edges over which a weight that is not zero reads a column that another part writes.

    Of Llama the input writes the constant too, which stands for biases.
    """
    weights, sizes = form.lowered.weights, form.sizes
    written = {INPUT: np.nan_to_num(weights.tokens).any(axis=0)}
    read = {LOGITS: weights.unembedding.any(axis=1)}
    for place, layer in enumerate(weights.layers):
        read[mlp_node(place)] = layer.neurons_in.w.any(axis=1)
        if layer.up is not None:
            read[mlp_node(place)] |= layer.up.w.any(axis=1)
        written[mlp_node(place)] = layer.neurons_out.w.any(axis=0)
        for name, own in _heads(place, sizes.heads, sizes.head_size):
            written[name] = layer.heads_out.w[own].any(axis=0)
            for letter, part in zip(LETTERS.values(), PARTS, strict=True):
                read[f"{name}<{letter}>"] = getattr(layer, part).w[:, own].any(axis=1)
    return {
        (writer, reader)
        for writer, reader in edges_of(sizes.layers, sizes.heads)
        if (written[writer] & read[reader]).any()
    }


class PublishedNetwork(Network):
    """The published form of a model as writers, readers, and the edges between them.

    Every reader has the norm of what it reads, patched or not.
    """

    def __init__(self, form: StockForm) -> None:
        """The weights are copied.

        Args:
            form: The published form.

        Raises:
            MissingExtraError: If PyTorch is not installed.
        """
        self.torch = require("torch", "PyTorch", "torch")
        self.form = form
        weights, sizes = form.lowered.weights, form.sizes
        self.tokens = self.tensor(weights.tokens)
        learned = weights.positions
        self.positions = None if learned is None else self.tensor(learned)
        self.unembedding = self.tensor(weights.unembedding / form.logit_scale)
        self.gain = self.tensor(weights.gain)
        self.layers = [_Layer(self, layer) for layer in weights.layers]
        self._name_writers(sizes.layers, sizes.heads)

    def affine(self, part: Affine) -> tuple[Any, Any]:
        """A linear map and its bias."""
        return self.tensor(part.w), self.tensor(part.b)

    def embedded(self, tokens: NDArray[np.integer]) -> Any:
        """What the input writes, [batch, seq, width]."""
        return self.tokens[self.torch.as_tensor(np.asarray(tokens)).long()]

    @property
    def _run_type(self) -> type[Run]:
        return PublishedRun

    def normed(self, stream: Any, gain: Any) -> Any:
        """What the norm gives."""
        norm = self.form.architecture.norm
        if norm is Norm.LAYER_NORM:
            stream = stream - stream.mean(dim=-1, keepdim=True)
        if norm is not Norm.NONE:
            square = stream.square().mean(dim=-1, keepdim=True)
            stream = stream / (square + EPSILON[norm]).sqrt()
        return stream * gain

    def activated(self, before: Any) -> Any:
        """What neurons give."""
        functional = self.torch.nn.functional
        match self.form.architecture.activation:
            case Activation.RELU:
                return functional.relu(before)
            case Activation.GELU:
                return functional.gelu(before)
            case Activation.GELU_NEW:
                return functional.gelu(before, approximate="tanh")
            case Activation.SILU:
                return functional.silu(before)


class _Layer:
    """The weights of a layer in PyTorch."""

    def __init__(self, network: PublishedNetwork, layer: StockLayer) -> None:
        self.parts = {name: network.affine(part) for name, part in layer.maps()}
        self.attention_gain = network.tensor(layer.attention_gain)
        self.mlp_gain = network.tensor(layer.mlp_gain)

    def map(self, part: str, x: Any, columns: slice = slice(None)) -> Any:
        """A linear map of this layer."""
        w, b = self.parts[part]
        return x @ w[:, columns] + b[columns]


class PublishedRun(Run):
    """One forward pass; see `Run`."""

    def __init__(
        self,
        network: PublishedNetwork,
        tokens: NDArray[np.integer],
        patches: dict[str, list[tuple[int, Any]]],
        embedded: Any,
        probed: bool,
        begun: tuple[int, Any] | None = None,
    ) -> None:
        self._network, self._patches, self._probed = network, patches, probed
        self._published = network
        length = tokens.shape[1]
        self.outputs: list[Any] = []
        self.states: list[Any] = []
        self.probes: dict[str, Any] = {}
        if begun is None:
            first = network.embedded(tokens) if embedded is None else embedded
            self.outputs.append(first)
            learned = network.positions
            begun = 0, first if learned is None else first + learned[:length]
        start, rest = begun
        self._arrive(rest)
        mask = network.torch.ones(length, length, dtype=network.torch.bool).tril()
        for sublayer in range(start, 2 * len(network.layers)):
            place, is_mlp = divmod(sublayer, 2)
            if is_mlp:
                self._neurons(place, network.layers[place])
            else:
                self._attention(place, network.layers[place], mask)
        self.logits = network.normed(self._read(LOGITS), network.gain) @ network.unembedding

    def _neurons(self, place: int, layer: _Layer) -> None:
        network = self._published
        read = network.normed(self._read(mlp_node(place)), layer.mlp_gain)
        hidden = network.activated(layer.map("neurons_in", read))
        if "up" in layer.parts:
            hidden = hidden * layer.map("up", read)
        out, bias = layer.parts["neurons_out"]
        self._write([hidden @ out], bias)

    def _attention(self, place: int, layer: _Layer, mask: Any) -> None:
        network, sizes = self._published, self._published.form.sizes
        out, bias = layer.parts["heads_out"]
        base = network.form.lowered.weights.rotary_base
        outputs = []
        for name, own in _heads(place, sizes.heads, sizes.head_size):
            query, key, value = (
                layer.map(
                    part,
                    network.normed(self._read(f"{name}<{letter}>"), layer.attention_gain),
                    own,
                )
                for letter, part in zip(LETTERS.values(), PARTS, strict=True)
            )
            if base:
                query, key = (_turned(network.torch, part, base) for part in (query, key))
            logits = query @ key.transpose(1, 2) / math.sqrt(sizes.head_size)
            pattern = logits.masked_fill(~mask, -math.inf).softmax(dim=-1)
            outputs.append(pattern @ value @ out[own])
        self._write(outputs, bias)


def _turned(torch: Any, part: Any, base: float) -> Any:
    """Queries or keys, turned by their position, as Llama does."""
    *_, length, size = part.shape
    frequency = 1.0 / base ** (torch.arange(0, size, 2, dtype=torch.float32) / size)
    angle = torch.arange(length, dtype=torch.float32)[:, None] * frequency
    angle = torch.cat([angle, angle], dim=-1)
    first, second = part.chunk(2, dim=-1)
    turned = torch.cat([-second, first], dim=-1)
    return part * angle.cos() + turned * angle.sin()
