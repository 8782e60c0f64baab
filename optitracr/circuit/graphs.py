"""The circuit as networkx graphs, one for each granularity."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from optitracr import arguments
from optitracr.circuit import hooks
from optitracr.circuit.parts import Granularity, Part
from optitracr.circuit.stays import Stay
from optitracr.circuit.wiring import ERASURE, VALUE, Wiring

if TYPE_CHECKING:
    import networkx

SCHEMA, VERSION = "optitracr-circuit", 1


def granularity_of(name: str) -> Granularity:
    """The granularity of a name.

    Raises:
        InputError: If there is none; the message lists them.
    """
    return Granularity(arguments.choice("granularity", name, [kind.value for kind in Granularity]))


def parts_graph(wiring: Wiring) -> networkx.DiGraph:
    """Parts as nodes; an edge where a part reads another through the residual stream.

    A head at granularity "qkv" is four nodes: query, key and value, which read, and the
    head's output. The edges between them have the role "inside".
    """
    import networkx

    graph = networkx.DiGraph()
    reaching = wiring.reaching()
    for part in wiring.parts:
        reaches = part.name in reaching
        graph.add_node(part.name, **part_attributes(part), reaches_output=reaches)
    for edge in wiring.edges():
        through = [wiring.stays[place] for place in edge.stays]
        graph.add_edge(edge.writer, edge.reader, role=edge.role, **_carried(through))
    for part in wiring.parts:
        if part.writer:
            graph.add_edge(part.name, part.writer, role="inside", **_carried([]))
    return graph


def part_attributes(part: Part) -> dict[str, Any]:
    """What a graph says of a part."""
    return {
        "hooks": list(part.hooks),
        "sublayer": part.sublayer,
        "variables": list(part.variables),
        "erases": list(part.erases),
    }


def _carried(stays: list[Stay]) -> dict[str, list[Any]]:
    return {
        "variables": list(dict.fromkeys(stay.variable for stay in stays if stay.variable)),
        "dimensions": [stay.key for stay in stays],
        "carries": [stay.carries for stay in stays],
    }


def dimensions_graph(wiring: Wiring, layers: int) -> networkx.DiGraph:
    """Parts as at "qkv", and between them every dimension by lifetime.

    An edge into a dimension has the role "value" if the part computes its tenant, and
    "erasure" if it wrote to the column before, or erased what was there.
    """
    import networkx

    graph = networkx.DiGraph()
    for part in wiring.parts:
        graph.add_node(part.name, **part_attributes(part))
    for stay in wiring.stays:
        states = range(stay.first, stay.last + 1)
        graph.add_node(
            stay.key,
            hooks=[f"{hooks.state_name(state, layers)}[:, :, {stay.column}]" for state in states],
            dimension=stay.column,
            holds=stay.direction,
            carries=stay.carries,
            variables=[stay.variable] if stay.variable else [],
            first_state=stay.first,
            last_state=stay.last,
        )
    for matrix, role in ((wiring.computes, VALUE), (wiring.disturbs, ERASURE)):
        for place, stay in zip(*matrix.nonzero(), strict=True):
            graph.add_edge(wiring.parts[place].name, wiring.stays[stay].key, role=role)
    for place, stay in zip(*wiring.reads.nonzero(), strict=True):
        graph.add_edge(wiring.stays[stay].key, wiring.parts[place].name, role="read")
    for part in wiring.parts:
        if part.writer:
            graph.add_edge(part.name, part.writer, role="inside")
    return graph


def graph_json(graph: networkx.DiGraph, granularity: str) -> str:
    """A graph as JSON in networkx's node-link form; the same graph gives the same text."""
    import networkx

    data = networkx.node_link_data(graph, edges="edges")
    return json.dumps({"schema": SCHEMA, "version": VERSION, "granularity": granularity, **data})
