"""What circuits of one program have in common, whatever their models look like.

Heads and neurons of two models are not the same ones. What can be compared is what they are for: a
component computes variables of the program, from variables of the program, by a head or by neurons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from optitracr.circuit.circuit import Circuit
from optitracr.circuit.parts import Granularity
from optitracr.circuit.wiring import VALUE

OUTPUT = "output"
"""What the unembedding is for."""

Names = tuple[str, ...]
Component = tuple[str, Names]
"""A head or neurons, and the variables that it is for."""
Edge = tuple[str, Names]
"""A variable that is read, and the variables that its reader is for."""
Mechanism = tuple[str, Names, Names]
"""A head or neurons, the variables that it reads, and those that it is for."""


@dataclass(frozen=True, slots=True)
class Structure:
    """A circuit as what its components are for.

    Attributes:
        components: What computes something, without what erases alone.
        edges: Who reads what; "output" for the unembedding.
        mechanisms: What computes what from what.
    """

    components: frozenset[Component]
    edges: frozenset[Edge]
    mechanisms: frozenset[Mechanism]


@dataclass(frozen=True, slots=True)
class Common:
    """What circuits have in common: of all that any of them has, the share that each has.

    Attributes:
        components: Of components: heads or neurons, by the variables that they are for.
        edges: Of edges: variables that are read, by what their reader is for.
        mechanisms: Of components with all that they read.
        in_all: What every circuit has.
    """

    components: float
    edges: float
    mechanisms: float
    in_all: Structure


def structure_of(circuit: Circuit) -> Structure:
    """What the components of a circuit are for.

    Args:
        circuit: `model.circuit`.
    """
    kinds = {
        name: node.kind for node in circuit.nodes for name in (node.components or (node.name,))
    }
    graph = circuit.graph(Granularity.COMPONENT)
    last = max(graph, key=lambda name: graph.nodes[name]["sublayer"])
    found: dict[str, tuple[Names, set[str]]] = {}
    for name, data in graph.nodes(data=True):
        purpose = (OUTPUT,) if name == last else tuple(sorted(data["variables"]))
        if purpose:
            found[name] = purpose, set()
    for _, reader, data in graph.edges(data=True):
        if reader in found and data["role"] == VALUE:
            found[reader][1].update(data["variables"])
    inner = [(kinds[name], *own) for name, own in found.items() if name in kinds]
    return Structure(
        frozenset((kind, purpose) for kind, purpose, _ in inner),
        frozenset((read, purpose) for purpose, reads in found.values() for read in reads),
        frozenset((kind, tuple(sorted(reads)), purpose) for kind, purpose, reads in inner),
    )


def common(circuits: Sequence[Circuit]) -> Common:
    """What some circuits have in common; everything, where there is only one.

    Args:
        circuits: One at least.
    """
    each = [structure_of(circuit) for circuit in circuits]
    components, of_components = _shared([one.components for one in each])
    edges, of_edges = _shared([one.edges for one in each])
    mechanisms, of_mechanisms = _shared([one.mechanisms for one in each])
    in_all = Structure(components, edges, mechanisms)
    return Common(of_components, of_edges, of_mechanisms, in_all)


T = TypeVar("T")


def _shared(sets: Sequence[frozenset[T]]) -> tuple[frozenset[T], float]:
    """What all sets hold, and what share of all that is."""
    inside, all_of_it = frozenset.intersection(*sets), frozenset.union(*sets)
    return inside, len(inside) / len(all_of_it) if all_of_it else 1.0
