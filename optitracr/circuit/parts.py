"""The parts of a model at each granularity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce
from operator import or_

from optitracr.circuit import hooks
from optitracr.circuit.weights import EVERY, Touched, Weights
from optitracr.model.names import POSITIONS, TOKENS
from optitracr.model.record import HEAD, CircuitNode


class Granularity(StrEnum):
    """How finely a model is cut into parts."""

    COMPONENT = "component"
    HEAD = "head"
    QKV = "qkv"
    DIMENSION = "dimension"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What writes to the residual stream, or reads from it, or both.

    Attributes:
        name: Its name in graphs.
        hooks: The hooks at which its output stands, or for a reader its input.
        sublayer: Where it stands; -1 for embeddings, 2 layers for the output.
        touched: The columns that it reads and writes.
        computes: Variables of the residual stream that it computes.
        erases: Those that it erases.
        variables: RASP variables that it serves.
        writer: For a query, key or value the head that it belongs to.
        within: Names of the parts, at every granularity, that it is a piece of.
    """

    name: str
    hooks: tuple[str, ...]
    sublayer: int
    touched: Touched
    computes: frozenset[str] = frozenset()
    erases: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    writer: str = ""
    within: tuple[str, ...] = ()


def parts_of(weights: Weights, granularity: Granularity) -> tuple[Part, ...]:
    """Every part of a model: embeddings, then by sublayer, then the output."""
    match granularity:
        case Granularity.COMPONENT:
            found = [*_components(weights)]
        case Granularity.HEAD:
            found = [*_heads(weights), *_mlps(weights)]
        case Granularity.QKV | Granularity.DIMENSION:
            found = [*_ports_and_heads(weights), *_neurons(weights)]
    return _in_order(weights, found)


def sites_of(weights: Weights) -> tuple[Part, ...]:
    """Queries, keys and values, heads, and whole MLPs: the parts that edge attribution knows."""
    return _in_order(weights, [*_ports_and_heads(weights), *_mlps(weights)])


def pieces_of(weights: Weights) -> tuple[Part, ...]:
    """The smallest parts that work alone: columns of a head's output, and neurons."""
    return _in_order(weights, [*_head_columns(weights), *_neurons(weights)])


def _in_order(weights: Weights, parts: Sequence[Part]) -> tuple[Part, ...]:
    nothing, layers = weights.nothing, weights.config.num_layers
    embeddings = [
        _part(name, -1, Touched(nothing, nothing, weights.embedded(table)), within=(name,))
        for name, table in (
            (hooks.TOKEN_EMBED, TOKENS),
            (hooks.POSITION_EMBED, POSITIONS),
        )
    ]
    output = hooks.output_name(layers)
    read = Touched(weights.unembedded, nothing, nothing)
    last = _part(output, 2 * layers, read, within=(output,))
    return (*embeddings, *sorted(parts, key=lambda part: part.sublayer), last)


def _part(
    name: str,
    sublayer: int,
    touched: Touched,
    nodes: Sequence[CircuitNode] = (),
    within: tuple[str, ...] = (),
) -> Part:
    """A part that does what some nodes do."""
    return Part(
        name,
        (name,),
        sublayer,
        touched,
        computes=frozenset(label for node in nodes for label in node.writes),
        erases=tuple(dict.fromkeys(label for node in nodes for label in node.erases)),
        variables=tuple(dict.fromkeys(label for node in nodes for label in node.variables)),
        within=within,
    )


def _all_heads(weights: Weights) -> Iterator[tuple[int, int, list[CircuitNode]]]:
    """Layer, head, and what it is for: one node, or none for a spare head."""
    for layer in range(weights.config.num_layers):
        owners = weights.heads_of(layer)
        for head in range(weights.config.num_heads):
            yield layer, head, [owners[head]] if head in owners else []


