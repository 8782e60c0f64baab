"""What a transformer is made of: norm, activation, positions, biases, sizes that are bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from optitracr import arguments
from optitracr.errors import InputError

LARGEST_GAIN = 1000.0
"""Of a norm, unless told otherwise: what trained models have at most, by and large."""

LARGEST_WEIGHT = 1000.0
"""Of a linear map, unless told otherwise: with a gain as large, a step between two numbers a
millionth apart is still steep."""


class Norm(StrEnum):
    """What is done to the residual stream before a sublayer, and the unembedding, reads it.

    Attributes:
        NONE: Nothing.
        LAYER_NORM: The mean is taken off, and what is left divided by its standard deviation.
        RMS_NORM: It is divided by its root mean square.
    """

    NONE = "none"
    LAYER_NORM = "layer_norm"
    RMS_NORM = "rms_norm"


class Activation(StrEnum):
    """What a neuron makes of its pre-activation.

    Attributes:
        RELU: The larger of it and 0.
        GELU: It times the normal distribution function of it.
        GELU_NEW: The same with the hyperbolic tangent that GPT-2 has for it.
        SILU: It times the logistic function of it.
    """

    RELU = "relu"
    GELU = "gelu"
    GELU_NEW = "gelu_new"
    SILU = "silu"


class Positions(StrEnum):
    """How a transformer knows where a token stands.

    Attributes:
        LEARNED: By a row of an embedding for each position.
        ROTARY: By rotating queries and keys.
    """

    LEARNED = "learned"
    ROTARY = "rotary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """What a compiled transformer is made of.

    By default it is Tracr's: no norm, ReLU, learned positions, and sizes that are free.

    Attributes:
        norm: Before each sublayer and before the unembedding.
        activation: Of the neurons.
        gated: Whether what a neuron gives is multiplied with a second linear map of the stream.
        positions: How positions are told.
        biases: Whether linear maps have biases.
        causal: Whether no query sees a later key; if not, both readings can be compiled.
        tied: Whether the unembedding is the embedding's transpose; what is compiled is not.
        heads_fill_width: Whether the sizes of all heads add up to the width.
        heads_divide_width: Whether the width is a multiple of the number of heads.
        neurons_per_width: Neurons for each column, where their number is bound to the width; None
            where it is free.
        largest_gain: Of a norm.
        largest_weight: Of a linear map; one that float32 needs larger is larger, and is told.
    """

    norm: Norm = Norm.NONE
    activation: Activation = Activation.RELU
    gated: bool = False
    positions: Positions = Positions.LEARNED
    biases: bool = True
    causal: bool = False
    tied: bool = False
    heads_fill_width: bool = False
    heads_divide_width: bool = False
    neurons_per_width: int | None = None
    largest_gain: float = LARGEST_GAIN
    largest_weight: float = LARGEST_WEIGHT

    def __post_init__(self) -> None:
        """Checks the fields.

        Raises:
            InputError: Names the first that is of a wrong type or out of range.
        """
        for name, kind in (("norm", Norm), ("activation", Activation), ("positions", Positions)):
            given = arguments.choice(name, getattr(self, name), tuple(kind))
            object.__setattr__(self, name, kind(given))
        for name in ("gated", "biases", "causal", "tied", "heads_fill_width", "heads_divide_width"):
            object.__setattr__(self, name, arguments.boolean(name, getattr(self, name)))
        if self.neurons_per_width is not None:
            count = arguments.integer("neurons_per_width", self.neurons_per_width, least=1)
            object.__setattr__(self, "neurons_per_width", count)
        for name in ("largest_gain", "largest_weight"):
            most = arguments.number(name, getattr(self, name), least=1)
            if not math.isfinite(most):
                arguments.refuse(name, most, "a finite number")
            object.__setattr__(self, name, most)


TRACR = Architecture()
"""Tracr's transformer, which is what programs are compiled to unless told otherwise."""

GPT2 = Architecture(
    norm=Norm.LAYER_NORM,
    activation=Activation.GELU_NEW,
    causal=True,
    heads_fill_width=True,
    heads_divide_width=True,
    neurons_per_width=4,
)
"""GPT-2 as published, but with an unembedding of its own."""

LLAMA = Architecture(
    norm=Norm.RMS_NORM,
    activation=Activation.SILU,
    gated=True,
    positions=Positions.ROTARY,
    biases=False,
    causal=True,
    heads_divide_width=True,
)
"""Llama as published, with heads of a size of their own."""

ARCHITECTURES = {"tracr": TRACR, "gpt2": GPT2, "llama": LLAMA}
"""Those that have a name."""


def parse_architecture(architecture: object) -> Architecture:
    """The architecture that a user named, or described.

    Raises:
        InputError: If there is none of that name, or it is neither a name nor an `Architecture`.
    """
    if isinstance(architecture, Architecture):
        return architecture
    if isinstance(architecture, str) and architecture in ARCHITECTURES:
        return ARCHITECTURES[architecture]
    names = ", ".join(map(repr, ARCHITECTURES))
    raise InputError(
        f"architecture={arguments.shown(architecture)} is not known; give {names}, or an "
        "optitracr.Architecture"
    )


def architecture_name(architecture: Architecture) -> str:
    """The name of an architecture, or how it is written if it has none."""
    known = {value: name for name, value in ARCHITECTURES.items()}
    return known.get(architecture, repr(architecture))
