"""Files that a command is to write: what is wrong with them is said before the work."""

from __future__ import annotations

import os
from pathlib import Path

from optitracr.errors import FileError, InputError
from optitracr.export.storage import shown_path

FIGURES = (".png", ".svg", ".pdf")


def check_output(*paths: Path | None) -> None:
    """Checks that files can be written, as far as that shows without writing.

    Raises:
        FileError: If there is no such folder, or the file or its folder is barred.
        InputError: If two of them are one.
    """
    given = [path for path in paths if path is not None]
    for path in given:
        folder, name = path.parent, shown_path(path)
        if "\0" in str(path):
            raise FileError(f"{name} is no name of a file; choose another one")
        if path.is_dir():
            raise FileError(f"{name} cannot be written: it is a folder; name a file in it")
        if not folder.is_dir():
            raise FileError(
                f"{name} cannot be written: there is no folder {shown_path(folder)}; make it"
            )
        if not os.access(path if path.exists() else folder, os.W_OK):
            raise FileError(f"{name} cannot be written: permission denied; name another file")
    if len({path.resolve() for path in given}) < len(given):
        raise InputError(f"{shown_path(given[0])} is to hold two things; name two files")


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
