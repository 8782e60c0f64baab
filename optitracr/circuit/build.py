"""Reads the circuit off a compiled model."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from optitracr.circuit.circuit import Circuit
from optitracr.circuit.weights import Weights
from optitracr.model.record import (
    HEAD,
    NEURONS,
    CircuitDimensions,
    CircuitNode,
    CircuitRecord,
)

if TYPE_CHECKING:
    from optitracr.candidates.component import Component
    from optitracr.compiled import CompiledModel
    from optitracr.model.current import Current


def circuit_of(model: CompiledModel, now: Current) -> Circuit:
    """The circuit of a model; that of a model from a file is the one in the file.

    Args:
        model: The model.
        now: Its weights, which are copied, so that later edits do not reach the circuit.
    """
    record = _with_writes(model.saved_circuit) if model.saved_circuit else _record(model)
    params = {
        part: {key: array.copy() for key, array in arrays.items()}
        for part, arrays in now.params.items()
    }
    weights = Weights(copy(model.model_config), params, now.unembed.copy(), record.nodes)
    return Circuit(record.nodes, record.dimensions, record.edges, model.name, weights, model.layout)


def _with_writes(record: CircuitRecord) -> CircuitRecord:
    """A record with what each node computes, which files of version 1 do not say.

    There a node that serves variables counts as computing all that is born after its sublayer;
    its weights say which of these it writes.
    """
    if any(node.writes for node in record.nodes):
        return record
    born: dict[int, list[str]] = {}
    for stay in record.dimensions:
        born.setdefault(stay.first_state, []).append(stay.name)
    nodes = tuple(
        replace(node, writes=tuple(born.get(node.sublayer + 1, ()))) if node.variables else node
        for node in record.nodes
    )
    return replace(record, nodes=nodes)


def _record(model: CompiledModel) -> CircuitRecord:
    nodes = tuple(_nodes(model))
    components = {component.name: component for component in model.components}
    writers: dict[str, list[str]] = {}
    readers: list[tuple[str, tuple[str, ...]]] = []
    for node in nodes:
        for part in (components[name] for name in node.components):
            writers.setdefault(part.variable.label, []).append(node.name)
            readers.append((node.name, part.reads))
    readers.append(("unembed", model.output_reads))
    edges = dict.fromkeys(
        (writer, reader)
        for reader, reads in readers
        for label in reads
        for writer in writers.get(label, ["embed"])
    )
    return CircuitRecord(nodes, _dimensions(model), tuple(edges))


def _nodes(model: CompiledModel) -> Iterator[CircuitNode]:
    components = {component.name: component for component in model.components}
    for layer, (heads, neurons) in enumerate(zip(model.heads, model.neurons, strict=True)):
        for i, head in enumerate(heads):
            parts = [components[name] for name in head.components]
            yield CircuitNode(
                f"L{layer}.head{i}",
                layer,
                HEAD,
                (i,),
                _served(parts),
                head.erased,
                head.components,
                head.columns,
                _written(parts),
            )
        for run in neurons:
            names = (run.component,) if run.component else ()
            parts = [components[name] for name in names]
            yield CircuitNode(
                f"L{layer}.neurons{run.start}-{run.stop}",
                layer,
                NEURONS,
                (run.start, run.stop),
                _served(parts),
                run.erased,
                names,
                writes=_written(parts),
            )


def _served(parts: list[Component]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for part in parts for label in part.serves))


def _written(parts: list[Component]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.variable.label for part in parts))


def _dimensions(model: CompiledModel) -> tuple[CircuitDimensions, ...]:
    meaning = {part.variable.label: part.serves[0] for part in model.components if part.serves}
    meaning |= {name: held.label for name, held in model.program.readings.items()}
    return tuple(
        CircuitDimensions(
            name=tenancy.variable.label,
            variable=meaning.get(tenancy.variable.label, ""),
            dimensions=tenancy.columns,
            first_state=tenancy.birth,
            last_state=tenancy.end,
        )
        for tenancy in model.layout.tenancies
    )
