"""Scores of models that are held back, by whoever has no more of these than what is published.

A submission is a file of JSON lines, one for each model of `data/blind.parquet`: its `index`, and
`scores`, a number for each of its `edges`, in their order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

from optitracr import arguments
from optitracr.benchmark.entries import PRIVATE, Entry, entries_of, is_held_back
from optitracr.benchmark.jobs import figures_of
from optitracr.benchmark.methods import METHODS
from optitracr.benchmark.network import one_thread
from optitracr.benchmark.records import SCORES, about, folder_of
from optitracr.benchmark.suite import ABOUT
from optitracr.benchmark.variable_methods import VARIABLE_METHODS
from optitracr.errors import FileError, InputError
from optitracr.writing import reason_of, shown_path, write_file

FIELDS = ("index", "scores")
"""Of a line of a submission."""


def judge(folder: str | PathLike[str], submission: str | PathLike[str], name: str) -> int:
    """Scores what others found on the models that are held back, and keeps it by a name.

    Inputs are those that were published, so that `faithfulness` is of them too.

    Args:
        folder: Of the whole suite, with its private part.
        submission: The file; it has every model that is held back, once.
        name: What the method is called, among the scores of the suite.

    Returns:
        How many models were scored.

    Raises:
        InputError: If the name is none like those of Python, or that of a method of the library.
        FileError: If the folder holds no models that are held back, or has scores by that name;
            or the submission cannot be read, lacks a model, or has something else than a number
            an edge.
        MissingExtraError: If PyTorch is not installed.
    """
    place = folder_of(folder)
    path = arguments.path("submission", submission, "the name of a file as text or pathlib.Path")
    wanted = "a name like those of Python, which no method of the library has"
    name = arguments.text("name", name)
    if not name.isidentifier() or name in METHODS or name in VARIABLE_METHODS:
        arguments.refuse("name", name, wanted)
    target = place / SCORES / f"{name}.jsonl"
    if target.exists():
        raise FileError(f"{shown_path(target)} exists; give another name, or remove the file")
    held = {entry.about["index"]: entry for entry in entries_of(place) if is_held_back(entry.about)}
    if not held:
        raise FileError(
            f"{shown_path(place)} holds no models that are held back; judging takes the whole "
            f"suite, with its folder {PRIVATE}"
        )
    lines = _lines(path, held)
    seed = _seed(place)
    with one_thread():
        found = [_judged(path, held[index], seed, *lines[index]) for index in sorted(held)]
    target.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{json.dumps(line, allow_nan=False)}\n" for line in found)
    write_file(target, text.encode("ascii"))
    return len(found)


def _judged(path: Path, entry: Entry, seed: int, number: int, scores: Any) -> dict[str, Any]:
    """The line of one model among the scores of the suite."""
    task = entry.task(entry.model(), seed)
    try:
        figures = figures_of(task, scores)
    except InputError as error:
        raise FileError(f"line {number} of {shown_path(path)}: {error}") from None
    return {**about(entry.about), "seed": seed, **figures}


def _seed(folder: Path) -> int:
    """The seed of the inputs that were published with the models."""
    path = folder / PRIVATE / ABOUT
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["request"]["seed"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileError(f"{shown_path(path)} cannot be read: {reason_of(error)}") from None


def _lines(path: Path, held: dict[int, Entry]) -> dict[int, tuple[int, Any]]:
    """For each model the number of its line, and what that gives.

    Raises:
        FileError: If the file is no submission.
    """
    found: dict[int, tuple[int, Any]] = {}
    for number, line in _parsed(path):
        index = line["index"]
        what = f"line {number} of {shown_path(path)}"
        if type(index) is not int or index not in held:
            raise FileError(
                f"{what} is of model {arguments.shown(index)}, which is none of those held back; "
                "give the index of a row of data/blind.parquet"
            )
        if index in found:
            raise FileError(f"{what} is of model {index}, as line {found[index][0]} is; give one")
        found[index] = number, line["scores"]
    missing = sorted(held.keys() - found.keys())
    if missing:
        raise FileError(
            f"{shown_path(path)} lacks {len(missing):,} of {len(held):,} models, such as "
            f"{missing[0]}; give a line for each row of data/blind.parquet"
        )
    return found


def _parsed(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise FileError(f"{shown_path(path)} cannot be read: {reason_of(error)}") from None
    for number, text in enumerate(lines, 1):
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            line = None
        if not isinstance(line, dict) or set(line) != set(FIELDS):
            raise FileError(
                f"line {number} of {shown_path(path)} is no object with {' and '.join(FIELDS)}; "
                'give {"index": ..., "scores": [...]}, a line a model'
            )
        yield number, line
