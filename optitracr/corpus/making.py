"""Making a corpus: chunks go out, records come into the journal, and at the end files are made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from optitracr import arguments
from optitracr.corpus.card import card
from optitracr.corpus.crew import Crew
from optitracr.corpus.folder import CARD, LOG, Folder
from optitracr.corpus.journal import Journal
from optitracr.corpus.log import Log, peak_memory, surroundings
from optitracr.corpus.merging import Counts, merge
from optitracr.corpus.programs import Item, RandomPrograms, items_of
from optitracr.corpus.progress import Progress, note
from optitracr.corpus.records import Record
from optitracr.corpus.request import Guard, Split, parse_split, request_of
from optitracr.corpus.tables import arrow
from optitracr.corpus.tasks import Chunk, Job, Reply, tasks_of
from optitracr.errors import InputError
from optitracr.options import CompileOptions, check_options
from optitracr.writing import write_file

CHUNK = 16
"""Programs that go to a worker together: under a second's work at some 30 ms each, so that little
is done again after a kill, and enough that giving them out costs nothing."""

CHUNKS_A_WORKER = 8
"""Chunks for each worker at least, where programs are few: a slow one then leaves others work."""

MOST_WORKERS = 1024
"""Processes on one machine: more than the largest have cores."""

Watch = Callable[[Progress], None]


def _unwatched(progress: Progress) -> None:
    """What happens to progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Made:
    """A corpus that was made.

    Attributes:
        folder: Where it is.
        counts: How many programs there are of each sort.
        seconds: How long this run took.
        compiled: Programs that were compiled in this run; the others were there.
        guarded: Programs that a guard ended. The same call tries them again.
    """

    folder: Path
    counts: Counts
    seconds: float
    compiled: int
    guarded: int


def make(
    programs: RandomPrograms | Iterable[Any],
    folder: str | PathLike[str],
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    guard: Guard | None = None,
    split: Sequence[int] | Split = (90, 5, 5),
    watch: Watch = _unwatched,
    **options: Any,
) -> Made:
    """Compiles programs to a corpus: tables, weights, and a data card.

    What was done is kept, however the call ends: the same call goes on where it was, and ends
    with the same files, byte for byte, whatever the number of workers.

    Args:
        programs: `RandomPrograms`, or a list of `Item`, programs of the library, or their names.
        folder: Where the corpus is made; new, or of a call that was the same.
        executor: Any executor of `concurrent.futures`, such as that of a Dask client; processes
            on this machine by default.
        workers: How many processes on this machine; as many as cores by default.
        guard: What ends a program that nothing else ends.
        split: Hundredths for training, validation and test.
        watch: Called with how far it is, after each program and at least every second.
        options: Of the compilation, as `compile_rasp_to_model` has them: optimize, objective,
            limits, time_limit, seed, check, without, causal.

    Raises:
        InputError: If an argument is wrong.
        FileError: If the folder holds something else, or cannot be written.
        MissingExtraError: If PyArrow is not installed.
        OptitracrError: If workers cannot work; what was done is kept.
        KeyboardInterrupt: If the user stopped it; what was done is kept.
    """
    arrow()
    asked = programs if isinstance(programs, RandomPrograms) else items_of(programs)
    guard = Guard() if guard is None else guard
    arguments.instance("guard", guard, Guard, "a corpus.Guard")
    if executor is not None:
        arguments.instance("executor", executor, Executor, "an executor of concurrent.futures")
    if workers is not None:
        workers = arguments.integer("workers", workers, 1, MOST_WORKERS)
    arguments.function("watch", watch)
    place = arguments.path("folder", folder, "the folder of a corpus as text or pathlib.Path")
    run = _Run(asked, Folder(place), _options(options), guard, parse_split(split), watch)
    return run.made(executor, workers)


def _options(given: dict[str, Any]) -> CompileOptions:
    """The options of the compilation.

    Raises:
        InputError: If one is unknown or wrong, or gives other models in every run.
    """
    try:
        options = check_options(**given)
    except TypeError as error:
        raise InputError(f"{error}; options are those of compile_rasp_to_model") from None
    if options.parallel:
        raise InputError("parallel=True gives other models in every run; leave it out")
    return options


