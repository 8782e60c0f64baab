"""The folder of a suite, and the files in it that scores are kept in: a line a model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optitracr import arguments
from optitracr.errors import FileError, InputError
from optitracr.writing import reason_of, shown_path

MODELS, SCORES = "models", "scores"
"""Folders within a suite's: the corpus of its models, and one file a method."""


def folder_of(folder: object) -> Path:
    """The folder of a suite, by what was given for it.

    Raises:
        InputError: If it is no name of a file.
    """
    return arguments.path("folder", folder, "the folder of a suite as text or pathlib.Path")


def entries(path: Path, seed: int | None) -> Iterator[dict[str, Any]]:
    """What a file of scores holds; a line that was cut off is none.

    Raises:
        FileError: If it cannot be read.
        InputError: If it was made with another seed.
    """
    if not path.exists():
        return
    try:
        lines = path.read_text(encoding="ascii").splitlines(keepends=True)
        found = [json.loads(line) for line in lines if line.endswith("\n")]
        if lines and not lines[-1].endswith("\n"):
            path.write_text("".join(lines[:-1]), encoding="ascii")
    except (OSError, ValueError) as error:
        raise FileError(f"{shown_path(path)} cannot be read: {reason_of(error)}") from None
    for entry in found:
        if seed is not None and entry["seed"] != seed:
            raise InputError(
                f"{shown_path(path)} was made with seed {entry['seed']}; give that one, or remove "
                "the file"
            )
        yield entry


def append(path: Path, entry: dict[str, Any]) -> None:
    """Adds a line.

    Raises:
        FileError: If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as file:
            file.write(f"{json.dumps(entry)}\n")
    except OSError as error:
        raise FileError(f"{shown_path(path)} cannot be written: {reason_of(error)}") from None
