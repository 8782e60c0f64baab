"""What is sent to a worker, and what it sends back: plain data that any executor carries."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optitracr.corpus.programs import Item, RandomPrograms
from optitracr.corpus.request import Guard
from optitracr.errors import InputError
from optitracr.extras import require
from optitracr.options import CompileOptions

EXTRA = "corpus"
"""The extra of optitracr that brings what a corpus needs."""


@dataclass(frozen=True, slots=True)
class Task:
    """One program to compile.

    Attributes:
        index: Its place.
        name: Of the program; "" of one that the generator draws.
        pickled: The program as `pickle` reads it; None of one that the generator draws.
    """

    index: int
    name: str = ""
    pickled: bytes | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What holds for every program.

    Attributes:
        options: Of the compilation.
        guard: What ends a program.
        random: The generator; None where programs are sent.
        versions: Of what decides the result, by package.
    """

    options: CompileOptions
    guard: Guard
    random: RandomPrograms | None
    versions: dict[str, str]

    def item(self, task: Task) -> Item:
        """The program of a task."""
        if self.random is not None:
            return self.random.item(task.index)
        assert task.pickled is not None
        # It was pickled by the process that asks, for which this one works.
        item: Item = pickle.loads(task.pickled)
        return item


@dataclass(frozen=True, slots=True)
class Chunk:
    """Programs that go to a worker together."""

    job: Job
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a worker gives back for one program.

    Attributes:
        index: Its place.
        record: What became of it, as `records.to_bytes` writes it.
        measured: Seconds, memory and machine: for the log alone.
        killed: Why a process ended on the way, once for each time.
    """

    index: int
    record: bytes
    measured: dict[str, Any]
    killed: tuple[str, ...] = ()


def tasks_of(programs: RandomPrograms | Sequence[Item], indices: Sequence[int]) -> tuple[Task, ...]:
    """The tasks of some places.

    Raises:
        InputError: If a program cannot be sent to another process.
        MissingExtraError: If what pickles functions is not installed.
    """
    if isinstance(programs, RandomPrograms):
        return tuple(Task(index) for index in indices)
    return tuple(Task(index, programs[index].name, _pickled(programs[index])) for index in indices)


def _pickled(item: Item) -> bytes:
    # Unlike `pickle` it takes functions that stand in no module: lambdas, and those of a notebook.
    cloudpickle = require("cloudpickle", "cloudpickle", EXTRA)
    try:
        data: bytes = cloudpickle.dumps(item)
    except Exception as error:
        deep = isinstance(error, RecursionError) or "recursion" in str(error)
        why = "it is nested too deeply" if deep else str(error)
        raise InputError(
            f"program {item.name} cannot be sent to another process: {why}; give as `program` a "
            "function of a module that makes it"
        ) from error
    return data
