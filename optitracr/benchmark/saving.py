"""Scores of a suite in files: CSV, JSON, and a page."""

from __future__ import annotations

import json
from collections.abc import Callable
from os import PathLike
from typing import Any

from optitracr import arguments
from optitracr.benchmark.records import folder_of
from optitracr.benchmark.results import score_suite
from optitracr.benchmark.score_page import score_page
from optitracr.benchmark.tables import to_csv
from optitracr.errors import FileError
from optitracr.writing import shown_path, write_file


def _json(title: str, scores: dict[str, Any]) -> str:
    return f"{json.dumps(scores, indent=2, allow_nan=False)}\n"


WRITERS: dict[str, Callable[[str, dict[str, Any]], str]] = {
    ".csv": lambda title, scores: to_csv(scores),
    ".html": score_page,
    ".json": _json,
}
"""What the endings of files stand for."""


def save_scores(folder: str | PathLike[str], path: str | PathLike[str], seed: int = 0) -> None:
    """Writes what `score_suite` gives to a file.

    Args:
        folder: Of the suite.
        path: The file: `.csv` has a line for each mean, with its interval; `.json` the figures as
            they are; `.html` a page with pictures, which needs no other file and no network.
        seed: Of the bootstrap that intervals come from.

    Raises:
        InputError: If the seed is no natural number.
        FileError: If the folder holds no scores, or they cannot be read; or the file has another
            ending, or cannot be written.
    """
    target = arguments.path("path", path, "the name of a file as text or pathlib.Path")
    if target.suffix not in WRITERS:
        raise FileError(
            f"{shown_path(target)} ends in none of {', '.join(WRITERS)}; give it the ending of "
            "what is wanted"
        )
    scores = score_suite(folder, seed)
    title = folder_of(folder).resolve().name or "suite"
    write_file(target, WRITERS[target.suffix](title, scores).encode())
