"""Circuits of one model that are as good as each other.

A column that had a tenant before holds what wrote that tenant and what erased it, zero together.
Whoever reads the column reads both: their edges are in the circuit together, or neither is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.circuit.circuit import Circuit
from optitracr.circuit.edge_attribution import node_of
from optitracr.circuit.truth import Edge, GroundTruth, truth_of
from optitracr.circuit.wiring import Wiring
from optitracr.errors import InputError


def valid_truths(circuit: Circuit) -> tuple[GroundTruth, ...]:
    """The circuit of a model, and the same without edges that cancel, if there are any.

    Both keep every output where all other edges are patched. Edges are left out together, of all
    that wrote to a column before its tenant, where none of them does anything else for the reader.

    Args:
        circuit: `model.circuit`.

    Raises:
        InputError: If it is none.
    """
    whole = truth_of(circuit)
    cancelled = _cancelling(circuit.sites, circuit.weights.config.num_layers)
    kept = np.array([edge not in cancelled for edge in whole.edges])
    inside = whole.inside & kept
    if (inside == whole.inside).all():
        return (whole,)
    return whole, replace(whole, inside=inside)


def _cancelling(wiring: Wiring, layers: int) -> set[Edge]:
    """The edges of each reader that cancel."""
    found: set[Edge] = set()
    for place, reader in enumerate(wiring.parts):
        stays = np.flatnonzero(wiring.reads[place])
        computes, disturbs = wiring.computes[:, stays], wiring.disturbs[:, stays]
        alone: NDArray[np.bool_] = np.asarray(disturbs.any(axis=1) & ~computes.any(axis=1))
        # One part may erase what was there, and write what is.
        written = disturbs | wiring.erases[:, stays]
        while True:
            # A tenant that some writer left behind is gone only with all that wrote there.
            bound = np.asarray((written & ~alone[:, None]).any(axis=0))
            kept = np.asarray(alone & ~(disturbs & bound[None, :]).any(axis=1))
            if (kept == alone).all():
                break
            alone = kept
        names = (wiring.parts[writer].name for writer in np.flatnonzero(alone).tolist())
        found |= {(node_of(name, layers), node_of(reader.name, layers)) for name in names}
    return found


def checked_truths(truths: object, edges: tuple[Edge, ...] | None = None) -> list[GroundTruth]:
    """Circuits over the same edges, as users give them.

    Args:
        truths: The circuits.
        edges: Those that they have to be over; any by default.

    Raises:
        InputError: If there is none, or they are over other edges.
    """
    wanted = "circuits of one model, as valid_truths gives them"
    given = arguments.collection("truths", truths, wanted)
    for truth in given:
        arguments.instance("an entry of truths", truth, GroundTruth, wanted)
    if not given:
        raise InputError(f"truths holds no circuit; give {wanted}")
    of = given[0].edges if edges is None else edges
    if any(truth.edges != of for truth in given):
        raise InputError("truths has circuits over other edges; give circuits of one model")
    return given


def common_edges(truths: Sequence[GroundTruth]) -> tuple[NDArray[np.bool_], float]:
    """The edges that every circuit has, and what share that is of those that any has.

    Args:
        truths: Circuits over the same edges.

    Returns:
        Shape [edges], and the share; 1 where no circuit has an edge.

    Raises:
        InputError: If there is none, or they are over other edges.
    """
    inside = np.stack([truth.inside for truth in checked_truths(truths)])
    every: NDArray[np.bool_] = np.asarray(inside.all(axis=0))
    some = int(inside.any(axis=0).sum())
    return every, int(every.sum()) / some if some else 1.0
