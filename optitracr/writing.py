"""Files and folders, written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from optitracr.errors import FileError

PREFIX = 40
"""Characters of a file's name in that of the folder beside it, so that the whole is no longer than
file systems allow, 255 bytes of up to four a character."""


def shown_path(path: str | os.PathLike[str]) -> str:
    """A path for a message, in one line."""
    text = str(path)
    return text if text.isprintable() else ascii(text)


def write_file(path: Path, content: bytes) -> None:
    """Writes a file at once or not at all; what a link or a device leads to stays in place.

    Raises:
        FileError: If it cannot be written; a file that was there stays as it was.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        target = path.resolve()
        if target.exists() and not target.is_file():
            target.write_bytes(content)
            return
        with _beside(target) as folder:
            _fill(folder / "new", content)
            (folder / "new").replace(target)
    except (OSError, RuntimeError, ValueError) as error:  # Links in a circle among them.
        raise FileError(
            f"{shown_path(path)} cannot be written: {reason_of(error)}; name another file"
        ) from None


def write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Writes a folder of files, in place of one that stands there.

    The old folder is removed only when the new one is whole and in its place, and is put back if
    the move fails.

    Args:
        target: The folder; no symbolic link.
        files: Content by name.

    Raises:
        FileError: If it cannot be written; what stood there stands there still.
    """
    old: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _beside(target) as folder:
            new, old = folder / "new", folder / OLD
            new.mkdir()
            for name, content in files.items():
                _fill(new / name, content)
            _swap(new, target, old)
    except (OSError, ValueError, MemoryError) as error:
        raise _cannot_write(target, error, old) from None


OLD = "old"
"""Where in the folder beside it the old one is kept until the new one is in its place."""


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A folder beside a place, to write there what is to be moved to the place when it is whole.

    It goes afterwards, unless it holds what stood at the place and could not be put back.
    """
    name = f".{target.name[:PREFIX]}."
    folder = Path(tempfile.mkdtemp(prefix=name, dir=target.parent))
    try:
        yield folder
    finally:
        if os.path.lexists(target) or not (folder / OLD).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _fill(path: Path, content: bytes) -> None:
    """Writes a new file, down to the disk: a move that is known must not lead to half a file."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _swap(new: Path, target: Path, old: Path) -> None:
    """Moves the new folder to its place; a folder that is there moves away first."""
    replaced = os.path.lexists(target)
    if replaced:
        target.rename(old)
    try:
        new.rename(target)
    except BaseException:
        if replaced and not os.path.lexists(target):
            old.rename(target)
        raise


def _cannot_write(target: Path, error: BaseException, old: Path | None = None) -> FileError:
    kept = ""
    if old is not None and old.exists() and not os.path.lexists(target):
        kept = f"; the old model is now in {shown_path(old)}"
    return FileError(
        f"{shown_path(target)} cannot be written: {reason_of(error)}; choose another path or make "
        f"room{kept}"
    )


def reason_of(error: BaseException) -> str:
    """What is wrong, in the system's words where it has some."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
