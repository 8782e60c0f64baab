"""Models on disk: weights as safetensors, everything else as one JSON manifest.

Nothing in these files is ever executed. Writing is atomic: the folder appears whole or
not at all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from optitracr.assembly.layout import Layout, Tenancy
from optitracr.candidates.savings import Saving, SavingKind, Savings
from optitracr.candidates.setting import Setting
from optitracr.craft.reading import Variable
from optitracr.craft.spaces import Direction, Space
from optitracr.errors import FileError
from optitracr.model.circuit import Circuit, CircuitDimensions, CircuitNode
from optitracr.model.compiled import CompiledModel
from optitracr.model.config import ModelConfig
from optitracr.model.encoders import CategoricalEncoder, Encoder, NumericalEncoder
from optitracr.model.size import LayerSize, Size
from solvers import allocation_from_json, allocation_to_json

SCHEMA = "optitracr-model"
VERSION = 1
WEIGHTS, MANIFEST = "weights.safetensors", "manifest.json"


def save(model: CompiledModel, path: str | PathLike[str]) -> None:
    """Writes a model to a new folder, or over a model that is there.

    Raises:
        FileError: If the folder cannot be written, holds something else, or a value of
            the program is of a type that JSON cannot hold.
    """
    from safetensors.numpy import save as encode

    target = Path(path)
    if target.exists() and not (target / MANIFEST).is_file():
        raise FileError(f"{target} exists and is no saved model; choose another path")
    tensors = {
        f"{part}:{key}": np.ascontiguousarray(array)
        for part, arrays in model.params.items()
        for key, array in arrays.items()
    }
    weights = encode({**tensors, "unembed": np.ascontiguousarray(model.unembed)})
    manifest = {**_manifest(model), "sha256": hashlib.sha256(weights).hexdigest()}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            made = Path(folder) / "model"
            made.mkdir()
            (made / WEIGHTS).write_bytes(weights)
            (made / MANIFEST).write_text(json.dumps(manifest, indent=1))
            if target.exists():
                shutil.rmtree(target)
            made.rename(target)
    except OSError as error:
        raise FileError(f"the model cannot be written to {target}: {error}") from error


def load(path: str | PathLike[str]) -> CompiledModel:
    """Reads a model that `save` wrote.

    Raises:
        FileError: If a file is missing, truncated, changed, or of another version.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as decode

    folder = Path(path)
    try:
        weights = (folder / WEIGHTS).read_bytes()
        manifest = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise FileError(f"{folder} holds no readable model: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise FileError(f"{folder / MANIFEST} is no manifest of an optitracr model")
    if manifest.get("version") != VERSION:
        raise FileError(
            f"{folder} is of version {manifest.get('version')!r}, and this code reads "
            f"{VERSION}; load it with the version of optitracr that wrote it"
        )
    if hashlib.sha256(weights).hexdigest() != manifest.get("sha256"):
        raise FileError(f"{folder / WEIGHTS} is truncated or changed; save the model again")
    try:
        return _model(manifest, decode(weights))
    except (KeyError, TypeError, ValueError, IndexError, SafetensorError) as error:
        raise FileError(f"{folder / MANIFEST} is malformed: {error!r}") from error


def _manifest(model: CompiledModel) -> dict[str, Any]:
    setting = model.setting
    output = model.output_encoder
    values = tuple(output.encoding_map) if isinstance(output, CategoricalEncoder) else None
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "name": model.name,
        "level": model.level,
        "config": asdict(model.model_config),
        "vocabulary": _encode(setting.vocabulary),
        "max_seq_len": setting.max_seq_len,
        "bos": setting.bos,
        "pad": setting.pad,
        "output_values": None if values is None else _encode(values),
        "size": asdict(model.size),
        "residual_labels": model.residual_labels,
        "savings": model.savings.as_dicts(),
        "layout": {
            "width": model.layout.width,
            "states": model.layout.states,
            "tenancies": [
                {
                    "label": t.variable.label,
                    "directions": [[d.variable, _encode(d.value)] for d in _directions(t)],
                    "values": _encode(t.variable.values),
                    "numerical": t.variable.numerical,
                    "birth": t.birth,
                    "end": t.end,
                    "columns": list(t.columns),
                }
                for t in model.layout.tenancies
            ],
        },
        "circuit": model.circuit.as_dict(),
        "allocation": json.loads(allocation_to_json(model.allocation)),
    }


