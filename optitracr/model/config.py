"""The model's configuration under Tracr's names."""

from __future__ import annotations

import sys
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any

from optitracr import arguments
from optitracr.errors import InputError
from solvers.interrupts import load_whole

Activation = Callable[[Any], Any]


def relu(x: Any) -> Any:
    """The larger of a number and 0, as JAX has it."""
    load_whole("jax")
    import jax

    return jax.nn.relu(x)


class _ActivationField:
    """A field that is JAX's ReLU until another function is set; JAX is loaded when it is read."""

    def __get__(self, config: ModelConfig | None, owner: type | None = None) -> Activation:
        if config is None or config.is_relu:
            # The class is asked for the default while it is being made, which loads nothing.
            return relu if config is None else _of_jax()
        chosen: Activation = vars(config)["_activation"]
        return chosen

    def __set__(self, config: ModelConfig, chosen: Activation) -> None:
        vars(config)["_activation"] = relu if _is_relu(chosen) else chosen


def _of_jax() -> Activation:
    load_whole("jax")
    import jax

    found: Activation = jax.nn.relu
    return found


def _is_relu(function: object) -> bool:
    jax = sys.modules.get("jax")
    return function is relu or (jax is not None and function is jax.nn.relu)


@dataclass
class ModelConfig:
    """Sizes and switches that a converter reads, and a client may set.

    What is set is what the model does from then on: its forward pass, `verify` and the
    exports follow it, or say that they cannot.

    Attributes:
        num_heads: Heads per layer.
        num_layers: Number of layers.
        key_size: Dimensions per head.
        mlp_hidden_size: Neurons per layer.
        dropout_rate: Always 0.
        activation_function: Of the neurons: `jax.nn.relu`, or what was set in its place, which
            must take JAX's arrays and NumPy's.
        layer_norm: Always False.
        causal: Whether a query sees only keys at or before its position.
    """

    num_heads: int
    num_layers: int
    key_size: int
    mlp_hidden_size: int
    dropout_rate: float = 0.0
    activation_function: Activation = _ActivationField()  # type: ignore[assignment]
    layer_norm: bool = False
    causal: bool = False

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, _checked(name, value))

    def __deepcopy__(self, memo: dict[int, Any]) -> ModelConfig:
        # A function is its own copy; JAX's would be copied to others that are not the same.
        return copy(self)

    @property
    def is_relu(self) -> bool:
        """Whether the activation function is the one that the model was compiled for."""
        return vars(self).get("_activation", relu) is relu


def _checked(name: str, value: Any) -> Any:
    """The value of a field.

    Raises:
        InputError: If there is no such field, or it cannot have this value.
    """
    match name:
        case "num_heads" | "num_layers" | "key_size" | "mlp_hidden_size":
            return arguments.integer(name, value, least=0)
        case "causal":
            return arguments.boolean(name, value)
        case "activation_function":
            return _function(name, value)
        case "dropout_rate" | "layer_norm":
            what = "dropout" if name == "dropout_rate" else "layer norm"
            if value not in (0, False):
                raise InputError(
                    f"{name} is {arguments.shown(value)}; compiled models have no {what}, so "
                    "leave it as it is, or add it to an exported model"
                )
            return 0.0 if name == "dropout_rate" else False
    raise InputError(f"a model's configuration has no {arguments.shown(name)}")


def _function(name: str, value: Any) -> Activation:
    found = arguments.function(name, value)
    try:
        hash(found)
    except TypeError:
        arguments.refuse(name, value, "a function that can be hashed")
    return found
