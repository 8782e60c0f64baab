"""The record of a model's parts: what each head, run of neurons and dimension is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from optitracr.assembly.plan import Assembly
from optitracr.candidates.component import Component, Held
from optitracr.model.layout import Layout
from optitracr.model.names import node_name
from optitracr.model.record import (
    HEAD,
    NEURONS,
    CircuitNode,
    CircuitRecord,
    HeadUse,
    NeuronUse,
    dimensions_of,
)


def circuit_record(assembly: Assembly, layout: Layout) -> CircuitRecord:
    """What every part of an assembled model is for, and which part reads which.

    Args:
        assembly: The weights and their components.
        layout: Their layout, with what each tenant holds.
    """
    placed, weights = assembly.components, assembly.weights
    by_name = {component.name: component for component in placed.components}
    nodes = (
        *_heads(weights.heads, by_name),
        *_neurons(weights.neurons, by_name),
    )
    ordered = tuple(sorted(nodes, key=lambda node: node.sublayer))
    edges = _edges(ordered, by_name, placed.output.reads)
    return CircuitRecord(ordered, dimensions_of(layout), edges)


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
        # Components of a bias alone take no neurons: all of one place are one node.
        places: dict[tuple[int, int], list[NeuronUse]] = {}
        for run in runs:
            places.setdefault((run.start, run.stop), []).append(run)
        for index, own in places.items():
            names = tuple(run.component for run in own if run.component)
            parts = [by_name[name] for name in names]
            yield CircuitNode(
                node_name(layer, index),
                layer,
                NEURONS,
                index,
                _served(parts),
                tuple(label for run in own for label in run.erased),
                names,
                writes=_written(parts),
            )


def _served(parts: Iterable[Component]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for part in parts for label in part.serves))


def _written(parts: Iterable[Component]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.variable.label for part in parts))


def with_meaning(
    layout: Layout, components: Iterable[Component], readings: Mapping[str, Held]
) -> Layout:
    """A layout that says which RASP variable each tenant holds.

    Args:
        layout: The layout.
        components: What computes the tenants.
        readings: What each variable of the residual stream holds of the program's.
    """
    meaning = {part.variable.label: part.serves[0] for part in components if part.serves}
    meaning |= {name: held.label for name, held in readings.items()}
    tenancies = (
        replace(tenancy, holds=meaning.get(tenancy.variable.label, ""))
        for tenancy in layout.tenancies
    )
    return Layout(layout.width, layout.states, tuple(tenancies))
