"""Whether what heads read and write stays where bounds are given."""

from __future__ import annotations

import numpy as np

from optitracr.checking.proof.bounded import LARGEST, Bounded, FloatArray
from optitracr.model.forward import Layer
from optitracr.model.names import PORTS, Linear


def reads_in_range(layer: Layer, rows: Bounded) -> bool:
    """Whether all that heads read and write stays in float32's range, used or not.

    The largest numbers of all columns may together be too much, where those of each row are not.
    """
    size = rows.size
    return any(
        _are_in_range(layer, each) for each in (size.max(axis=0, keepdims=True, initial=0.0), size)
    )


def _are_in_range(layer: Layer, stream: FloatArray) -> bool:
    """The same for a stream of such sizes."""
    query, key, value = (_largest(layer, part, stream) for part in PORTS.values())
    most = np.full((1, value.shape[1]), value.max(initial=1.0))
    written = _largest(layer, Linear.HEADS_OUT, most)
    return all(bool((size <= LARGEST).all()) for size in (query, key, value, written))


def _largest(layer: Layer, part: Linear, sizes: FloatArray) -> FloatArray:
    """How large what a linear map gives may be."""
    weights = layer.weights[part]
    return np.asarray(sizes @ np.abs(weights["w"]).astype(np.float64) + np.abs(weights["b"]))
