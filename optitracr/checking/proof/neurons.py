"""What an MLP sublayer makes of the residual stream, within bounds for float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.bounded import (
    SLACK,
    Bounded,
    FloatArray,
    added,
    kept,
    mapped,
    passed_on,
    positive,
    product,
)
from optitracr.checking.proof.distinct import Stream, alike, merged
from optitracr.model.forward import Layer
from optitracr.model.names import Linear

if TYPE_CHECKING:
    from jaxtyping import Float


def transformed(layer: Layer, stream: Stream) -> Stream:
    """The residual stream after an MLP sublayer.

    The MLP is linear wherever no neuron turns on or off. There what is off in the stream is
    followed through the sublayer as a whole: neuron by neuron, two steep ones whose difference is
    a step would each magnify it. Neurons that may be on or off are bounded one by one.

    Args:
        layer: Its weights.
        stream: The residual stream before it.
    """
    into, out = (layer.weights[part] for part in (Linear.NEURONS_IN, Linear.NEURONS_OUT))
    neurons = Neurons(into["w"], into["b"], out["w"], out["b"])
    return merged(passed(neurons, stream.rows), stream.ids)


@dataclass(frozen=True, slots=True, eq=False)
class Neurons:
    """The weights of neurons, of float32.

    Attributes:
        w_in: Shape [width, neurons].
        b_in: Shape [neurons].
        w_out: Shape [neurons, width].
        b_out: Shape [width].
    """

    w_in: Float[NDArray[np.floating], "width neurons"]
    b_in: Float[NDArray[np.floating], " neurons"]
    w_out: Float[NDArray[np.floating], "neurons width"]
    b_out: Float[NDArray[np.floating], " width"]

    def part(self, some: NDArray[np.bool_]) -> Neurons:
        """Some of the neurons."""
        return Neurons(self.w_in[:, some], self.b_in[some], self.w_out[some], self.b_out)


def passed(neurons: Neurons, rows: Bounded) -> Bounded:
    """Rows of the residual stream, [rows, width], once neurons have written to them."""
    still = Bounded.exact(rows.center)
    before = mapped(still, neurons.w_in, neurons.b_in, apart=rows.error)
    wide = _moved(rows.error, neurons.w_in)
    reach = before.error + wide
    # What is off in all rows adds nothing, unless it is multiplied with what is not finite.
    silent = np.all(before.center + reach <= 0.0, axis=0)
    some = np.asarray(~(silent & np.isfinite(neurons.w_out).all(axis=1)))
    if not some.all():
        neurons, before = neurons.part(some), before[:, some]
        wide, reach = wide[:, some], reach[:, some]
    on, off = before.center - reach > 0.0, before.center + reach <= 0.0
    hidden, moved = positive(before), np.where(off, 0.0, wide)
    written = mapped(hidden, neurons.w_out, neurons.b_out, apart=moved)
    unsure = np.where(on | off, 0.0, wide)
    handed = _moved(unsure, neurons.w_out) + _through(neurons, on, rows.error)
    found = added(still, Bounded(written.center, written.error + handed), apart=rows.error)
    return kept(rows, found, {"w": neurons.w_out, "b": neurons.b_out})


def _moved(error: FloatArray, weights: NDArray[np.floating]) -> FloatArray:
    """By how much what is off moves what a linear map gives at most."""
    some = error.any(axis=0)
    if not some.any():
        return np.zeros((len(error), weights.shape[1]))
    return product(error[:, some], np.abs(np.asarray(weights[some], dtype=np.float64)))


def _through(neurons: Neurons, on: NDArray[np.bool_], error: FloatArray) -> FloatArray:
    """How far what is off moves what is there afterwards, by the neurons that are on for sure."""
    if not error.any():
        return np.zeros((len(error), neurons.w_out.shape[1]))
    into, out = (np.asarray(weights, dtype=np.float64) for weights in (neurons.w_in, neurons.w_out))
    found = SLACK * sum(into.shape) * (error @ np.abs(into)) @ np.abs(out)
    for pattern, rows in alike(on):
        found[rows] += passed_on(error[rows], into[:, pattern], out[pattern])
    return np.asarray(found)
