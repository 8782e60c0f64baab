"""Bytes of files that a model is read from, within limits."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from optitracr.errors import FileError
from optitracr.writing import reason_of, shown_path

GIVE = "give the folder that `save` wrote"


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
