"""The folder of a corpus: what it was asked for, what stands in it, who is at work in it.

corpus.json      what it is, and when it is whole the counts and digests of all files
README.md        the data card
data/            tables
weights/         weights
log/             what was measured, run by run
work/            the journal, while the corpus is made
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from optitracr.corpus.parts import DATA, WEIGHTS
from optitracr.corpus.request import differences
from optitracr.errors import FileError
from optitracr.writing import reason_of, shown_path, write_file

SCHEMA, VERSION = "optitracr-corpus", 1
"""Of corpus.json; the version is counted up when code of the one before cannot read it any more."""

ABOUT, CARD, LOG, WORK = "corpus.json", "README.md", "log", "work"
JOURNAL, LOCK, NEW = "journal", "lock", "new"

DIGEST_BYTES = 1 << 20
"""Bytes that are read at once for a digest: enough that reading is no slower than hashing."""


class Folder:
    """The folder of a corpus.

    Attributes:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        """Nothing is looked at yet.

        Args:
            path: The folder.
        """
        self.path = path

    @property
    def work(self) -> Path:
        """Where the corpus is made."""
        return self.path / WORK

    @property
    def journal(self) -> Path:
        """What became of each program."""
        return self.work / JOURNAL

    def about(self) -> dict[str, Any]:
        """What the folder says of itself.

        Raises:
            FileError: If it is no folder of a corpus, or of a newer version.
        """
        place = self.path / ABOUT
        try:
            found = json.loads(place.read_bytes())
            whole = isinstance(found, dict) and found.get("schema") == SCHEMA
        except (OSError, ValueError):
            whole = False
        if not whole:
            raise FileError(
                f"{shown_path(self.path)} holds no corpus; give a folder that `corpus.make` made"
            )
        if found["version"] != VERSION:
            raise FileError(
                f"{shown_path(place)} is of version {found['version']}, and this code reads "
                f"{VERSION}; upgrade with pip install -U optitracr"
            )
        return dict(found)

    def open(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begins a corpus, or finds the one that was asked for in the same way.

        Raises:
            FileError: If something else stands there, or a corpus that was asked for otherwise,
                or it cannot be written.
        """
        try:
            there = os.path.lexists(self.path) and {path.name for path in self.path.iterdir()}
        except OSError as error:
            raise self._error(error) from None
        # A run that was killed before its first file leaves the folder for the journal alone.
        if not there or there == {WORK}:
            try:
                self.work.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise self._error(error) from None
            self.write_about({"request": request, "complete": False})
        about = self._known()
        found = differences(about["request"], request)
        if found:
            raise FileError(
                f"{shown_path(self.path)} holds another corpus: {'; '.join(found)}; ask for the "
                "same, or name another folder"
            )
        return about

    def _known(self) -> dict[str, Any]:
        try:
            return self.about()
        except FileError as error:
            if (self.path / ABOUT).exists():
                raise
            raise FileError(
                f"{shown_path(self.path)} exists and is no corpus; name another folder"
            ) from error

    def write_about(self, about: dict[str, Any]) -> None:
        """Writes what the folder says of itself.

        Raises:
            FileError: If it cannot be written.
        """
        data = {"schema": SCHEMA, "version": VERSION, **about}
        text = json.dumps(data, indent=1, allow_nan=False)
        write_file(self.path / ABOUT, f"{text}\n".encode("ascii"))

    def new(self) -> Path:
        """An empty folder to put the files together in.

        Raises:
            FileError: If it cannot be made.
        """
        place = self.work / NEW
        try:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
        except OSError as error:
            raise self._error(error) from None
        return place

    def publish(self, about: dict[str, Any], keep_work: bool) -> None:
        """Moves the files that were put together to their places.

        A kill in between leaves a corpus that says that it is unfinished, and the same command
        does this again.

        Args:
            about: What the folder is to say of itself.
            keep_work: Whether the journal stays, for programs that are worth another try.

        Raises:
            FileError: If something cannot be moved.
        """
        new = self.work / NEW
        try:
            files = {str(path.relative_to(new)): path for path in sorted(new.rglob("*.*"))}
            digests = {name: _digest(path) for name, path in files.items()}
            self.write_about({"request": about["request"], "complete": False})
            for name in (DATA, WEIGHTS, CARD):
                old = self.path / name
                if old.is_dir():
                    shutil.rmtree(old)
                (new / name).replace(old)
            self.write_about({**about, "complete": True, "files": digests})
            if not keep_work:
                shutil.rmtree(self.work, ignore_errors=True)
        except OSError as error:
            raise self._error(error) from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps others from working in the folder; a process that dies does not.

        Raises:
            FileError: If somebody is at work in it.
        """
        try:
            import fcntl
        except ImportError:
            yield
            return
        try:
            self.work.mkdir(parents=True, exist_ok=True)
            file = (self.work / LOCK).open("w")
        except OSError as error:
            raise self._error(error) from None
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise FileError(
                    f"another process is making {shown_path(self.path)}; wait for it, or end it"
                ) from None
            yield

    def _error(self, error: OSError) -> FileError:
        if isinstance(error, FileError):
            return error
        return FileError(
            f"{shown_path(self.path)} cannot be written: {reason_of(error)}; name another folder "
            "or make room"
        )


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(DIGEST_BYTES):
            digest.update(block)
    return digest.hexdigest()
