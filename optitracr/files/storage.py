"""Bytes of files and folders: read within limits, written whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from optitracr.errors import FileError

GIVE = "give the folder that `save` wrote"


def shown_path(path: str | os.PathLike[str]) -> str:
    """A path for a message, in one line."""
    text = str(path)
    return text if text.isprintable() else ascii(text)


def read_bytes(path: Path, limit: int) -> bytes:
    """The content of a regular file.

    Args:
        path: The file; a symbolic link is followed.
        limit: Bytes that it may have.

    Raises:
        FileError: If it is missing, unreadable, no regular file, or too large.
    """
    name = shown_path(path)
    try:
        # A pipe without a writer would otherwise wait for one for ever.
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise FileError(f"{name} is missing; {GIVE}") from None
    except (OSError, ValueError) as error:
        raise FileError(f"{name} cannot be read: {reason_of(error)}; {GIVE}") from None
    try:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode):
            raise FileError(f"{name} is no regular file; {GIVE}")
        if found.st_size > limit:
            raise FileError(
                f"{name} has {found.st_size:,} bytes where at most {limit:,} can be; "
                "compile the program again and save it"
            )
        with os.fdopen(number, "rb", closefd=False) as file:
            return file.read(limit + 1)
    except FileError:
        raise
    except (OSError, MemoryError) as error:
        raise FileError(
            f"{name} cannot be read: {reason_of(error)}; check disk and memory"
        ) from None
    finally:
        os.close(number)


def write_file(path: Path, content: bytes) -> None:
    """Writes a file at once or not at all; what a link or a device leads to stays in place.

    Raises:
        FileError: If it cannot be written; a file that was there stays as it was.
    """
    name = shown_path(path)
    temporary: Path | None = None
    try:
        if path.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        target = path.resolve()
        if target.exists() and not target.is_file():
            target.write_bytes(content)
            return
        temporary = target.with_name(f".{target.name[:40]}.{os.getpid()}")
        temporary.write_bytes(content)
        temporary.replace(target)
    except (OSError, RuntimeError, ValueError) as error:  # Links in a circle among them.
        raise FileError(
            f"{name} cannot be written: {reason_of(error)}; name another file"
        ) from None
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Writes a folder of files, in place of one that stands there.

    The new folder is written beside its place and moved there when it is whole; the old one
    is removed only after that, and put back if the move fails.

    Args:
        target: The folder; no symbolic link.
        files: Content by name.

    Raises:
        FileError: If it cannot be written; what stood there stands there still.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name[:40]}.", dir=target.parent))
    except (OSError, ValueError) as error:
        raise _cannot_write(target, error) from None
    old = beside / "old"
    try:
        _fill(beside / "new", files)
        _swap(beside / "new", target, old)
    except (OSError, ValueError, MemoryError) as error:
        raise _cannot_write(target, error, old) from None
    finally:
        if os.path.lexists(target) or not old.exists():
            shutil.rmtree(beside, ignore_errors=True)


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, content in files.items():
        with (folder / name).open("wb") as file:
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
