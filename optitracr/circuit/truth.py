"""What is true of the edges of a model, and which of them count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.circuit.circuit import Circuit
from optitracr.circuit.edge_attribution import edges_of, node_of, sizes_of
from optitracr.graph.build import BOS, CONSTANT

CONSTANTS = (BOS, CONSTANT)
"""Names of what the residual stream holds that no input changes."""

Edge = tuple[str, str]
"""A writer, and a reader with the port that it reads by."""


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """The circuit of a model, over every edge of the full graph.

    Attributes:
        edges: Every edge, named as in `Circuit.to_eap`.
        inside: Shape [edges]: whether it is in the circuit.
        counts: Shape [edges]: whether it counts. What carries constants alone (the mark of BOS,
            say), which no input changes, counts neither for nor against.
    """

    edges: tuple[Edge, ...]
    inside: NDArray[np.bool_]
    counts: NDArray[np.bool_]

    @property
    def everything(self) -> bool:
        """Whether every edge that counts is in it, so that nothing can be found wrongly."""
        return bool(self.inside[self.counts].all())


def truth_of(circuit: Circuit) -> GroundTruth:
    """The circuit of a model, with the embedding of tokens as its input.

    Args:
        circuit: `model.circuit`.

    Raises:
        InputError: If it is none.
    """
    arguments.instance("circuit", circuit, Circuit, "the circuit of a model")
    config = circuit.weights.config
    wiring = circuit.sites
    reaching = wiring.reaching()
    inside: set[Edge] = set()
    varying: set[Edge] = set()
    for part, reader, stays in wiring.carried():
        writer = node_of(part.name, config.num_layers)
        if writer and reader.name in reaching:
            edge = writer, node_of(reader.name, config.num_layers)
            inside.add(edge)
            if any(wiring.stays[place].name not in CONSTANTS for place in stays.tolist()):
                varying.add(edge)
    edges = tuple(edges_of(*sizes_of(config)))
    return GroundTruth(
        edges,
        np.array([edge in inside for edge in edges]),
        np.array([edge not in inside or edge in varying for edge in edges]),
    )
