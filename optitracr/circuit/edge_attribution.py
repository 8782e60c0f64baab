"""The circuit as the graph that edge attribution patching works on (Syed et al. 2023).

Nodes are the input, heads, MLPs and the logits; an edge leads from each node to every later
head's query, key and value, to every later MLP (that of the same layer among them), and to the
logits. The file is that of EAP-IG (Hanna et al. 2024), which MIB's circuit track takes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.circuit import hooks
from optitracr.circuit.wiring import Wiring
from optitracr.model.config import ModelConfig
from optitracr.model.names import PORTS, Hook, PartName
from optitracr.writing import write_file

INPUT, LOGITS = "input", "logits"
LETTERS = dict(zip(PORTS, "qkv", strict=True))
"""The letter of each port of a head."""


def head_node(layer: int, head: int) -> str:
    """The name of a head."""
    return f"a{layer}.h{head}"


def mlp_node(layer: int) -> str:
    """The name of an MLP."""
    return f"m{layer}"


def nodes_of(layers: int, heads: int) -> tuple[str, ...]:
    """Every node of the full graph, as loaders list them."""
    inner = [
        name
        for layer in range(layers)
        for name in (*(head_node(layer, head) for head in range(heads)), mlp_node(layer))
    ]
    return (INPUT, *inner, LOGITS)


def edges_of(layers: int, heads: int) -> Iterator[tuple[str, str]]:
    """Every edge of the full graph: a writer, and a reader with the port that it reads by."""
    written = [INPUT]
    for layer in range(layers):
        own = [head_node(layer, head) for head in range(heads)]
        for writer in written:
            for head in own:
                yield from ((writer, f"{head}<{letter}>") for letter in LETTERS.values())
        written += own
        yield from ((writer, mlp_node(layer)) for writer in written)
        written.append(mlp_node(layer))
    yield from ((writer, LOGITS) for writer in written)


def edge_name(writer: str, reader: str) -> str:
    """An edge's name."""
    return f"{writer}->{reader}"


def node_of(part: str, layers: int) -> str:
    """What the full graph calls a part of the model; "" for the embedding of positions."""
    if part == hooks.TOKEN_EMBED:
        return INPUT
    if part == hooks.output_name(layers):
        return LOGITS
    match PartName.parse(part):
        case PartName(layer, Hook.MLP):
            return mlp_node(layer)
        case PartName(layer, Hook.HEAD, int(head)):
            return head_node(layer, head)
        case PartName(layer, hook, int(head)) if hook in LETTERS:
            return f"{head_node(layer, head)}<{LETTERS[hook]}>"
        case _:
            return ""


def sizes_of(config: ModelConfig) -> tuple[int, int]:
    """Layers and heads as TransformerLens has them: at least one of each."""
    return max(config.num_layers, 1), max(config.num_heads, 1)


def graph_data(wiring: Wiring, config: ModelConfig, positions: bool = False) -> dict[str, Any]:
    """The contents of a graph file.

    Args:
        wiring: Of queries, keys and values, heads, and whole MLPs.
        config: The model's sizes.
        positions: Whether the input stands for the embedding of positions too.
    """
    positions = arguments.boolean("positions", positions)
    layers, heads = sizes_of(config)
    width, found, columns = _found(wiring, config.num_layers, positions)
    used = {node for edge in found for node in edge}
    nodes: dict[str, Any] = {}
    for name in nodes_of(layers, heads):
        inside = name == LOGITS or name in used
        nodes[name] = {"in_graph": inside}
        if name != LOGITS:
            nodes[name]["neurons"] = _of_layer(columns, name, width).tolist()
    edges = {
        edge_name(*edge): {"score": float(edge in found), "in_graph": edge in found}
        for edge in edges_of(layers, heads)
    }
    cfg = {"n_layers": layers, "n_heads": heads, "parallel_attn_mlp": False, "d_model": width}
    return {"cfg": cfg, "nodes": nodes, "edges": edges}


def write(path: str | PathLike[str], data: dict[str, Any]) -> None:
    """Writes a graph file.

    Raises:
        FileError: If it cannot be written.
    """
    target = arguments.path("path", path, "the name of a file as text or pathlib.Path")
    write_file(target, json.dumps(data).encode())


Columns = dict[str, NDArray[np.bool_]]


def _found(
    wiring: Wiring, layers: int, positions: bool
) -> tuple[int, set[tuple[str, str]], Columns]:
    """The width, the circuit's edges, and of each node's output the columns that it reads."""
    width = len(wiring.parts[0].touched.writes)
    reaching = wiring.reaching()
    found: set[tuple[str, str]] = set()
    columns: Columns = {}
    for part, reader, stays in wiring.carried():
        own = positions and part.name == hooks.POSITION_EMBED
        writer = INPUT if own else node_of(part.name, layers)
        if not writer or reader.name not in reaching:
            continue
        found.add((writer, node_of(reader.name, layers)))
        read = columns.setdefault(writer, np.zeros(width, dtype=bool))
        read[[wiring.stays[place].column for place in stays.tolist()]] = True
    return width, found, columns


def _of_layer(columns: Columns, name: str, width: int) -> NDArray[np.bool_]:
    """A node's columns; a head's are those of all heads of its layer, as loaders hold them."""
    layer, dot, _ = name.partition(".")
    own = [key for key in columns if key == name or (dot and key.startswith(f"{layer}."))]
    found = np.zeros(width, dtype=bool)
    for key in own:
        found |= columns[key]
    return found