def _directions(tenancy: Tenancy) -> tuple[Direction, ...]:
    return tenancy.variable.space.directions


def _encode(value: Any) -> Any:
    """A value as JSON; tuples are tagged, so that they come back as tuples."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple):
        return {"tuple": [_encode(part) for part in value]}
    if isinstance(value, np.generic):
        return value.item()
    raise FileError(
        f"the value {value!r} is a {type(value).__name__}, which a model file cannot hold; "
        "use numbers, strings, booleans and tuples of them"
    )


def _decode(value: Any) -> Any:
    return tuple(_decode(part) for part in value["tuple"]) if isinstance(value, dict) else value


def _model(data: dict[str, Any], tensors: dict[str, Any]) -> CompiledModel:
    params: dict[str, dict[str, Any]] = {}
    unembed = tensors.pop("unembed")
    for name, array in tensors.items():
        part, _, key = name.rpartition(":")
        params.setdefault(part, {})[key] = array
    config = ModelConfig(**data["config"])
    setting = Setting(
        _decode(data["vocabulary"]), data["max_seq_len"], data["bos"], data["pad"], config.causal
    )
    tokens = (*setting.vocabulary, setting.bos, setting.pad)
    return CompiledModel(
        name=data["name"],
        level=data["level"],
        params=params,
        unembed=unembed,
        model_config=config,
        input_encoder=CategoricalEncoder(
            tuple(Direction("tokens", token) for token in tokens),
            True,
            setting.bos,
            setting.pad,
            setting.max_seq_len + 1,
        ),
        output_encoder=_output_encoder(data),
        layout=_layout(data["layout"]),
        size=_size(data["size"]),
        allocation=allocation_from_json(json.dumps(data["allocation"])),
        setting=setting,
        reference=None,
        residual_labels=list(data["residual_labels"]),
        saved_circuit=_circuit(data["circuit"]),
        savings=_savings(data.get("savings", [])),
    )


def _output_encoder(data: dict[str, Any]) -> Encoder:
    if data["output_values"] is None:
        return NumericalEncoder()
    values = _decode(data["output_values"])
    return CategoricalEncoder(tuple(Direction(data["name"], value) for value in values))


def _layout(data: dict[str, Any]) -> Layout:
    tenancies = tuple(
        Tenancy(
            Variable(
                t["label"],
                Space(tuple(Direction(name, _decode(value)) for name, value in t["directions"])),
                _decode(t["values"]),
                t["numerical"],
            ),
            t["birth"],
            t["end"],
            tuple(t["columns"]),
        )
        for t in data["tenancies"]
    )
    return Layout(data["width"], data["states"], tenancies)


def _size(data: dict[str, Any]) -> Size:
    return Size(**{**data, "per_layer": tuple(LayerSize(**entry) for entry in data["per_layer"])})


def _savings(rows: list[dict[str, str]]) -> Savings:
    return Savings(tuple(Saving(r["variable"], SavingKind(r["kind"]), r["detail"]) for r in rows))


def _circuit(data: dict[str, Any]) -> Circuit:
    def tuples(entry: dict[str, Any]) -> dict[str, Any]:
        return {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}

    return Circuit(
        tuple(CircuitNode(**tuples(entry)) for entry in data["nodes"]),
        tuple(CircuitDimensions(**tuples(entry)) for entry in data["dimensions"]),
        tuple((writer, reader) for writer, reader in data["edges"]),
    )
