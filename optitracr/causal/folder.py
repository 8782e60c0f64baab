"""A folder of pairs as the hub lays data sets out: Parquet files, and a card with a YAML head."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any

from optitracr import arguments
from optitracr.errors import FileError
from optitracr.extras import require
from optitracr.version import __version__
from optitracr.writing import shown_path, write_folder

EXTRA = "corpus"
"""The extra that installs PyArrow."""

FILE = "train.parquet"

CARD = """---
configs:
- config_name: default
  data_files:
  - split: train
    path: {file}
tags:
- interpretability
---

# Counterfactual pairs

{count:,} pairs of a `base` and a `source`, with the model's integers (`base_ids`, `source_ids`),
the program's output on each, and under `outputs` the output on the base where one variable takes
the value that it has on the source. Values are JSON; null stands for None. Written by optitracr
{version}.

{listed}
"""


def save(
    path: str | PathLike[str], columns: Mapping[str, Sequence[Any]], listed: Iterable[object]
) -> None:
    """Writes the folder, in place of one that stands there and holds nothing else.

    Args:
        path: The folder.
        columns: The table.
        listed: Lines for the card.

    Raises:
        MissingExtraError: If PyArrow is not installed.
        FileError: If the folder cannot be written, or holds something else.
    """
    target = arguments.path("path", path, "the name of a folder as text or pathlib.Path")
    count = len(next(iter(columns.values())))
    files = {"README.md": _card(count, listed).encode(), FILE: _table(columns)}
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise FileError(f"{shown_path(target)} is no folder; name another one")
    if target.is_dir() and {entry.name for entry in target.iterdir()} - set(files):
        raise FileError(
            f"{shown_path(target)} holds something else; name an empty folder, or a new one"
        )
    write_folder(target, files)


def _card(count: int, listed: Iterable[object]) -> str:
    lines = "\n".join(f"- {line}" for line in listed)
    if lines:
        lines = f"## Variables that are not told apart\n\n{lines}"
    return CARD.format(file=FILE, count=count, version=__version__, listed=lines)


def _table(columns: Mapping[str, Sequence[Any]]) -> bytes:
    pa = require("pyarrow", "PyArrow", EXTRA)
    parquet = require("pyarrow.parquet", "PyArrow", EXTRA)
    buffer = io.BytesIO()
    parquet.write_table(pa.table({name: list(rows) for name, rows in columns.items()}), buffer)
    return buffer.getvalue()


def as_json(value: Any) -> str:
    """A value as JSON; what JSON has no form for is written as text."""
    return json.dumps(value, default=str)
