"""What an architecture takes of its stream beside the variables, and how its heads fill it."""

from __future__ import annotations

from optitracr.architectures.architecture import Architecture, Norm, Positions
from solvers import Stock

BESIDE = {Norm.NONE: 0, Norm.LAYER_NORM: 3, Norm.RMS_NORM: 1}
"""Columns beside those of the variables: a constant, for LayerNorm with both signs and a column of
zeros."""


def filled_stock(architecture: Architecture) -> Stock | None:
    """What a solver has to know of a stream that heads fill; None where they need not.

    Where they need not, the narrowest plan is the narrowest in its architecture.
    """
    if not architecture.heads_fill_width or architecture.positions is Positions.ROTARY:
        return None
    return Stock(BESIDE[architecture.norm], architecture.neurons_per_width)


def tells_positions_late(architecture: Architecture) -> bool:
    """Whether positions are in no embedding, so that the first layer has to count them."""
    return architecture.positions is Positions.ROTARY
