"""Graphs of circuits: true to the weights, to one another, and to what a file keeps."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import networkx
import numpy as np
import pytest

import optitracr
from optitracr.circuit import hooks
from optitracr.circuit.parts import Granularity
from optitracr.compiled import CompiledModel
from optitracr.errors import InputError, NotFoundError
from optitracr.levels import LEVELS
from tests.compiled import compiled

NAMES = ["reverse", "shift_by", "pair_balance", "shuffle_dyck1", "sort", "upper_case", "frac_prevs"]
MODELS = [(name, level) for name in NAMES for level in LEVELS]


@pytest.mark.parametrize("level", LEVELS)
def test_the_record_covers_the_model(level: int) -> None:
    model = compiled("shuffle_dyck1", level)
    circuit = model.circuit
    heads = [node for node in circuit.nodes if node.kind == "head"]
    assert len(heads) == sum(layer.heads for layer in model.size.per_layer)
    for layer, size in enumerate(model.size.per_layer):
        covered = [
            neuron
            for node in circuit.nodes
            if node.kind == "neurons" and node.layer == layer
            for neuron in range(*node.index)
        ]
        assert covered == list(range(size.neurons))
    names = {node.name for node in circuit.nodes} | {"embed", "unembed"}
    assert all(writer in names and reader in names for writer, reader in circuit.edges)
    assert any(reader == "unembed" for _, reader in circuit.edges)
    labels = {node.label for node in model.program.graph.nodes}
    assert all(set(node.variables) <= labels | {f"{x}.share" for x in labels} for node in heads)
    assert circuit.serving(model.name)
    widths = [0] * model.layout.states
    for stay in circuit.dimensions:
        for state in range(stay.first_state, stay.last_state + 1):
            widths[state] += len(stay.dimensions)
    assert max(widths) == model.size.width


@pytest.mark.parametrize(("name", "level"), MODELS)
def test_weights_touch_only_what_lifetimes_allow(name: str, level: int) -> None:
    """Nothing reads a dimension without a tenant; nothing writes but to begin or to end one."""
    model = compiled(name, level)
    wiring = model.circuit.wiring("qkv")
    held = np.zeros((model.layout.states, model.size.width), dtype=bool)
    for stay in wiring.stays:
        held[stay.first : stay.last + 1, stay.column] = True
    for place, part in enumerate(wiring.parts):
        read = part.touched.reads
        assert not (read & ~held[max(part.sublayer, 0)]).any(), part.name
        begun = {wiring.stays[i].column for i in np.flatnonzero(wiring.computes[place])}
        ended = {
            stay.column
            for stay in wiring.stays
            if stay.name in part.erases and stay.last == part.sublayer
        }
        assert set(np.flatnonzero(part.touched.writes).tolist()) <= begun | ended, part.name


@pytest.mark.sweep
@pytest.mark.parametrize(("name", "level"), MODELS)
def test_an_edge_is_where_weights_compose(name: str, level: int) -> None:
    """Without an edge, output weights times input weights are zero: no path at all."""
    model = compiled(name, level)
    written, read = _matrices(model)
    edges = {(edge.writer, edge.reader) for edge in model.circuit.wiring("qkv").edges()}
    for writer, reader in model.circuit.possible_edges("qkv"):
        product = written[writer] @ read[reader]
        if (writer, reader) not in edges:
            assert not product.any(), (writer, reader)
    composed = [bool((written[w] @ read[r]).any()) for w, r in edges]
    assert sum(composed) >= 0.99 * len(composed)


def _matrices(model: CompiledModel) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Output weights [anything, width] and input weights [width, anything] of every part."""
    written = {
        hooks.TOKEN_EMBED: model.params["token_embed"]["embeddings"],
        hooks.POSITION_EMBED: model.params["pos_embed"]["embeddings"],
    }
    read = {hooks.output_name(model.size.layers): model.unembed}
    size = model.model_config.key_size
    for layer in range(model.size.layers):
        name = f"transformer/layer_{layer}"
        for head in range(model.model_config.num_heads):
            part = slice(head * size, (head + 1) * size)
            for port in hooks.PORTS:
                weight = model.params[f"{name}/attn/{port}"]["w"]
                read[hooks.port_name(layer, head, port)] = weight[:, part]
            written[hooks.head_name(layer, head)] = model.params[f"{name}/attn/linear"]["w"][part]
        for neuron in range(model.model_config.mlp_hidden_size):
            own = hooks.neuron_name(layer, neuron)
            read[own] = model.params[f"{name}/mlp/linear_1"]["w"][:, [neuron]]
            written[own] = model.params[f"{name}/mlp/linear_2"]["w"][[neuron]]
    return written, read


@pytest.mark.parametrize(("name", "level"), MODELS)
def test_coarser_graphs_are_images_of_finer_ones(name: str, level: int) -> None:
    circuit = compiled(name, level).circuit
    fine = circuit.graph("qkv")

    def coarse(part: str) -> str:
        hook, _, rest = part.partition("[")
        for port in ("hook_q", "hook_k", "hook_v"):
            if hook.endswith(port):
                return f"{hook.removesuffix(port)}hook_z[{rest}"
        if hook.endswith("hook_post"):
            return hook.replace("mlp.hook_post", "hook_mlp_out")
        return part

    image = {(coarse(a), coarse(b)) for a, b, d in fine.edges(data=True) if d["role"] != "inside"}
    assert image == set(circuit.graph("head").edges)
    heads = circuit.graph("head")
    carried = {(coarse(a), coarse(b)) for a, b, d in fine.edges(data=True) if d["role"] == "value"}
    assert carried == {(a, b) for a, b, d in heads.edges(data=True) if d["role"] == "value"}
    through = circuit.graph("dimension")
    for writer, reader, data in fine.edges(data=True):
        for stay in data["dimensions"]:
            assert through.has_edge(writer, stay)
            assert through.has_edge(stay, reader)
            assert through.edges[writer, stay]["role"] == data["role"]


