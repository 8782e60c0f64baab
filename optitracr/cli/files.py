"""Files that a command is to write: what is wrong with them is said before the work."""

from __future__ import annotations

import os
from pathlib import Path

from optitracr.errors import FileError, InputError
from optitracr.writing import reason_of, shown_path

FIGURES = (".png", ".svg", ".pdf")


def check_output(*paths: Path | None) -> None:
    """Checks that files can be written, as far as that shows without writing.

    Raises:
        FileError: If there is no such folder, or the file or its folder is barred.
        InputError: If two of them are one.
    """
    given = [path for path in paths if path is not None]
    distinct: set[Path] = set()
    for path in given:
        try:
            reason = _barred(path)
            distinct.add(path.resolve())
        except (OSError, RuntimeError, ValueError) as error:
            # Names that are too long, links in a circle, a current folder that is gone.
            reason = f"{reason_of(error)}; name another file"
        if reason:
            raise FileError(f"{shown_path(path)} cannot be written: {reason}")
    if len(distinct) < len(given):
        raise InputError(f"{shown_path(given[0])} is to hold two things; name two files")


def _barred(path: Path) -> str:
    """What bars a file from being written, and what to do; "" if nothing does."""
    folder = path.parent
    if path.is_dir():
        return "it is a folder; name a file in it"
    if not (folder.is_dir() and os.access(folder, os.X_OK)):
        return f"there is no folder {shown_path(folder)}; make it"
    if not os.access(path if path.exists() else folder, os.W_OK):
        return "permission denied; name another file"
    return ""


def check_figure(path: Path | None) -> None:
    """Checks that a picture can be drawn into a file of that name.

    Raises:
        InputError: If its kind is unknown.
        MissingExtraError: If matplotlib is not installed.
    """
    if path is None:
        return
    if path.suffix.lower() not in FIGURES:
        raise InputError(
            f"{shown_path(path)} ends in none of {', '.join(FIGURES)}; name such a file"
        )
    from optitracr.draw.style import pyplot

    pyplot()
