"""The record of a model's parts: what each head, run of neurons and dimension is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from optitracr.assembly.plan import Assembly
from optitracr.candidates.component import Component, Held
from optitracr.model.layout import Layout
from optitracr.model.names import node_name
from optitracr.model.record import (
    HEAD,
    NEURONS,
    CircuitDimensions,
    CircuitNode,
    CircuitRecord,
    HeadUse,
    NeuronUse,
)


def circuit_record(assembly: Assembly, readings: Mapping[str, Held]) -> CircuitRecord:
    """What every part of an assembled model is for, and which part reads which.

    Args:
        assembly: The layout, the weights and their components.
        readings: What each variable of the residual stream holds of the program's.
    """
    placed, weights = assembly.components, assembly.weights
    by_name = {component.name: component for component in placed.components}
    nodes = (
        *_heads(weights.heads, by_name),
        *_neurons(weights.neurons, by_name),
    )
    ordered = tuple(sorted(nodes, key=lambda node: node.sublayer))
    dimensions = _dimensions(assembly.layout, placed.components, readings)
    return CircuitRecord(ordered, dimensions, _edges(ordered, by_name, placed.output.reads))


def _edges(
    nodes: Sequence[CircuitNode], by_name: Mapping[str, Component], output: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Pairs of a writer and a reader; what no node writes, the embedding does."""
    writers: dict[str, list[str]] = {}
    readers: list[tuple[str, tuple[str, ...]]] = []
    for node in nodes:
        for part in (by_name[name] for name in node.components):
            writers.setdefault(part.variable.label, []).append(node.name)
            readers.append((node.name, part.reads))
    readers.append(("unembed", output))
    found = dict.fromkeys(
        (writer, reader)
        for reader, reads in readers
        for label in reads
        for writer in writers.get(label, ["embed"])
    )
    return tuple(found)


def _heads(
    layers: Sequence[Sequence[HeadUse]], by_name: Mapping[str, Component]
) -> Iterator[CircuitNode]:
    for layer, heads in enumerate(layers):
        for i, head in enumerate(heads):
            parts = [by_name[name] for name in head.components]
            yield CircuitNode(
                node_name(layer, (i,)),
                layer,
                HEAD,
                (i,),
                _served(parts),
                head.erased,
                head.components,
                head.columns,
                _written(parts),
            )


def _neurons(
    layers: Sequence[Sequence[NeuronUse]], by_name: Mapping[str, Component]
) -> Iterator[CircuitNode]:
    for layer, runs in enumerate(layers):
        for run in runs:
            names = (run.component,) if run.component else ()
            parts = [by_name[name] for name in names]
            yield CircuitNode(
                node_name(layer, (run.start, run.stop)),
                layer,
                NEURONS,
                (run.start, run.stop),
                _served(parts),
                run.erased,
                names,
                writes=_written(parts),
            )


def _served(parts: Iterable[Component]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for part in parts for label in part.serves))


def _written(parts: Iterable[Component]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.variable.label for part in parts))


def _dimensions(
    layout: Layout, components: Iterable[Component], readings: Mapping[str, Held]
) -> tuple[CircuitDimensions, ...]:
    meaning = {part.variable.label: part.serves[0] for part in components if part.serves}
    meaning |= {name: held.label for name, held in readings.items()}
    return tuple(
        CircuitDimensions(
            name=tenancy.variable.label,
            variable=meaning.get(tenancy.variable.label, ""),
            dimensions=tenancy.columns,
            first_state=tenancy.birth,
            last_state=tenancy.end,
        )
        for tenancy in layout.tenancies
    )
