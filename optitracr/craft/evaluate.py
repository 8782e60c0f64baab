"""Evaluates blocks in NumPy over named variables: an oracle before any allocation.

No layers, columns or float32 are involved: each block reads the exact variables that it
names, in float64. What differs later is due to allocation or assembly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.craft.blocks import Head, Mlp
from optitracr.craft.spaces import Direction, FloatArray, Space

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

Stream = Mapping[Direction, FloatArray]
"""For each direction an array of shape [batch, seq]."""


def read(stream: Stream, space: Space) -> Float[FloatArray, "batch seq space"]:
    """The subspace of a stream."""
    return np.stack([stream[direction] for direction in space.directions], axis=-1)


def evaluate(
    block: Head | Mlp, stream: Stream, visible: Bool[NDArray[np.bool_], "batch query key"]
) -> Float[FloatArray, "batch query output"]:
    """What a block writes.

    Args:
        block: A head or an MLP.
        stream: The variables that it reads.
        visible: Shape [batch, query, key]: the keys that a query may attend to.

    Returns:
        Shape [batch, seq, output].
    """
    if isinstance(block, Mlp):
        hidden = np.maximum(read(stream, block.input) @ block.w_in + block.b_in, 0.0)
        written: FloatArray = hidden @ block.w_out
        return written if block.b_out is None else written + block.b_out
    query = read(stream, block.query) @ block.w_query + block.b_query
    key = read(stream, block.key) @ block.w_key
    logits = query @ key.transpose(0, 2, 1)
    logits = np.where(visible, logits, -np.inf)
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    value = read(stream, block.value) @ block.w_value + block.b_value
    mixed: FloatArray = weights @ value @ block.w_output
    return mixed
