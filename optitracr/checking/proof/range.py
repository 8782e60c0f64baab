"""Whether all that a model computes stays in float32's range, used or not.

Zero times infinity is no number, and what is no number spreads: so weights that nothing depends on
otherwise, and what stands at padded positions, count here as all others do.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from optitracr.model.current import Current
from optitracr.model.forward import Layer, Network
from optitracr.model.names import PORTS, POSITIONS, TOKENS, Linear

Sizes = NDArray[np.float32]

MOST = 2.0**120
"""Sizes up to which sums are finite in whatever order: float32 ends at 2^128."""

MOST_LOGIT = 2.0**90
"""Logits up to which a masked one, -2^99.6, has a weight of zero beside them."""


def in_range(now: Current) -> bool:
    """Whether all numbers are finite on every input, by the sizes of weights alone.

    Args:
        now: The weights.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return all(bool((size <= most).all()) for size, most in _sizes(now))


def _sizes(now: Current) -> Iterator[tuple[Sizes, float]]:
    """How large all that is computed may be, and how large it should be at most."""
    for part in now.params.values():
        yield from ((_size(array), MOST) for array in part.values())
    unembed = _size(now.unembed)
    yield unembed, MOST
    tokens, places = (_size(now.params[part]["embeddings"]) for part in (TOKENS, POSITIONS))
    stream = tokens.max(axis=0) + places.max(axis=0)
    network = Network(np, now.architecture, now.params)
    for number in range(now.architecture.layers):
        layer = network.layer(number)
        query, key, value = (_mapped(layer, part, stream) for part in PORTS.values())
        yield from ((size, MOST) for size in (query, key, value))
        yield np.asarray(query @ key), MOST_LOGIT
        stream = stream + _mapped(layer, Linear.HEADS_OUT, value)
        hidden = _mapped(layer, Linear.NEURONS_IN, stream)
        yield hidden, MOST
        stream = stream + _mapped(layer, Linear.NEURONS_OUT, hidden)
        yield stream, MOST
    yield stream @ unembed, MOST


def _size(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    # float32 does for sizes: what it rounds is little beside what is left up to its end.
    return np.abs(weights)


def _mapped(layer: Layer, part: Linear, size: Sizes) -> Sizes:
    """How large what a linear map gives may be."""
    weights = layer.weights[part]
    return np.asarray(size @ _size(weights["w"]) + _size(weights["b"]))
