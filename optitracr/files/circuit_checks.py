"""What must hold of the circuit in a manifest: it names parts that the model has."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from optitracr.files.values import FieldError, check_distinct, check_range, shown
from optitracr.model.names import node_name
from optitracr.model.record import HEAD, NEURONS, CircuitNode
from optitracr.model.size import Size

if TYPE_CHECKING:
    from optitracr.files.manifest import Manifest

ENDS = ("embed", "unembed")
"""What writes the inputs and what reads the output."""


def check_circuit(manifest: Manifest) -> None:
    """Checks nodes against the sizes and the residual map, and edges.

    Raises:
        FieldError: Naming the first part that the model has not.
    """
    circuit = manifest.circuit
    check_distinct("circuit.nodes", (node.name for node in circuit.nodes))
    held = {tenancy.label for tenancy in manifest.residual_map.tenancies}
    taken: dict[tuple[int, str], int] = {}
    for place, node in enumerate(circuit.nodes):
        field = f"circuit.nodes[{place}]"
        _check_node(node, manifest.size, field)
        # Parts of one kind stand in order, one after another, so that none is counted twice.
        stop = node.index[-1] if node.kind == NEURONS else node.index[0] + 1
        key = (node.layer, node.kind)
        check_range(f"{field}.index", node.index[0], taken.get(key, 0), stop)
        taken[key] = stop
        for name in (*node.erases, *node.writes):
            if name not in held:
                raise FieldError(field, f"writes or erases {shown(name)}, which nothing holds")
    _check_components(manifest, held)
    names = {node.name for node in circuit.nodes} | set(ENDS)
    for place, edge in enumerate(circuit.edges):
        if not names.issuperset(edge):
            raise FieldError(f"circuit.edges[{place}]", "names a node that is not there")


def _check_components(manifest: Manifest, held: Container[str]) -> None:
    """Components compute and read what the residual stream holds; nodes are made of them."""
    components = manifest.components
    check_distinct("components", (part.name for part in components))
    for place, part in enumerate(components):
        _check_held(f"components[{place}]", (part.variable, *part.reads), held)
    _check_held("output_reads", manifest.output_reads, held)
    known = {part.name for part in components}
    for place, node in enumerate(manifest.circuit.nodes):
        if not known.issuperset(node.components):
            raise FieldError(f"circuit.nodes[{place}].components", "is none of the components")


def _check_held(field: str, labels: Iterable[str], held: Container[str]) -> None:
    for label in labels:
        if label not in held:
            raise FieldError(field, f"names {shown(label)}, which nothing holds")


def _check_node(node: CircuitNode, size: Size, field: str) -> None:
    check_range(f"{field}.layer", node.layer, 0, size.layers - 1)
    if node.kind == HEAD and len(node.index) == 1:
        check_range(f"{field}.index", node.index[0], 0, size.heads - 1)
    elif node.kind == NEURONS and len(node.index) == 2:
        check_range(f"{field}.index", node.index[1], node.index[0], size.neurons)
    else:
        raise FieldError(field, "is neither a head nor a run of neurons")
    name = node_name(node.layer, node.index)
    if node.name != name:
        raise FieldError(f"{field}.name", f"is not '{name}'")
    if node.columns and len(node.columns) != len(node.components):
        raise FieldError(f"{field}.columns", "is not one pair for each component")
    for first, stop in node.columns:
        check_range(f"{field}.columns", first, 0, stop)
        check_range(f"{field}.columns", stop, 0, size.head_size)
