"""Calls of `optitracr.corpus`, with an executor that compiles nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from optitracr import corpus, rasp
from optitracr.corpus.one_program import record_of
from optitracr.corpus.records import Record, to_bytes
from optitracr.corpus.tasks import Chunk, Reply
from optitracr.options import check_options

PROGRAM = corpus.Item("flag", rasp.tokens == "a", ("a", "b"), 2)
ASKED = corpus.RandomPrograms(2)


@lru_cache(maxsize=1)
def compiled() -> Record:
    return record_of(0, PROGRAM, check_options(0))


def record(index: int) -> bytes:
    row = {**compiled().row, "index": index}
    return to_bytes(replace(compiled(), index=index, row=row))


class Instant(Executor):
    """Gives back at once that a program was made."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        chunk: Chunk = args[0]
        future: Future[Any] = Future()
        future.set_result([Reply(task.index, record(task.index), {}) for task in chunk.tasks])
        return future


@lru_cache(maxsize=1)
def made() -> corpus.Corpus:
    folder = Path(tempfile.mkdtemp())
    corpus.make([PROGRAM], folder, executor=Instant(), optimize=0)
    return corpus.load(folder)


def making() -> dict[str, Any]:
    """Right arguments of `make`."""
    options = {"optimize": 0}
    return {"programs": [PROGRAM], "folder": "a", "executor": Instant(), "options": options}


def reading() -> dict[str, Any]:
    """Right arguments of `model_of`."""
    return {"row": next(made().rows()), "folder": made().folder}
