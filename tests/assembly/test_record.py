"""A model is built of its assembly, and its record names every part of the weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from optitracr import compile_rasp_to_model, load
from optitracr.assembly.record import circuit_record, with_meaning
from optitracr.library.random_programs import random_program
from optitracr.model.encoders import CategoricalEncoder, NumericalEncoder
from optitracr.model.record import CircuitNode, CircuitRecord
from solvers import SizeConstants
from tests.assembly.test_plan import CASES
from tests.stages import compilation


def record_of(name: str, level: int) -> CircuitRecord:
    assembly = compilation(name, level).assembly
    placed = assembly.components
    layout = with_meaning(assembly.layout, placed.components, placed.held)
    return circuit_record(assembly, layout)


def by_part(record: CircuitRecord) -> dict[str, CircuitNode]:
    return {node.name: node for node in record.nodes}


@pytest.mark.parametrize(("name", "level"), CASES)
def test_every_head_and_neuron_is_a_node_once(name: str, level: int) -> None:
    weights = compilation(name, level).assembly.weights
    heads = [
        f"L{layer}.head{i}" for layer, uses in enumerate(weights.heads) for i in range(len(uses))
    ]
    neurons = [
        f"L{layer}.neurons{use.start}-{use.stop}"
        for layer, uses in enumerate(weights.neurons)
        for use in uses
    ]
    nodes = record_of(name, level).nodes
    assert sorted(node.name for node in nodes) == sorted([*heads, *neurons])
    assert [node.sublayer for node in nodes] == sorted(node.sublayer for node in nodes)


@pytest.mark.parametrize(("name", "level"), CASES)
def test_writers_stand_before_their_readers(name: str, level: int) -> None:
    record = record_of(name, level)
    nodes = by_part(record)
    for writer, reader in record.edges:
        before = -1 if writer == "embed" else nodes[writer].sublayer
        after = 1000 if reader == "unembed" else nodes[reader].sublayer
        assert before < after
    assert any(reader == "unembed" for _, reader in record.edges)


@pytest.mark.parametrize(("name", "level"), CASES)
def test_stays_are_those_of_the_layout(name: str, level: int) -> None:
    layout = compilation(name, level).arrangement.layout
    found = [
        (stay.name, stay.dimensions, stay.first_state, stay.last_state)
        for stay in record_of(name, level).dimensions
    ]
    assert found == [(t.variable.label, t.columns, t.birth, t.end) for t in layout.tenancies]


@pytest.mark.parametrize("level", [0, 1, 2])
def test_what_a_dimension_holds_is_named_as_the_program_does(level: int) -> None:
    record = record_of("reverse", level)
    held = {stay.variable for stay in record.dimensions}
    assert {"tokens", "indices", "opposite_5", "reverse_8"} <= held
    assert ("length_3" in held) == (level < 2), "at level 2 it is read off the output of a head"
    assert {v for node in record.nodes for v in node.variables} >= {"length_3", "reverse_8"}


@pytest.mark.parametrize(("name", "level"), CASES)
def test_sizes_of_a_model_are_those_of_its_plan(name: str, level: int) -> None:
    found = compilation(name, level)
    size, sizes = found.model.size, found.arrangement.sizes
    assert (size.layers, size.width) == (sizes.layers, sizes.width)
    assert (size.heads, size.head_size, size.neurons) == (
        sizes.heads,
        sizes.head_size,
        sizes.neurons,
    )
    setting, outputs = found.setting, found.assembly.weights.unembedding.shape[1]
    rows = len(setting.vocabulary) + 2 + setting.max_seq_len + 1
    assert size.parameters == sizes.parameters(SizeConstants(rows, outputs))
    assert len(size.per_layer) == size.layers
    assert all(layer.heads <= size.heads for layer in size.per_layer)


def test_encoders_are_those_of_the_vocabulary_and_of_the_output() -> None:
    numbers, classes = (compilation(name, 2).model for name in ("frac_prevs", "is_vowel"))
    assert isinstance(numbers.output_encoder, NumericalEncoder)
    assert isinstance(classes.output_encoder, CategoricalEncoder)
    assert list(classes.output_encoder.encoding_map) == [False, True]
    tokens = [*classes.setting.vocabulary, classes.setting.bos, classes.setting.pad]
    assert list(classes.input_encoder.encoding_map) == tokens


def test_components_of_a_bias_alone_are_one_node(tmp_path: Path) -> None:
    """Two functions that are the same wherever they are meant, in one MLP; files keep them."""
    made = random_program(38400046336, 10)
    model = compile_rasp_to_model(made.program, made.vocab, made.max_seq_len)
    [node] = [x for x in model.record.nodes if x.kind == "neurons" and x.index == (0, 0)]
    assert len(node.components) == 2
    model.save(tmp_path / "model")
    assert load(tmp_path / "model").record.nodes == model.record.nodes
