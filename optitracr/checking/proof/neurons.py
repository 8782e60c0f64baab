"""What an MLP sublayer makes of the residual stream, within bounds for float32."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.bounded import (
    SLACK,
    Bounded,
    FloatArray,
    added,
    kept,
    mapped,
    positive,
)
from optitracr.checking.proof.distinct import Stream, alike, merged
from optitracr.model.forward import Layer
from optitracr.model.names import Linear


def transformed(layer: Layer, stream: Stream) -> Stream:
    """The residual stream after an MLP sublayer.

    The MLP is linear wherever no neuron turns on or off. There what is off in the stream is
    followed through the sublayer as a whole: neuron by neuron, two steep ones whose difference is
    a step would each magnify it. Neurons that may be on or off are bounded one by one.

    Args:
        layer: Its weights.
        stream: The residual stream before it.
    """
    rows = stream.rows
    into, out = (layer.weights[part] for part in (Linear.NEURONS_IN, Linear.NEURONS_OUT))
    still = Bounded.exact(rows.center)
    before = mapped(still, into["w"], into["b"], apart=rows.error)
    wide = rows.error @ np.abs(np.asarray(into["w"], dtype=np.float64))
    reach = before.error + wide
    on, off = before.center - reach > 0.0, before.center + reach <= 0.0
    written = mapped(positive(before), out["w"], out["b"], apart=np.where(off, 0.0, wide))
    unsure = np.where(on | off, 0.0, wide)
    sizes = np.abs(np.asarray(out["w"], dtype=np.float64))
    handed = unsure @ sizes + _through(layer, on, rows.error)
    found = added(still, Bounded(written.center, written.error + handed), apart=rows.error)
    return merged(kept(rows, found, out), stream.ids)


def _through(layer: Layer, on: NDArray[np.bool_], error: FloatArray) -> FloatArray:
    """How far what is off moves what is there afterwards, by the neurons that are on for sure."""
    into, out = (
        np.asarray(layer.weights[part]["w"], dtype=np.float64)
        for part in (Linear.NEURONS_IN, Linear.NEURONS_OUT)
    )
    found = SLACK * sum(into.shape) * (error @ np.abs(into)) @ np.abs(out)
    for pattern, rows in alike(on):
        slope = np.eye(error.shape[1]) + into[:, pattern] @ out[pattern]
        found[rows] += error[rows] @ np.abs(slope)
    return np.asarray(found)
