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
        config_name: What `transformers` calls its configuration.
        sizes: What that calls each of its sizes.
        bound: What an architecture has to be, by the name of its attribute.
    """

    model_type: str
    name: str
    config_name: str
    sizes: Mapping[str, str]
    bound: Mapping[str, Any]

    def config_of(self, sizes: Any) -> dict[str, Any]:
        """Sizes under the names that its configuration has for them.

        Args:
            sizes: Has each of `sizes` as an attribute.
        """
        return {spelled: getattr(sizes, name) for name, spelled in self.sizes.items()}

    def sizes_of(self, config: Any) -> dict[str, Any]:
        """The sizes that a configuration tells."""
        return {name: getattr(config, spelled) for name, spelled in self.sizes.items()}

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
    "GPT2Config",
    {
        "layers": "n_layer",
        "width": "n_embd",
        "heads": "n_head",
        "neurons": "n_inner",
        "tokens": "vocab_size",
        "positions": "n_positions",
    },
    {
        "norm": Norm.LAYER_NORM,
        "positions": Positions.LEARNED,
        "gated": False,
        "biases": True,
        "causal": True,
        "heads_fill_width": True,
        "heads_divide_width": True,
    },
)

LLAMA_CLASS = StockClass(
    "llama",
    "LlamaForCausalLM",
    "LlamaConfig",
    {
        "layers": "num_hidden_layers",
        "width": "hidden_size",
        "heads": "num_attention_heads",
        "key_heads": "num_key_value_heads",
        "head_size": "head_dim",
        "neurons": "intermediate_size",
        "tokens": "vocab_size",
        "positions": "max_position_embeddings",
    },
    {
        "norm": Norm.RMS_NORM,
        "positions": Positions.ROTARY,
        "gated": True,
        "causal": True,
        "heads_divide_width": True,
    },
)

CLASSES = (GPT2_CLASS, LLAMA_CLASS)


def stock_class(architecture: Architecture) -> StockClass | None:
    """The class that holds an architecture; None for Tracr's, which no published one is.

    Raises:
        InputError: If no class holds it; says what the nearest one is bound to. Or if it is tied,
            which the classes can be, and compiled models cannot.
    """
    if architecture == TRACR:
        return None
    if architecture.tied:
        raise InputError(
            "tied=True is not compiled: the unembedding reads the columns of the output, and the "
            "embedding, tied to it, would write to them at every token, before the output is "
            "there; give tied=False, which the classes of transformers have as "
            "tie_word_embeddings=False"
        )
    nearest = min(CLASSES, key=lambda each: len(each.differences(architecture)))
    found = nearest.differences(architecture)
    if found:
        raise InputError(
            f"no class of transformers holds that architecture; {nearest.name}, which is nearest, "
            f"has {', '.join(found)}"
        )
    return nearest
