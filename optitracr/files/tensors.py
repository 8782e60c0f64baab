"""The weights of a model as safetensors, checked against the sizes that it states."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.files.values import FieldError, shown
from optitracr.model.names import UNEMBED
from optitracr.model.params import Params
from optitracr.model.shape import Shape, Shapes

if TYPE_CHECKING:
    from jaxtyping import Float


def tensors_to_bytes(
    params: Params, unembed: Float[NDArray[np.float32], "d_model outputs"], shape: Shape
) -> bytes:
    """The file's content; the same weights give the same bytes.

    Raises:
        FieldError: If a tensor is missing, of another shape or type than the sizes say, or
            not finite.
    """
    from safetensors.numpy import save

    found = {f"{part}:{key}": a for part, arrays in params.items() for key, a in arrays.items()}
    tensors = {name: np.ascontiguousarray(a) for name, a in {**found, UNEMBED: unembed}.items()}
    shapes = shape.tensors()
    _check_names(tensors, shapes)
    for name, array in tensors.items():
        _check_shape(name, array.dtype == np.float32, array.shape, shapes[name])
    _check_finite(tensors)
    return bytes(save(tensors))


def tensors_from_bytes(
    data: bytes, shape: Shape, finite: bool = True
) -> tuple[Params, Float[NDArray[np.float32], "d_model outputs"]]:
    """Parameters and unembedding.

    Args:
        data: The file's content.
        shape: What decides the shape of every tensor.
        finite: Refuse tensors that hold inf or nan.

    Raises:
        FieldError: If a tensor is missing, unknown, of another shape or type than the sizes
            say, or not finite where it has to be, or the file is none of safetensors.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    shapes = shape.tensors()
    header = _header(data)
    _check_names(header, shapes)
    for name, entry in header.items():
        entry = entry if isinstance(entry, dict) else {}
        stated = entry.get("shape")
        found = tuple(stated) if isinstance(stated, list) else ()
        _check_shape(name, entry.get("dtype") == "F32", found, shapes[name])
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise FieldError("the header", f"is wrong: {shown(str(error))}") from None
    if finite:
        _check_finite(tensors)
    params: Params = {}
    unembed = tensors.pop(UNEMBED)
    for name, array in tensors.items():
        part, _, key = name.rpartition(":")
        params.setdefault(part, {})[key] = array
    return params, unembed


def _header(data: bytes) -> dict[str, Any]:
    """What the file says of each tensor, before anything of that size is made."""
    length = int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8 : 8 + length])
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise FieldError("the header", "is unreadable")
    return header


def _check_names(found: dict[str, Any], shapes: Shapes) -> None:
    for name in shapes:
        if name not in found:
            raise FieldError(f"tensor '{name}'", "is missing")
    for name in found:
        if name not in shapes:
            raise FieldError(f"tensor {shown(name)}", "belongs to no layer of the model")


def _check_shape(name: str, is_float32: bool, found: Any, wanted: tuple[int, ...]) -> None:
    if not is_float32:
        raise FieldError(f"tensor '{name}'", "is not of float32")
    if found != wanted or not {int}.issuperset(map(type, found)):
        raise FieldError(f"tensor '{name}'", f"has shape {shown(found)} instead of {wanted}")


def _check_finite(tensors: dict[str, NDArray[np.float32]]) -> None:
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise FieldError(f"tensor '{name}'", "holds inf or nan")
