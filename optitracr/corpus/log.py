"""The log of a run: what was measured, one JSON object a line. Nothing of it is in the files."""

from __future__ import annotations

import json
import os
import platform
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from optitracr.errors import FileError
from optitracr.writing import reason_of, shown_path


class Log:
    """A file of its own for each run."""

    def __init__(self, folder: Path) -> None:
        """Begins it.

        Raises:
            FileError: If it cannot be written.
        """
        try:
            folder.mkdir(exist_ok=True)
            number = sum(1 for _ in folder.iterdir())
            self._path = folder / f"{number:04}.jsonl"
            self._file = self._path.open("x")
        except OSError as error:
            raise FileError(
                f"{shown_path(folder)} cannot be written: {reason_of(error)}; make room, or move "
                "what is in it"
            ) from None

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def add(self, event: str, **facts: Any) -> None:
        """Writes a line.

        Args:
            event: What happened.
            facts: What is known of it.

        Raises:
            FileError: If it cannot be written.
        """
        try:
            self._file.write(json.dumps({"event": event, **facts}) + "\n")
            self._file.flush()
        except OSError as error:
            raise FileError(
                f"{shown_path(self._path)} cannot be written: {reason_of(error)}; make room; the "
                "same command goes on where this one ended"
            ) from None


def surroundings() -> dict[str, Any]:
    """When, where and by what a run is made."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": socket.gethostname(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "pid": os.getpid(),
    }


def peak_memory() -> int:
    """Bytes of memory that this process has taken at most; 0 where that is not known."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)
