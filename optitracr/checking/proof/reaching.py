"""Heads that no output hangs on are left out of a proof.

What such a head writes is read by no part from which a path of weights leads to the output: it is
multiplied with zero. As long as it is a number, neither infinite nor none, every output is the same
without it, to the last digit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.model.current import Current
from optitracr.model.names import PORTS, POSITIONS, TOKENS, Linear, linear_name

if TYPE_CHECKING:
    from jaxtyping import Bool

LARGEST = 1e37
"""Up to which sums in float32 are numbers, in whatever order: a tenth of the largest."""


def reaching(now: Current) -> Current:
    """The same outputs by a model whose heads that no output hangs on do nothing.

    Args:
        now: The weights.

    Returns:
        The weights with zeros for such heads; as they are where there are none, or where these
        could give anything else than numbers.
    """
    if now.architecture.heads == 0 or now.architecture.layers == 0:
        return now
    dead = _dead(now)
    if not dead.any() or not _gives_numbers(now):
        return now
    params = {
        part: {name: array.copy() for name, array in own.items()}
        for part, own in now.params.items()
    }
    size = now.architecture.head_size
    for layer, head in np.argwhere(dead).tolist():
        own = slice(head * size, (head + 1) * size)
        for part in PORTS.values():
            arrays = params[linear_name(layer, part)]
            arrays["w"][:, own], arrays["b"][own] = 0.0, 0.0
        params[linear_name(layer, Linear.HEADS_OUT)]["w"][own] = 0.0
    return replace(now, params=params)


def _heads(now: Current, layer: int, part: Linear) -> NDArray[np.float32]:
    """The weights of a layer's heads, [width, heads, head size]."""
    weight = now.params[linear_name(layer, part)]["w"]
    flat = weight.T if part is Linear.HEADS_OUT else weight
    return flat.reshape(len(now.unembed), now.architecture.heads, now.architecture.head_size)


def _dead(now: Current) -> Bool[NDArray[np.bool_], "layers heads"]:
    """Heads that do something, and write to no column which the output or an MLP reads.

    Nor to one that another head reads which does; MLPs all count, whatever they write.
    """
    layers = range(now.architecture.layers)
    read = (now.unembed != 0).any(axis=1)
    for layer in layers:
        read = read | (now.params[linear_name(layer, Linear.NEURONS_IN)]["w"] != 0).any(axis=1)

    def columns(part: Linear) -> NDArray[np.bool_]:
        return np.stack([(_heads(now, layer, part) != 0).any(axis=2) for layer in layers])

    written = columns(Linear.HEADS_OUT)
    reads = np.logical_or.reduce([columns(part) for part in PORTS.values()])
    while True:
        live: NDArray[np.bool_] = (written & read[:, None]).any(axis=1)
        wider = read | (reads & live[:, None]).any(axis=(0, 2))
        if (wider == read).all():
            dead: NDArray[np.bool_] = ~live & (written | reads).any(axis=1)
            return dead
        read = wider


def _gives_numbers(now: Current) -> bool:
    """Whether no head can give anything else than numbers, by how large what it reads can be."""
    if not now.is_finite():
        return False
    params = {
        part: {name: np.abs(array).astype(np.float64) for name, array in own.items()}
        for part, own in now.params.items()
    }
    largest = params[TOKENS]["embeddings"].max(axis=0) + params[POSITIONS]["embeddings"].max(axis=0)

    def given(layer: int, part: Linear, by: NDArray[np.float64]) -> NDArray[np.float64]:
        own = params[linear_name(layer, part)]
        found: NDArray[np.float64] = by @ own["w"] + own["b"]
        return found

    for layer in range(now.architecture.layers):
        query, key, value = (given(layer, part, largest) for part in PORTS.values())
        if max((query * key).sum(), value.sum()) > LARGEST:
            return False
        largest = largest + given(layer, Linear.HEADS_OUT, value)
        inner = given(layer, Linear.NEURONS_IN, largest)
        largest = largest + given(layer, Linear.NEURONS_OUT, inner)
    return bool(largest.sum() <= LARGEST)
