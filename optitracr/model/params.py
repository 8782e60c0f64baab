"""A model's weights as nested dicts: what they must hold, and arrays that can be edited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.arguments import shown
from optitracr.errors import InputError
from optitracr.model.names import layer_prefix
from optitracr.model.shape import Shapes
from solvers.interrupts import load_whole

Params = dict[str, dict[str, NDArray[np.float32]]]
"""Weights under Tracr's names: for each part its arrays."""

NO_NUMBERS = "is no array of real numbers; give one of float32"


class Weight(np.ndarray[Any, Any]):
    """A weight: an array of NumPy's that can also be edited as JAX's can.

    `weight.at[0, 0].set(1.0)` gives a changed copy, an array of JAX's, which is loaded for that
    alone; `weight[0, 0] = 1.0` changes the weight itself.
    """

    @property
    def at(self) -> Any:
        """JAX's indexed updates."""
        load_whole("jax")
        import jax.numpy as jnp

        return jnp.asarray(np.asarray(self)).at

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """What NumPy's functions give: a weight, or a plain number."""
        return array[()] if return_scalar else np.asarray(array).view(Weight)


def editable(params: Any) -> Any:
    """The same weights, with NumPy's arrays as `Weight`; what is no nested dict stays as it is."""
    if not isinstance(params, Mapping):
        return params
    return {
        part: {key: _weight(leaf) for key, leaf in arrays.items()}
        if isinstance(arrays, Mapping)
        else arrays
        for part, arrays in params.items()
    }


def _weight(leaf: Any) -> Any:
    return leaf.view(Weight) if isinstance(leaf, np.ndarray) else leaf


def check_structure(params: Any, shapes: Shapes, spare: int) -> None:
    """Checks names and shapes, whatever the arrays are: NumPy's, JAX's, or being traced.

    Args:
        params: Nested dicts.
        shapes: What has to be there.
        spare: Layers that the model has; those that its configuration leaves out may be there.

    Raises:
        InputError: Names the first part that is missing, unknown, or of another shape.
    """
    if not isinstance(params, Mapping):
        raise InputError(f"params is {shown(params)}; give nested dicts like model.params")
    known = set()
    for name, wanted in shapes.items():
        part, _, key = name.rpartition(":")
        known.add(part)
        if not part:
            continue
        arrays = params.get(part)
        leaf = arrays.get(key) if isinstance(arrays, Mapping) else None
        found = getattr(leaf, "shape", None)
        if found is None or tuple(found) != wanted:
            given = f"has shape {tuple(found)}" if found is not None else f"is {shown(leaf)}"
            raise InputError(
                f"params[{part!r}][{key!r}] {given}; by model_config it is an array of shape "
                f"{wanted}"
            )
        if not _is_real(leaf):
            raise InputError(f"params[{part!r}][{key!r}] {NO_NUMBERS}")
    if known.issuperset(params):
        return
    beyond = tuple(map(layer_prefix, range(spare)))
    for part in params:
        if part not in known and not (isinstance(part, str) and part.startswith(beyond)):
            raise InputError(f"params holds {shown(part)}, which is no part of the model")


def plain(name: str | tuple[str, str], leaf: Any) -> NDArray[np.float32]:
    """A weight as NumPy's plain array of float32, without a copy where it is one.

    Args:
        name: What it is called; of a part of `params`, the part and the key.
        leaf: The weight.

    Raises:
        InputError: If it holds anything else than numbers.
    """
    if isinstance(leaf, np.ndarray) and leaf.dtype == np.float32:
        return np.asarray(leaf)
    try:
        array = np.asarray(leaf)
        if _is_real(array):
            with np.errstate(over="ignore"):
                return np.asarray(array, dtype=np.float32)
    except Exception:
        pass
    where = name if isinstance(name, str) else "params[{!r}][{!r}]".format(*name)
    raise InputError(f"{where} {NO_NUMBERS}")


def _is_real(leaf: Any) -> bool:
    """Whether an array of any library is one of real numbers."""
    dtype = getattr(leaf, "dtype", None)
    return getattr(dtype, "kind", "") in "fiub" or "float" in str(dtype)


def plain_params(params: Mapping[str, Mapping[str, Any]]) -> Params:
    """All weights as NumPy's plain arrays of float32; `check_structure` has passed.

    Raises:
        InputError: If one holds anything else than numbers.
    """
    return {
        part: {key: plain((part, key), leaf) for key, leaf in arrays.items()}
        for part, arrays in params.items()
    }