class _Run:
    """One call of `make`."""

    def __init__(
        self,
        programs: RandomPrograms | list[Item],
        folder: Folder,
        options: CompileOptions,
        guard: Guard,
        split: Split,
        watch: Watch,
    ) -> None:
        self._programs, self._folder, self._watch = programs, folder, watch
        self._split = split
        random = isinstance(programs, RandomPrograms)
        self._count = programs.count if isinstance(programs, RandomPrograms) else len(programs)
        self._request = request_of(programs, options, split, guard.memory)
        versions = self._request["versions"]
        self._job = Job(options, guard, programs if random else None, versions)  # type: ignore[arg-type]
        self._progress = Progress(self._count)

    def made(self, executor: Executor | None, workers: int | None) -> Made:
        """Makes what is missing, and then the files."""
        about = self._folder.open(self._request)
        if about["complete"] and not self._folder.journal.exists():
            return self._result(Counts(**about["counts"]), 0)
        with (
            self._folder.locked(),
            Log(self._folder.path / LOG) as log,
            Journal(self._folder.journal) as journal,
        ):
            missing = self._missing(journal)
            if missing or not about["complete"]:
                if missing:
                    self._compile(missing, journal, log, Crew(executor, workers, log.add))
                journal.sync()
                counts = self._merged(journal)
                seconds = round(self._progress.seconds, 3)
                log.add("end", seconds=seconds, peak=peak_memory(), **counts.as_dict())
            else:
                counts = Counts(**about["counts"])
            return self._result(counts, len(journal.guarded))

    def _result(self, counts: Counts, guarded: int) -> Made:
        progress = self._progress
        compiled = progress.done - progress.before
        return Made(self._folder.path, counts, progress.seconds, compiled, guarded)

    def _missing(self, journal: Journal) -> list[int]:
        """The programs that are still to be compiled; what guards ended is tried again."""
        done = journal.places.keys() - journal.guarded
        missing = [index for index in range(self._count) if index not in done]
        self._progress.before = self._progress.done = self._count - len(missing)
        kept = journal.failures.keys() - journal.guarded
        self._progress.failures.update(journal.failures[index] for index in kept)
        return missing

    def _compile(self, missing: list[int], journal: Journal, log: Log, crew: Crew) -> None:
        """Compiles programs, each of which is in the journal as soon as it is there."""
        log.add("start", **surroundings(), missing=len(missing), workers=crew.place)

        def look() -> None:
            self._watch(self._progress)

        with crew:
            try:
                for replies in crew.replies(self._chunks(missing, crew.workers), look):
                    self._note(replies, journal, log)
            finally:
                for replies in crew.finished():
                    self._note(replies, journal, log)

    def _chunks(self, missing: list[int], workers: int) -> Iterator[Chunk]:
        size = min(CHUNK, max(1, len(missing) // (CHUNKS_A_WORKER * workers)))
        for first in range(0, len(missing), size):
            indices = missing[first : first + size]
            yield Chunk(self._job, tasks_of(self._programs, indices))

    def _note(self, replies: list[Reply], journal: Journal, log: Log) -> None:
        for reply in replies:
            record = journal.add(reply.record)
            log.add(
                record.outcome,
                index=reply.index,
                name=record.row["name"],
                **({"reason": record.row["reason"]} if "reason" in record.row else {}),
                **({"killed": reply.killed} if reply.killed else {}),
                **reply.measured,
            )
            note(self._progress, record)
            self._watch(self._progress)

    def _records(self, journal: Journal) -> Iterator[Record]:
        """What became of each program, in order, while the files are written."""
        for index in range(self._count):
            yield journal.record(index)
            self._progress.written = index + 1
            self._watch(self._progress)

    def _merged(self, journal: Journal) -> Counts:
        """Makes the files of what the journal holds."""
        new = self._folder.new()
        records = self._records(journal)
        options = json.dumps(self._request["options"], separators=(",", ":"))
        counts = merge(records, new, self._split, options)
        write_file(new / CARD, card(self._request, counts).encode())
        about = {"request": self._request, "counts": counts.as_dict()}
        self._folder.publish(about, keep_work=bool(journal.guarded))
        return counts
