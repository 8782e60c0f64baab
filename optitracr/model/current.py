"""A model as it is now: its weights and configuration, edits included, checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import InputError
from optitracr.model.forward import Hyperparameters
from optitracr.model.params import Params, plain_params
from optitracr.model.transformer import Transformer, architecture_of, check_params, unembedding

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True, slots=True, eq=False)
class Current:
    """What the forward pass and the exports work with.

    Attributes:
        architecture: Static sizes and the activation function.
        params: Nested dicts under Tracr's names, of NumPy's plain arrays of float32.
        unembed: From the residual stream to the outputs.
    """

    architecture: Hyperparameters
    params: Params
    unembed: Float[NDArray[np.float32], "d_model outputs"]

    @property
    def digest(self) -> bytes:
        """What differs as soon as a weight does."""
        found = hashlib.blake2b(repr(self.architecture[:-1]).encode())
        for part, arrays in sorted(self.params.items()):
            for key, array in sorted(arrays.items()):
                found.update(f"{part}:{key}{array.shape}".encode())
                found.update(np.ascontiguousarray(array).data)
        found.update(np.ascontiguousarray(self.unembed).data)
        return found.digest()

    def kept(self) -> Current:
        """The same, which later edits leave as it is."""
        params = {
            part: {key: array.copy() for key, array in arrays.items()}
            for part, arrays in self.params.items()
        }
        return Current(self.architecture, params, self.unembed.copy())

    def is_finite(self) -> bool:
        """Whether every weight is a number."""
        return all(np.isfinite(array).all() for array in self._arrays())

    def is_same(self, other: Current) -> bool:
        """Whether nothing differs, bit for bit."""
        if self.architecture != other.architecture or self.params.keys() != other.params.keys():
            return False
        pairs = zip(self._arrays(), other._arrays(), strict=True)
        return all(
            one.shape == two.shape and np.array_equal(one.view(np.int32), two.view(np.int32))
            for one, two in pairs
        )

    def _arrays(self) -> list[NDArray[np.float32]]:
        arrays = [
            array for _, part in sorted(self.params.items()) for _, array in sorted(part.items())
        ]
        return [*arrays, self.unembed]


def current(model: Transformer) -> Current:
    """The model as it is now.

    Raises:
        InputError: If an edit left a weight out, or of a wrong shape or type.
    """
    check_params(model, model.params)
    return Current(architecture_of(model), plain_params(model.params), unembedding(model))


def exportable(model: Transformer, where: str) -> Current:
    """The model as it is now, if another program can hold it.

    Args:
        model: The model.
        where: What is to hold it, for the message.

    Raises:
        InputError: If its configuration is not the compiled one, which is all that fits.
    """
    config, size = model.model_config, model.size
    if not config.is_relu:
        raise InputError(
            f"{where} takes models with ReLU, and model_config.activation_function is another "
            "function; set it to jax.nn.relu, and change it in what was exported"
        )
    compiled = {
        "num_layers": size.layers,
        "num_heads": size.heads,
        "key_size": size.head_size,
        "mlp_hidden_size": size.neurons,
        "causal": model.setting.causal,
    }
    for name, value in compiled.items():
        if getattr(config, name) != value:
            raise InputError(
                f"{where} takes models as they were compiled, and model_config.{name} is "
                f"{getattr(config, name)!r} instead of {value!r}; set it back"
            )
    return current(model)
