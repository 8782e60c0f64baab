"""What an architecture takes of its stream beside the variables, and how its heads fill it."""

from __future__ import annotations

from optitracr.architectures.architecture import TRACR, Architecture, Norm, Positions
from solvers import Stock

BESIDE = {Norm.NONE: 0, Norm.LAYER_NORM: 3, Norm.RMS_NORM: 1}
"""Columns beside those of the variables: a constant, for LayerNorm with both signs and a column of
zeros."""

NORM_VECTORS = {Norm.NONE: 0, Norm.LAYER_NORM: 2, Norm.RMS_NORM: 1}
"""Vectors of a norm: its gain, and the bias of LayerNorm."""

TURNED_EACH = 4
"""One of how many pairs of a head's dimensions rotary positions turn too fast for it to be of
use."""

SPARE = 1
"""Rows of the token embedding at least that are no token's: a tokenizer has one for unknown words.
They hold NaN, so that all that comes of them is NaN, and never an answer. There is one more where
the unembedding would be square: whoever tells its axes by their sizes would take it the wrong way
round, as TransformerLens does when it folds the last norm into it."""


def stock_of(architecture: Architecture, tokens: int, positions: int) -> Stock | None:
    """What a solver has to know of a published transformer; None for Tracr's.

    Args:
        architecture: What the transformer is made of.
        tokens: Tokens, BOS and PAD included.
        positions: Longest sequence, BOS included.
    """
    if architecture == TRACR:
        return None
    rotary = architecture.positions is Positions.ROTARY
    return Stock(
        beside=BESIDE[architecture.norm],
        neurons_each=architecture.neurons_per_width,
        fills=architecture.heads_fill_width,
        turned_each=TURNED_EACH if rotary else 0,
        tokens=tokens + SPARE,
        positions=0 if rotary else positions,
        tied=architecture.tied,
        biases=architecture.biases,
        gated=architecture.gated,
        norm_vectors=NORM_VECTORS[architecture.norm],
    )


def tells_positions_late(architecture: Architecture) -> bool:
    """Whether positions are in no embedding, so that the first layer has to count them."""
    return architecture.positions is Positions.ROTARY
