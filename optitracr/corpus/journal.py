"""The journal of a corpus in the making: what became of each program, appended as it comes.

Each entry has its length and a digest before it. What a kill cut short at the end is no entry, and
is written over; everything before it is kept.
"""

from __future__ import annotations

import hashlib
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from optitracr.corpus.records import FAILED, Record, from_bytes
from optitracr.errors import FileError
from optitracr.writing import reason_of, shown_path

HEAD = struct.Struct("<Q32s")
"""Before each entry: its bytes, and their SHA-256."""

SYNC_SECONDS = 1.0
"""Between two times that the journal is written down to the disk, for power that fails; against a
kill it is safe without."""


class Journal:
    """What became of programs, by their places.

    Attributes:
        places: Where in the file each entry begins, by the place of its program; of several
            of one program the last.
        failures: The reason of each program of which no model was made.
        guarded: The programs that a guard ended.
    """

    def __init__(self, path: Path) -> None:
        """Opens it, or begins one.

        Raises:
            FileError: If it cannot be read or written.
        """
        self._path = path
        self.places: dict[int, int] = {}
        self.failures: dict[int, str] = {}
        self.guarded: set[int] = set()
        try:
            self._file = path.open("r+b" if path.exists() else "w+b")
            self._end = self._scan()
            self._file.truncate(self._end)
        except OSError as error:
            raise self._error(error) from None
        self._synced = time.monotonic()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def _scan(self) -> int:
        """Reads what is there; where whole entries end."""
        end = 0
        for place, data in _entries(self._file):
            try:
                self._note(from_bytes(data), place)
            except (ValueError, KeyError):
                break
            end = place + HEAD.size + len(data)
        return end

    def _note(self, record: Record, place: int) -> None:
        self.places[record.index] = place
        self.failures.pop(record.index, None)
        self.guarded.discard(record.index)
        if record.outcome == FAILED:
            self.failures[record.index] = record.row["reason"]
        if record.guarded:
            self.guarded.add(record.index)

    def add(self, data: bytes) -> Record:
        """Appends the record that bytes stand for.

        Raises:
            FileError: If it cannot be written: there is no room, say. What is there is kept.
        """
        record = from_bytes(data)
        try:
            self._file.seek(self._end)
            self._file.write(HEAD.pack(len(data), hashlib.sha256(data).digest()))
            self._file.write(data)
            self._file.flush()
            if time.monotonic() - self._synced > SYNC_SECONDS:
                self.sync()
        except OSError as error:
            raise self._error(error) from None
        self._note(record, self._end)
        self._end += HEAD.size + len(data)
        return record

    def sync(self) -> None:
        """Writes everything down to the disk."""
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def record(self, index: int) -> Record:
        """What became of a program that is there."""
        self._file.seek(self.places[index])
        length, _ = HEAD.unpack(self._file.read(HEAD.size))
        return from_bytes(self._file.read(length))

    def _error(self, error: OSError) -> FileError:
        return FileError(
            f"{shown_path(self._path)} cannot be written: {reason_of(error)}; make room or name "
            "another folder; the same command goes on where this one ended"
        )


def _entries(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Whole entries and where they begin; nothing after one that is cut short or damaged."""
    place = 0
    while True:
        head = file.read(HEAD.size)
        if len(head) < HEAD.size:
            return
        length, digest = HEAD.unpack(head)
        # A damaged length must not ask for all memory.
        if length > os.fstat(file.fileno()).st_size - place:
            return
        data = file.read(length)
        if len(data) < length or hashlib.sha256(data).digest() != digest:
            return
        yield place, data
        place += HEAD.size + length
