"""The classes of transformers that hold an architecture, and what each of them is bound to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optitracr.architectures.architecture import TRACR, Architecture, Norm, Positions
from optitracr.errors import InputError


@dataclass(frozen=True, slots=True)
class StockClass:
    """A published class of transformers.

    Attributes:
        model_type: What its configuration calls it.
        name: What the library `transformers` calls it.
        bound: What an architecture has to be, by the name of its attribute.
    """

    model_type: str
    name: str
    bound: Mapping[str, Any]

    def differences(self, architecture: Architecture) -> list[str]:
        """What an architecture would have to be instead."""
        return [
            f"{name}={value!s}"
            for name, value in self.bound.items()
            if getattr(architecture, name) != value
        ]


GPT2_CLASS = StockClass(
    "gpt2",
    "GPT2LMHeadModel",
    {
        "norm": Norm.LAYER_NORM,
        "positions": Positions.LEARNED,
        "gated": False,
        "biases": True,
        "causal": True,
        "tied": False,
        "heads_fill_width": True,
        "heads_divide_width": True,
    },
)

LLAMA_CLASS = StockClass(
    "llama",
    "LlamaForCausalLM",
    {
        "norm": Norm.RMS_NORM,
        "positions": Positions.ROTARY,
        "gated": True,
        "causal": True,
        "tied": False,
        "heads_divide_width": True,
    },
)

CLASSES = (GPT2_CLASS, LLAMA_CLASS)


def stock_class(architecture: Architecture) -> StockClass | None:
    """The class that holds an architecture; None for Tracr's, which no published one is.

    Raises:
        InputError: If no class holds it; says what the nearest one is bound to.
    """
    if architecture == TRACR:
        return None
    nearest = min(CLASSES, key=lambda each: len(each.differences(architecture)))
    found = nearest.differences(architecture)
    if found:
        raise InputError(
            f"no class of transformers holds that architecture; {nearest.name}, which is nearest, "
            f"has {', '.join(found)}"
        )
    return nearest
