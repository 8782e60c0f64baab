"""What of a suite others open: checkpoints that `transformers` reads, and models without circuits.

Of a model that is held back the weights are published, and inputs to patch from; what it computes
and its circuit are not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from optitracr import corpus
from optitracr.benchmark.entries import DATA, NOT_ROTATED, is_held_back, is_published, task_for
from optitracr.benchmark.methods import Task
from optitracr.circuit.edge_attribution import edge_name
from optitracr.compiled import CompiledModel
from optitracr.corpus.tables import write_table
from optitracr.stock.transformers_model import to_transformers
from optitracr.writing import write_folder

HUB, BLIND = "hub", "blind"
"""Folders of checkpoints: those of public models, and those without what they compute."""

BLIND_COLUMNS = {
    "index": "int64",
    "tier": "string",
    "architecture": "string",
    "layers": "int32",
    "width": "int32",
    "heads": "int32",
    "neurons": "int64",
    "edges": "list",
    "tokens": "string",
    "corrupted": "string",
    "checkpoint": "string",
}
"""What is published of models that are held back."""


def publish(
    folder: Path, rows: Sequence[dict[str, Any]], collection: corpus.Corpus, seed: int
) -> None:
    """Writes the checkpoints of models where they are missing, and notes them in their rows.

    Args:
        folder: Of the suite.
        rows: The models.
        collection: The corpus that they are in.
        seed: Of the inputs that are published with models held back.

    Raises:
        FileError: If a file cannot be written.
    """
    known = {row["index"]: row for row in collection.rows()}
    blind = []
    for row in rows:
        if not is_held_back(row) and not is_published(row):
            continue
        model = collection.model(known[row["row"]])
        if not is_held_back(row):
            row["checkpoint"] = f"{HUB}/{row['index']}-{row['name']}"
            _checkpoint(folder / row["checkpoint"], model, row)
            continue
        row["checkpoint"] = f"{BLIND}/{row['index']}"
        _without_circuit(folder / row["checkpoint"], model, row)
        blind.append(_blind_row(row, task_for(model, row["rotate"], seed, is_published(row))))
    if blind:
        (folder / DATA).mkdir(parents=True, exist_ok=True)
        write_table(folder / DATA / f"{BLIND}.parquet", blind, BLIND_COLUMNS)


def _turn(row: Mapping[str, Any]) -> int | None:
    return None if row["rotate"] == NOT_ROTATED else int(row["rotate"])


@contextmanager
def _without_bars() -> Iterator[None]:
    """Keeps `transformers` from drawing a bar for every checkpoint."""
    logging: Any = import_module("transformers.utils.logging")
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _checkpoint(place: Path, model: CompiledModel, row: Mapping[str, Any]) -> None:
    """The published form with its tokenizer, card, and circuit."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with _without_bars():
            model.save_pretrained(place, _turn(row))


def _without_circuit(place: Path, model: CompiledModel, row: Mapping[str, Any]) -> None:
    """The weights alone: a checkpoint of `transformers`, or the arrays of a plain model."""
    if place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if is_published(row):
        from optitracr.stock.pretrained import saved_files

        with _without_bars():
            files = saved_files(to_transformers(model.stock(_turn(row))))
        write_folder(place, files)
        return
    from safetensors.numpy import save

    arrays = {name: np.ascontiguousarray(array) for name, array in _arrays(model)}
    config = {
        "layers": model.model_config.num_layers,
        "heads": model.model_config.num_heads,
        "head_size": model.model_config.key_size,
        "neurons": model.model_config.mlp_hidden_size,
        "causal": model.model_config.causal,
        "bos": model.input_encoder.bos_encoding,
        "pad": model.input_encoder.pad_encoding,
    }
    files = {"model.safetensors": save(arrays), "config.json": json.dumps(config).encode()}
    write_folder(place, files)


def _arrays(model: CompiledModel) -> Iterator[tuple[str, Any]]:
    """The weights by name."""
    for part, arrays in model.params.items():
        for name, array in arrays.items():
            yield f"{part}/{name}", np.asarray(array)
    yield "unembed", np.asarray(model.unembed)


def _blind_row(row: Mapping[str, Any], task: Task) -> dict[str, Any]:
    own = {name: row[name] for name in BLIND_COLUMNS if name in row}
    return {
        **own,
        "edges": [edge_name(*edge) for edge in task.edges],
        "tokens": json.dumps(task.tokens.tolist()),
        "corrupted": json.dumps(task.corrupted.tolist()),
    }
