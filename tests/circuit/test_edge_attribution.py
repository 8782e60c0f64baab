"""The graph file of edge attribution patching: its schema, and what it says of the circuit."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.circuit import hooks
from optitracr.compiled import CompiledModel
from optitracr.errors import FileError
from tests.compiled import compiled

NAMES = ["reverse", "hist", "sort", "frac_prevs", "most_frequent"]


def written(model: CompiledModel, folder: Path, **options: Any) -> dict[str, Any]:
    model.circuit.to_eap(folder / "graph.json", **options)
    found: dict[str, Any] = json.loads((folder / "graph.json").read_text())
    return found


def number_of_edges(layers: int, heads: int) -> int:
    """Of the full graph, counted without listing it."""
    total, writers = 0, 1
    for _ in range(layers):
        total += 3 * heads * writers
        writers += heads
        total += writers
        writers += 1
    return total + writers


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("name", "level"), [*((name, 2) for name in NAMES), *((name, 0) for name in library.names())]
)
def test_schema(name: str, level: int, tmp_path: Path) -> None:
    model = compiled(name, level)
    data = written(model, tmp_path)
    assert set(data) == {"cfg", "nodes", "edges"}
    layers, heads, width = model.size.layers, max(model.model_config.num_heads, 1), model.size.width
    assert data["cfg"] == {
        "n_layers": layers,
        "n_heads": heads,
        "parallel_attn_mlp": False,
        "d_model": width,
    }
    inner = [f"a{i}.h{j}" for i in range(layers) for j in range(heads)]
    assert set(data["nodes"]) == {"input", *inner, *(f"m{i}" for i in range(layers)), "logits"}
    assert len(data["edges"]) == number_of_edges(layers, heads)
    assert all(edge["score"] == edge["in_graph"] for edge in data["edges"].values())
    for node, entry in data["nodes"].items():
        assert node == "logits" or len(entry["neurons"]) == width
        named = [edge for edge in data["edges"] if node in edge.replace("<", "->").split("->")]
        assert node == "logits" or entry["in_graph"] == any(
            data["edges"][edge]["in_graph"] for edge in named
        )


@pytest.mark.parametrize("name", NAMES)
def test_edges_are_those_of_the_graph(name: str, tmp_path: Path) -> None:
    """Into ports those of `qkv`, from single neurons to their MLP; else those of `head`."""
    model = compiled(name)
    layers = model.size.layers
    names = {hooks.TOKEN_EMBED: "input", hooks.output_name(layers): "logits"}
    for layer in range(layers):
        names[hooks.mlp_name(layer)] = f"m{layer}"
        for neuron in range(model.model_config.mlp_hidden_size):
            names[hooks.neuron_name(layer, neuron)] = f"m{layer}"
        for head in range(model.model_config.num_heads):
            names[hooks.head_name(layer, head)] = f"a{layer}.h{head}"
            for port in hooks.PORTS:
                names[hooks.port_name(layer, head, port)] = f"a{layer}.h{head}<{port[0]}>"
    wanted = set()
    graph = model.circuit.graph("qkv")
    reaching = {names[n] for n in names if n in graph and graph.nodes[n]["reaches_output"]}
    for writer, reader, role in graph.edges(data="role"):
        if role != "inside" and writer in names and names[reader] in reaching:
            wanted.add(f"{names[writer]}->{names[reader]}")
    data = written(model, tmp_path)
    assert {edge for edge, entry in data["edges"].items() if entry["in_graph"]} == wanted


@pytest.mark.parametrize("name", ["hist", "most_frequent", "sort"])
def test_columns_are_all_that_the_circuit_needs(name: str, tmp_path: Path) -> None:
    """What the input writes to any other column changes nothing."""
    model = compiled(name)
    columns = np.array(written(model, tmp_path)["nodes"]["input"]["neurons"])
    tokens = model.dataset(20, seed=1).tokens
    before = model.forward_numpy(tokens).logits
    assert columns.any()
    changed = copy.deepcopy(model)
    table = np.asarray(model.params["token_embed"]["embeddings"]).copy()
    table[:, ~columns] = 0
    changed.params["token_embed"]["embeddings"] = table
    assert np.array_equal(changed.forward_numpy(tokens).logits, before)


def test_positions(tmp_path: Path) -> None:
    model = compiled("reverse")
    tokens = written(model, tmp_path)["edges"]
    both = written(model, tmp_path, positions=True)["edges"]
    more = {edge for edge in both if both[edge]["in_graph"] and not tokens[edge]["in_graph"]}
    assert more
    assert all(edge.startswith("input->") for edge in more)
    assert not any(tokens[edge]["in_graph"] and not both[edge]["in_graph"] for edge in both)


def test_a_model_without_layers(tmp_path: Path) -> None:
    """TransformerLens has at least one layer; none of its parts is in the circuit."""
    model = compile_rasp_to_model(rasp.tokens == "a", {"a", "b"}, 3)
    data = written(model, tmp_path)
    assert [edge for edge, entry in data["edges"].items() if entry["in_graph"]] == ["input->logits"]


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        compiled("reverse").circuit.to_eap(tmp_path)
