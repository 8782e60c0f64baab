"""For which transformers, and under what conditions on inputs, a rule computes what it says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Activation(Enum):
    """What a neuron makes of its pre-activation."""

    RELU = "relu"
    GELU = "gelu"
    SQUARED_RELU = "squared relu"


class Norm(Enum):
    """What is done to the residual stream before a sublayer reads it."""

    NONE = "none"
    LAYER_NORM = "layer norm"
    RMS_NORM = "rms norm"


class Condition(Enum):
    """A property of an input, or of what it makes the residual stream hold."""

    FINITE = "what is read has one of finitely many values, which are known"
    BOUNDED = "the input is no longer than the program was compiled for"
    EXACT = "what is read is exact but for the rounding of float32"
    WITHIN_MARGIN = "what is read is off by less than a quarter of the gap between two values"
    ONE_VALUE = "what is selected together has one value, or none is averaged as a category"


@dataclass(frozen=True, slots=True)
class TransformerBlock:
    """A block of a transformer, as far as it matters to what is put into it.

    Attributes:
        activation: Of the neurons.
        norm: Before each sublayer.
        has_bos: Whether the first position holds a token of its own, which heads can attend to.
    """

    activation: Activation = Activation.RELU
    norm: Norm = Norm.NONE
    has_bos: bool = True


COMPILED = TransformerBlock()
"""What programs are compiled to."""

EVERY_ACTIVATION = frozenset(Activation)
EVERY_NORM = frozenset(Norm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """Where a rule holds. It may hold elsewhere too: what is listed here is shown.

    Attributes:
        activations: Of the neurons; every one where the rule uses no neurons.
        norms: Before each sublayer; only none where what is read has to keep its size.
        needs_bos: Whether its heads rest on BOS where nothing is selected.
        conditions: What has to be true of an input.
    """

    activations: frozenset[Activation] = EVERY_ACTIVATION
    norms: frozenset[Norm] = frozenset({Norm.NONE})
    needs_bos: bool = False
    conditions: frozenset[Condition] = frozenset()

    def holds_in(self, block: TransformerBlock) -> bool:
        """Whether the rule may be used for a transformer."""
        return (
            block.activation in self.activations
            and block.norm in self.norms
            and (block.has_bos or not self.needs_bos)
        )