@pytest.mark.parametrize("level", LEVELS)
def test_components_read_what_their_definitions_say(level: int) -> None:
    model = compiled("shuffle_dyck1", level)
    graph = model.circuit.graph("component")
    components = {component.name: component for component in model.components}
    assert set(components) <= set(graph)
    writer = {component.variable.label: component.name for component in model.components}
    for name, component in components.items():
        wanted = {writer[label] for label in component.reads if label in writer}
        found = {a for a, _, d in graph.in_edges(name, data=True) if d["role"] == "value"}
        assert wanted <= found
        for other in found & set(components) - wanted:
            # A sum that took its summand's dimension over, and left the summand there.
            old = components[other].variable.label
            successors = [n.writes for n in model.circuit.nodes if old in n.erases]
            assert any(new in component.reads for writes in successors for new in writes)


@pytest.mark.parametrize("granularity", list(Granularity))
def test_graphs_are_acyclic_deterministic_json(granularity: str) -> None:
    model = compiled("shuffle_dyck1", 1)
    graph = model.circuit.graph(granularity)
    assert networkx.is_directed_acyclic_graph(graph)
    text = model.circuit.to_json(granularity)
    again = networkx.node_link_graph(json.loads(text), edges="edges")
    assert networkx.utils.graphs_equal(graph, again)
    compiled.cache_clear()
    assert compiled("shuffle_dyck1", 1).circuit.to_json(granularity) == text


@pytest.mark.parametrize("level", LEVELS)
def test_a_saved_model_has_the_same_circuit(level: int, tmp_path: Path) -> None:
    model = compiled("shuffle_dyck1", level)
    model.save(tmp_path / "model")
    again = optitracr.load(tmp_path / "model")
    assert again.circuit == model.circuit
    for granularity in Granularity:
        assert again.circuit.to_json(granularity) == model.circuit.to_json(granularity)
    assert again.circuit.parts_of(model.name) == model.circuit.parts_of(model.name)


def test_dimensions_that_are_reused_stand_for_one_variable_at_a_time() -> None:
    model = compiled("reverse", 1)
    graph = model.circuit.graph("dimension")
    stays = [(key, data) for key, data in graph.nodes(data=True) if "dimension" in data]
    by_column: dict[int, list[range]] = {}
    for key, data in stays:
        states = range(data["first_state"], data["last_state"] + 1)
        assert key == f"d{data['dimension']}@{states[0]}-{states[-1]}"
        assert len(data["hooks"]) == len(states)
        by_column.setdefault(data["dimension"], []).append(states)
    assert max(len(lifetimes) for lifetimes in by_column.values()) > 1
    for lifetimes in by_column.values():
        ordered = sorted(lifetimes, key=lambda states: states[0])
        assert all(a[-1] < b[0] for a, b in pairwise(ordered))
    last = f"blocks.{model.size.layers - 1}.hook_resid_post"
    for _, data in stays:
        column = data["dimension"]
        if data["first_state"] == 0:
            assert data["hooks"][0] == f"blocks.0.hook_resid_pre[:, :, {column}]"
        if data["first_state"] <= 1 <= data["last_state"]:
            assert f"blocks.0.hook_resid_mid[:, :, {column}]" in data["hooks"]
        if data["last_state"] == 2 * model.size.layers:
            assert data["hooks"][-1] == f"{last}[:, :, {column}]"


def test_what_is_erased_together_is_marked() -> None:
    """At level 1 dimensions are reused, at level 0 never."""
    roles = {
        level: {d["role"] for *_, d in compiled("reverse", level).circuit.graph().edges(data=True)}
        for level in (0, 1)
    }
    assert roles == {0: {"value"}, 1: {"value", "erasure"}}


@pytest.mark.parametrize("granularity", list(Granularity))
def test_the_subgraph_of_a_variable(granularity: str) -> None:
    model = compiled("shuffle_dyck1")
    whole = model.circuit.graph(granularity)
    for variable in dict.fromkeys(s.variable for s in model.circuit.dimensions if s.variable):
        names = model.circuit.parts_of(variable, granularity)
        part = model.circuit.subgraph(variable, granularity)
        assert names <= set(part)
        assert set(part.edges) <= set(whole.edges)
        own = [key for key, data in part.nodes(data=True) if "dimension" in data]
        assert (granularity == "dimension") == bool(own)
        wanted = [s for s in model.circuit.dimensions if s.variable == variable]
        for stay in wanted if granularity == "dimension" else ():
            for column in stay.dimensions:
                assert f"d{column}@{stay.first_state}-{stay.last_state}" in part
        assert all(part.in_degree(key) for key in own)


def test_wrong_names() -> None:
    circuit = compiled("hist").circuit
    with pytest.raises(InputError, match="component, head, qkv, dimension"):
        circuit.graph("layer")
    with pytest.raises(NotFoundError, match="holds no variable 'other'"):
        circuit.parts_of("other")
