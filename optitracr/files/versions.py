"""Manifests of older versions, brought up to the present one step at a time.

A step takes the JSON of one version and returns that of the next; what the older version did
not hold is empty or null. A new version adds one function and one line to `STEPS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from optitracr.files.values import FieldError, Plain, shown

VERSION = 2
"""The version that this code writes."""


def upgrade(data: dict[str, Plain], version: int) -> dict[str, Plain]:
    """A manifest of some version, without its envelope, as one of the present version.

    Args:
        data: The fields beside schema, version and digest.
        version: From 1 to `VERSION`.

    Raises:
        FieldError: If a field that a step needs is missing or of another kind.
    """
    for step in range(version, VERSION):
        data = STEPS[step](data)
    return data


def _from_1(data: dict[str, Plain]) -> dict[str, Plain]:
    """Version 1 held neither options nor source, and the encoders only in part."""
    for name in _FIELDS_OF_1:
        if name not in data:
            raise FieldError(name, "is missing")
    for name in data:
        if name not in _FIELDS_OF_1:
            raise FieldError(shown(name).strip("'\""), "is unknown")
    vocabulary = _tuple_of_1(data["vocabulary"], "vocabulary")
    bos, pad, length = data["bos"], data["pad"], data["max_seq_len"]
    if type(length) is not int:
        raise FieldError("max_seq_len", f"is {shown(length)} and no integer")
    outputs = data["output_values"]
    values = [] if outputs is None else _tuple_of_1(outputs, "output_values")
    kept = ("name", "level", "config", "max_seq_len", "size", "residual_labels", "savings")
    return {
        **{name: data[name] for name in kept},
        "optitracr": "",
        "vocabulary": vocabulary,
        "encoders": {
            "input": {
                "kind": "categorical",
                "variable": "tokens",
                "values": [*vocabulary, bos, pad],
                "bos": bos,
                "pad": pad,
                "max_seq_len": length + 1,
            },
            "output": {
                "kind": "numerical" if outputs is None else "categorical",
                "variable": data["name"],
                "values": values,
                "bos": None,
                "pad": None,
                "max_seq_len": None,
            },
        },
        "residual_map": _layout_of_1(data["layout"]),
        "source": {"lines": [], "functions": []},
        "program": None,
        "program_omitted": "files of version 1 held none",
        "options": None,
        "circuit": _circuit_of_1(data["circuit"]),
        "certificate": _allocation_of_1(data["allocation"]),
        "weights": {"file": "weights.safetensors", "sha256": data["sha256"]},
    }


_FIELDS_OF_1 = (
    *("name", "level", "config", "vocabulary", "max_seq_len", "bos", "pad", "output_values"),
    *("size", "residual_labels", "savings", "layout", "circuit", "allocation", "sha256"),
)


def _layout_of_1(data: Plain) -> Plain:
    """Value sets were tagged tuples, and are lists."""
    tenancies = data.get("tenancies") if isinstance(data, dict) else None
    if not isinstance(tenancies, list) or not all(isinstance(t, dict) for t in tenancies):
        raise FieldError("layout.tenancies", "is no list of objects")
    changed = [{**t, "values": _tuple_of_1(t.get("values"), "layout.values")} for t in tenancies]
    return {**data, "tenancies": changed}


def _circuit_of_1(data: Plain) -> Plain:
    """Nodes did not say which components they are made of."""
    nodes = data.get("nodes") if isinstance(data, dict) else None
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise FieldError("circuit.nodes", "is no list of objects")
    lacking: dict[str, Plain] = {"components": [], "columns": [], "writes": []}
    return {**data, "nodes": [{**node, **lacking} for node in nodes]}


def _allocation_of_1(data: Plain) -> Plain:
    """The allocation had a schema and a version of its own."""
    if not isinstance(data, dict):
        raise FieldError("allocation", "is no object")
    own = {"schema": "optitracr-allocation", "version": 1}
    if any(data.get(name) != value for name, value in own.items()):
        raise FieldError("allocation.schema", "is none that version 1 wrote")
    return {name: value for name, value in data.items() if name not in own}


def _tuple_of_1(data: Plain, field: str) -> list[Plain]:
    inner = data.get("tuple") if isinstance(data, dict) and len(data) == 1 else None
    if not isinstance(inner, list):
        raise FieldError(field, f"is {shown(data)} and no tuple")
    return inner


STEPS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_1}
"""For each older version the step to the next."""