def _heads(weights: Weights) -> Iterator[Part]:
    for layer, head, nodes in _all_heads(weights):
        touched = weights.head(layer, head)
        yield _part(hooks.head_name(layer, head), 2 * layer, touched, nodes)


def _mlps(weights: Weights) -> Iterator[Part]:
    for layer in range(weights.config.num_layers):
        nodes, touched = weights.runs_of(layer), weights.run(layer)
        yield _part(hooks.mlp_name(layer), 2 * layer + 1, touched, nodes)


def _ports_and_heads(weights: Weights) -> Iterator[Part]:
    nothing = weights.nothing
    for layer, head, nodes in _all_heads(weights):
        name = hooks.head_name(layer, head)
        for port in hooks.PORTS:
            read = weights.port(layer, head, port)
            pattern = nothing if port == "value" else read
            own = hooks.port_name(layer, head, port)
            made = _part(own, 2 * layer, Touched(read, pattern, nothing), nodes)
            yield replace(made, writer=name, computes=frozenset(), erases=())
        written = Touched(nothing, nothing, weights.head(layer, head).writes)
        yield _part(name, 2 * layer, written, nodes)


def _neurons(weights: Weights) -> Iterator[Part]:
    for layer in range(weights.config.num_layers):
        owners = {n: node for node in weights.runs_of(layer) for n in range(*node.index)}
        read, written = weights.neurons(layer)
        for neuron in range(weights.config.mlp_hidden_size):
            nodes = [owners[neuron]] if neuron in owners else []
            name = hooks.neuron_name(layer, neuron)
            owner = [part for node in nodes for part in node.components or (node.name,)]
            touched = Touched(read[:, neuron], weights.nothing, written[:, neuron])
            within = (name, hooks.mlp_name(layer), *owner)
            yield _part(name, 2 * layer + 1, touched, nodes, within)


def _head_columns(weights: Weights) -> Iterator[Part]:
    for layer, head, nodes in _all_heads(weights):
        name = hooks.head_name(layer, head)
        ports = [hooks.port_name(layer, head, port) for port in hooks.PORTS]
        for column in range(weights.config.key_size):
            touched = weights.head(layer, head, slice(column, column + 1))
            owner = [part for node in nodes for part in _owners(node, column)]
            within = (name, *ports, *owner)
            yield _part(f"{name}[{column}]", 2 * layer, touched, nodes, within)


def _owners(node: CircuitNode, column: int) -> tuple[str, ...]:
    """The components of a head that a column of its output is for."""
    if not node.components:
        return (node.name,)
    pairs = zip(node.components, node.columns, strict=False)
    return tuple(name for name, (first, last) in pairs if first <= column < last)


def _components(weights: Weights) -> Iterator[Part]:
    """Components, each over all its heads or neurons, and parts that only erase."""
    pieces: dict[str, list[tuple[CircuitNode, slice]]] = {}
    for node in weights.nodes:
        columns = [slice(*part) for part in node.columns] or [EVERY]
        for name, part in zip(node.components or (node.name,), columns, strict=False):
            pieces.setdefault(name, []).append((node, part))
    for name, found in pieces.items():
        nodes = [node for node, _ in found]
        touched = reduce(or_, (_touched(weights, node, part) for node, part in found))
        outputs = tuple(hook for node in nodes for hook in node_hooks(node))
        yield replace(_part(name, nodes[0].sublayer, touched, nodes), hooks=outputs)


def _touched(weights: Weights, node: CircuitNode, columns: slice) -> Touched:
    if node.kind == HEAD:
        return weights.head(node.layer, node.index[0], columns)
    return weights.run(node.layer, slice(*node.index))


def node_hooks(node: CircuitNode) -> tuple[str, ...]:
    """The hooks at which a node's output stands."""
    if node.kind == HEAD:
        return (hooks.head_name(node.layer, node.index[0]),)
    return tuple(hooks.neuron_name(node.layer, neuron) for neuron in range(*node.index))
