"""Reading a corpus: its rows, and of each the model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any

from optitracr import arguments
from optitracr.compiled import CompiledModel, with_verbs
from optitracr.corpus.folder import Folder
from optitracr.corpus.merging import DUPLICATES_FILE, FAILURES_FILE, Counts
from optitracr.corpus.parts import DATA, tensor_name
from optitracr.corpus.request import SPLITS
from optitracr.corpus.tables import read_rows
from optitracr.errors import FileError, InputError
from optitracr.files.saving import decode
from optitracr.writing import reason_of, shown_path

Row = dict[str, Any]

OPEN_FILES = 8
"""Files of weights that are kept open, so that rows in order find theirs open already."""


class Corpus:
    """A corpus that was made.

    Attributes:
        folder: Where it is.
        request: What it was asked for: programs, options, split, versions.
        counts: How many programs there are of each sort.
    """

    def __init__(self, folder: Path, request: dict[str, Any], counts: Counts) -> None:
        """A corpus; `load` reads one."""
        self.folder, self.request, self.counts = folder, request, counts

    def __len__(self) -> int:
        """Models of all splits."""
        return self.counts.rows

    def __iter__(self) -> Iterator[Row]:
        """The rows of all splits."""
        return self.rows()

    def __repr__(self) -> str:
        return f"Corpus({shown_path(self.folder)!r}, {len(self):,} models)"

    def rows(self, split: str | None = None) -> Iterator[Row]:
        """The rows of a split, or of all, in order.

        Args:
            split: "train", "validation" or "test".

        Raises:
            InputError: If there is no such split.
            FileError: If a table cannot be read.
        """
        names = SPLITS if split is None else (arguments.choice("split", split, SPLITS),)
        for name in names:
            for path in sorted((self.folder / DATA).glob(f"{name}-*.parquet")):
                yield from read_rows(path)

    def failures(self) -> Iterator[Row]:
        """The programs of which no model was made, with their reasons."""
        return read_rows(self.folder / DATA / FAILURES_FILE)

    def duplicates(self) -> Iterator[Row]:
        """The programs that equal one before them."""
        return read_rows(self.folder / DATA / DUPLICATES_FILE)

    def model(self, row: Mapping[str, Any]) -> CompiledModel:
        """The model of a row; see `model_of`."""
        return model_of(row, self.folder)


def load(folder: str | PathLike[str]) -> Corpus:
    """Reads what a corpus is; its rows are read when they are asked for.

    Args:
        folder: The folder.

    Raises:
        FileError: If it holds no corpus, or one that is unfinished.
    """
    place = arguments.path("folder", folder, "the folder of a corpus as text or pathlib.Path")
    about = Folder(place).about()
    if not about["complete"]:
        raise FileError(
            f"{shown_path(place)} is unfinished; the call or command that began it goes on with it"
        )
    return Corpus(place, about["request"], Counts(**about["counts"]))


def model_of(row: Mapping[str, Any], folder: str | PathLike[str]) -> CompiledModel:
    """The model of a row, as `optitracr.load` reads a saved one.

    Args:
        row: A row of the tables, read by whatever.
        folder: The corpus.

    Raises:
        InputError: If the row is none of a corpus.
        FileError: If the weights are missing, or something was changed since.
    """
    wanted = "a row of a corpus, with all of its columns"
    given: Mapping[str, Any] = arguments.instance("row", row, Mapping, wanted)
    missing = [name for name in ("manifest", "program", "weights", "index") if name not in given]
    if missing:
        raise InputError(f"row has no {', '.join(missing)}; give {wanted}")
    place = arguments.path("folder", folder, "the folder of a corpus as text or pathlib.Path")
    manifest = {**json.loads(given["manifest"]), "program": json.loads(given["program"])}
    where = place / str(given["weights"]) / str(given["index"])
    text = json.dumps(manifest, allow_nan=False).encode("ascii")
    return with_verbs(decode(where, text, lambda limit: _weights(place, given)))


def _weights(folder: Path, row: Mapping[str, Any]) -> bytes:
    """The weights of a row as a file of their own holds them.

    Raises:
        FileError: If they are not there.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save

    path, prefix = folder / str(row["weights"]), tensor_name(row["index"], "")
    try:
        file = _opened(str(path), path.stat().st_mtime_ns)
        names = _names(str(path), path.stat().st_mtime_ns).get(prefix, ())
        return bytes(save({name.removeprefix(prefix): file.get_tensor(name) for name in names}))
    except (OSError, SafetensorError) as error:
        raise FileError(
            f"{shown_path(path)} cannot be read: {reason_of(error)}; make the corpus again in "
            "another folder"
        ) from None


@lru_cache(maxsize=OPEN_FILES)
def _opened(path: str, changed: int) -> Any:
    from safetensors import safe_open

    return safe_open(path, framework="numpy")


@lru_cache(maxsize=OPEN_FILES)
def _names(path: str, changed: int) -> dict[str, list[str]]:
    """The names of tensors by the row that they belong to."""
    found: dict[str, list[str]] = {}
    for name in _opened(path, changed).keys():  # noqa: SIM118
        found.setdefault(name[: name.index("/") + 1], []).append(name)
    return found
