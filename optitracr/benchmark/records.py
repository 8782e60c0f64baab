"""The folder of a suite, and the files in it that scores are kept in: a line a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optitracr import arguments
from optitracr.errors import FileError, InputError
from optitracr.writing import reason_of, shown_path, write_file

MODELS, SCORES = "models", "scores"
"""Folders within a suite's: the corpus of its models, and one file a method."""

GROUPS = ("tier", "split")
"""What a model of a suite may be one of, and scores are averaged by."""


def folder_of(folder: object) -> Path:
    """The folder of a suite, by what was given for it.

    Raises:
        InputError: If it is no name of a file.
    """
    return arguments.path("folder", folder, "the folder of a suite as text or pathlib.Path")


def about(row: Mapping[str, Any]) -> dict[str, Any]:
    """Which model a line of scores is of: its place, name, and tier and split if it has them."""
    known = {name: row[name] for name in GROUPS if row.get(name) is not None}
    return {"index": row["index"], "name": row["name"], **known}


def entries(path: Path) -> list[dict[str, Any]]:
    """What a file of scores holds; a last line that is cut off is none.

    Raises:
        FileError: If it cannot be read.
    """
    if not path.exists():
        return []
    try:
        lines = path.read_text(encoding="ascii").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]
    except (OSError, ValueError) as error:
        raise FileError(f"{shown_path(path)} cannot be read: {reason_of(error)}") from None


def gone_on_with(path: Path, seed: int) -> set[int]:
    """The models that a file of scores has; a last line that was cut off is taken away.

    Raises:
        FileError: If it cannot be read, or written.
        InputError: If it was made with another seed.
    """
    found = entries(path)
    for entry in found:
        if entry["seed"] != seed:
            raise InputError(
                f"{shown_path(path)} was made with seed {entry['seed']}; give that one, or remove "
                "the file"
            )
    if path.exists():
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            write_file(path, whole)
    return {entry["index"] for entry in found}


def append(path: Path, entry: dict[str, Any]) -> None:
    """Adds a line.

    Raises:
        FileError: If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as file:
            file.write(f"{json.dumps(entry, allow_nan=False)}\n")
    except OSError as error:
        raise FileError(f"{shown_path(path)} cannot be written: {reason_of(error)}") from None
