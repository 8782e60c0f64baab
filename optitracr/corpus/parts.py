"""Parts of a split: a table of rows, and beside it the weights of these rows in one file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.corpus.tables import MODELS, write_table
from optitracr.errors import FileError
from optitracr.writing import reason_of, shown_path

PART_ROWS = 2_000
"""Rows of one part: few enough that a file of weights with some 25 tensors a model opens at once,
and that one part is held in memory while it is gathered."""

PART_BYTES = 1 << 28
"""Bytes of weights of one part, where models are large."""

DATA, WEIGHTS = "data", "weights"
"""The folders of tables and of weights."""


class Parts:
    """The rows of one split, written part by part.

    Attributes:
        rows: How many rows there are.
    """

    def __init__(self, folder: Path, split: str) -> None:
        """Nothing is written yet.

        Args:
            folder: Where the corpus is put together.
            split: The split.
        """
        self._folder, self._split = folder, split
        self._gathered: list[Mapping[str, Any]] = []
        self._tensors: dict[str, NDArray[np.float32]] = {}
        self._bytes, self._part = 0, 0
        self.rows = 0

    def add(self, row: Mapping[str, Any], weights: bytes) -> None:
        """Adds a row and its weights.

        Raises:
            FileError: If a part cannot be written.
        """
        from safetensors.numpy import load

        place = f"{WEIGHTS}/{self._split}-{self._part:05}.safetensors"
        self._gathered.append({**row, "weights": place})
        for name, tensor in load(weights).items():
            self._tensors[tensor_name(row["index"], name)] = tensor
        self._bytes += len(weights)
        self.rows += 1
        if len(self._gathered) == PART_ROWS or self._bytes >= PART_BYTES:
            self.flush()

    def flush(self) -> None:
        """Writes the part that was gathered, if there is one.

        Raises:
            FileError: If it cannot be written.
        """
        if not self._gathered:
            return
        name = f"{self._split}-{self._part:05}"
        write_table(self._folder / DATA / f"{name}.parquet", self._gathered, MODELS)
        _write_tensors(self._folder / WEIGHTS / f"{name}.safetensors", self._tensors)
        self._gathered, self._tensors = [], {}
        self._bytes, self._part = 0, self._part + 1


def tensor_name(index: int, name: str) -> str:
    """What a model's tensor is called beside those of others."""
    return f"{index}/{name}"


def _write_tensors(path: Path, tensors: dict[str, NDArray[np.float32]]) -> None:
    from safetensors.numpy import save

    try:
        path.write_bytes(save(tensors))
    except OSError as error:
        raise FileError(
            f"{shown_path(path)} cannot be written: {reason_of(error)}; make room and run the same "
            "command again, which goes on where this one ended"
        ) from None
