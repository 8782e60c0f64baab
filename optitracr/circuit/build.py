"""Reads the circuit off a model."""

from __future__ import annotations

from copy import copy
from weakref import WeakKeyDictionary

from optitracr.circuit.circuit import Circuit
from optitracr.circuit.weights import Weights
from optitracr.model.current import Current, current
from optitracr.model.transformer import Transformer

_KNOWN: WeakKeyDictionary[Transformer, tuple[bytes, Circuit]] = WeakKeyDictionary()
"""The circuit that each model was last asked for, and the digest of its weights then."""


def circuit_of(model: Transformer) -> Circuit:
    """The circuit of a model with the weights that it has now.

    The weights are copied: a circuit that was asked for before an edit stays that of the
    weights before it.
    """
    now = current(model)
    known = _KNOWN.get(model)
    if known is None or known[0] != now.digest:
        known = _KNOWN[model] = (now.digest, _circuit(model, now))
    return known[1]


def _circuit(model: Transformer, now: Current) -> Circuit:
    record = model.record
    params = {
        part: {key: array.copy() for key, array in arrays.items()}
        for part, arrays in now.params.items()
    }
    weights = Weights(copy(model.model_config), params, now.unembed.copy(), record.nodes)
    return Circuit(record.nodes, record.dimensions, record.edges, model.name, weights, model.layout)
