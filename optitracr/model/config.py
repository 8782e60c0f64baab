"""The model's configuration under Tracr's names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Sizes and switches that a converter reads.

    Attributes:
        num_heads: Heads per layer.
        num_layers: Number of layers.
        key_size: Dimensions per head.
        mlp_hidden_size: Neurons per layer.
        dropout_rate: Always 0.
        layer_norm: Always False.
        causal: Whether a query sees only keys at or before its position.
    """

    num_heads: int
    num_layers: int
    key_size: int
    mlp_hidden_size: int
    dropout_rate: float = 0.0
    layer_norm: bool = False
    causal: bool = False

    @property
    def activation_function(self) -> Callable[[Any], Any]:
        """ReLU, as JAX has it."""
        import jax

        return jax.nn.relu
