"""The journal: what is whole is kept, whatever ended the run; what cannot be written says so."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from optitracr.corpus.journal import HEAD, Journal
from optitracr.corpus.records import MADE, Record, failure, from_bytes, to_bytes
from optitracr.errors import FileError


def record(index: int, weights: bytes = b"weights\n") -> Record:
    return Record(index, MADE, False, {"index": index, "name": "naïve\n"}, weights)


def filled(path: Path, count: int = 3) -> list[int]:
    """A journal of some records; where each begins, and the end."""
    with Journal(path) as journal:
        for index in range(count):
            journal.add(to_bytes(record(index)))
        return [*journal.places.values(), path.stat().st_size]


def test_records_come_back() -> None:
    for kept in (record(7), failure(1, "n", "Kind", "reason", "message", guarded=True)):
        assert from_bytes(to_bytes(kept)) == kept


def test_every_cut_keeps_what_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    starts = filled(path)
    whole = path.read_bytes()
    for cut in (*range(HEAD.size + 3), *range(starts[1] - 2, len(whole), 7)):
        path.write_bytes(whole[:cut])
        with Journal(path) as journal:
            kept = sum(start <= cut for start in starts[1:])
            assert list(journal.places) == list(range(kept))
            assert all(journal.record(index) == record(index) for index in range(kept))
        assert path.stat().st_size == starts[kept]


@pytest.mark.parametrize("place", [0, HEAD.size - 1, HEAD.size + 3])
def test_nothing_is_read_from_what_was_damaged(tmp_path: Path, place: int) -> None:
    path = tmp_path / "journal"
    starts = filled(path)
    damaged = bytearray(path.read_bytes())
    damaged[starts[1] + place] ^= 0xFF
    path.write_bytes(damaged)
    with Journal(path) as journal:
        assert list(journal.places) == [0]
        journal.add(to_bytes(record(5)))
        assert journal.record(5) == record(5)


def test_the_last_of_a_program_counts(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.add(to_bytes(failure(0, "n", "guard", "guard: time", "", guarded=True)))
        assert journal.guarded == {0}
        assert journal.failures == {0: "guard: time"}
        journal.add(to_bytes(record(0)))
    with Journal(path) as journal:
        assert not journal.guarded
        assert not journal.failures
        assert journal.record(0) == record(0)


class Full:
    """A file on a disk without room."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def write(self, data: bytes) -> int:
        self.file.write(data[:5])
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.add(to_bytes(record(0)))
        journal._file = Full(journal._file)
        with pytest.raises(FileError, match="No space left on device; make room"):
            journal.add(to_bytes(record(1)))
    with Journal(path) as journal:
        assert list(journal.places) == [0]
        journal.add(to_bytes(record(1)))
        assert journal.record(1) == record(1)
