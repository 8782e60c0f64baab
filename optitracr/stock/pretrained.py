"""A stock transformer as a checkpoint that `transformers` opens."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from optitracr import arguments
from optitracr.errors import FileError
from optitracr.files.saving import MANIFEST, WEIGHTS, encode
from optitracr.model.known import known_of
from optitracr.model.transformer import Transformer
from optitracr.stock.card import card
from optitracr.stock.form import StockForm, stock_form
from optitracr.stock.proving import form_proof, known_form
from optitracr.stock.tokenizer import tokenizer_of
from optitracr.stock.transformers_model import to_transformers
from optitracr.writing import reason_of, shown_path, write_folder

CARD, ROTATION = "README.md", "rotation.safetensors"

CHECKPOINT = ("config.json", MANIFEST, "model.safetensors", WEIGHTS)
"""Files by which a checkpoint of ours is known, which may be replaced."""


def save_pretrained(model: Transformer, folder: str | PathLike[str], rotate: int | None) -> None:
    """Writes the form of a model; see `CompiledModel.save_pretrained`."""
    given = arguments.path("folder", folder, "the folder of a checkpoint as text or pathlib.Path")
    target = _target(given)
    form = stock_form(model, rotate)
    known = form_proof(model) if rotate is None else known_form(model, rotate=rotate)
    stock = to_transformers(form)
    files = encode(model, target) | saved_files(stock) | saved_files(tokenizer_of(model))
    files[CARD] = card(model, form, known, known_of(model)).encode()
    if form.basis is not None:
        files[ROTATION] = _rotation(form)
    write_folder(target, files)


def _target(folder: Path) -> Path:
    """The folder to write to, symbolic links followed.

    Raises:
        FileError: If something else than a checkpoint of ours stands there.
    """
    try:
        target = Path(os.path.realpath(folder))
        if not os.path.lexists(target):
            return target
        inside = {entry.name for entry in target.iterdir()}
    except (OSError, ValueError) as error:
        raise FileError(
            f"{shown_path(folder)} exists and is no checkpoint ({reason_of(error)}); choose "
            "another path"
        ) from None
    if inside and not inside.issuperset(CHECKPOINT):
        raise FileError(
            f"{shown_path(folder)} exists and is no checkpoint of optitracr's; choose another path"
        )
    return target


def saved_files(part: Any) -> dict[str, bytes]:
    """The files that `save_pretrained` of `transformers` writes for a model or a tokenizer."""
    with tempfile.TemporaryDirectory() as folder, _no_progress():
        part.save_pretrained(folder)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


@contextmanager
def _no_progress() -> Iterator[None]:
    """Shows no progress bar of `transformers`: what is written is small."""
    from transformers.utils import logging

    if not logging.is_progress_bar_enabled():
        yield
        return
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _rotation(form: StockForm) -> bytes:
    from safetensors.numpy import save

    assert form.basis is not None, "only what was rotated has a rotation"
    return save({"basis": np.ascontiguousarray(form.basis)})
