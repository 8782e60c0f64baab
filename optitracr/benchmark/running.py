"""Methods run on the models of a suite, and gone on with."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path

from optitracr import arguments
from optitracr.benchmark.entries import entries_of
from optitracr.benchmark.jobs import (
    Asked,
    Figures,
    Score,
    Scored,
    chunks,
    of_edges,
    of_variables,
    scored_by,
)
from optitracr.benchmark.methods import METHODS, Method
from optitracr.benchmark.records import SCORES, about, append, folder_of, gone_on_with
from optitracr.benchmark.variable_methods import VARIABLE_METHODS
from optitracr.corpus.making import MOST_WORKERS
from optitracr.corpus.progress import duration

DEFAULT_METHODS = (*METHODS, *VARIABLE_METHODS)
"""All that come with the library."""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is.

    Attributes:
        total: Scores of all methods and models.
        before: Of these, those that there were when the run began.
        done: Those that there are.
        seconds: Since the run began.
        last: The method and the model that came last.
    """

    total: int
    before: int
    done: int
    seconds: float
    last: str

    @property
    def left(self) -> float:
        """Seconds that are left, if the others take as long."""
        return self.seconds * (self.total - self.done) / max(self.done - self.before, 1)

    def __str__(self) -> str:
        left = f"{duration(self.left)} left"
        return f"{self.done:,} of {self.total:,} scores, {left}; {self.last}"


Watch = Callable[[RunProgress], None]


def _unwatched(progress: RunProgress) -> None:
    """What happens to progress that nobody watches."""


def run_suite(
    folder: str | PathLike[str],
    methods: Collection[str] | Mapping[str, Method] = DEFAULT_METHODS,
    seed: int = 0,
    watch: Watch = _unwatched,
    *,
    executor: Executor | None = None,
    workers: int = 1,
) -> int:
    """Runs methods on every model of a suite, where that was not done before.

    Each score is written when it is known: what is stopped goes on where it was.

    Args:
        folder: Of the suite.
        methods: Names in `METHODS` and `VARIABLE_METHODS`, or functions that score edges by names
            of one's own; one that looks for variables is made an entry of `VARIABLE_METHODS`.
        seed: Of the data, and for methods that draw.
        watch: Called after each score; what it is given says in words how far the run is.
        executor: Any executor of `concurrent.futures`, such as that of a Dask client.
        workers: How many processes on this machine; 1 for this one.

    Returns:
        How many scores were added.

    Raises:
        InputError: If there is no such method, or it raises, or gives something else than a
            number an edge; or the suite was run with another seed.
        FileError: If the folder holds no suite that is whole, or cannot be written.
        MissingExtraError: If PyTorch is not installed.
        OptitracrError: If workers cannot work; what was done is kept.
    """
    place = folder_of(folder)
    seed = arguments.integer("seed", seed, least=0)
    arguments.function("watch", watch)
    if executor is not None:
        arguments.instance("executor", executor, Executor, "an executor of concurrent.futures")
    workers = arguments.integer("workers", workers, 1, MOST_WORKERS)
    chosen = _methods(methods)
    paths = {name: place / SCORES / f"{name}.jsonl" for name in chosen}
    known = {name: gone_on_with(path, seed) for name, path in paths.items()}
    suite = list(entries_of(place))
    running = _Running(paths, len(suite) * len(chosen), sum(map(len, known.values())), watch)
    missing = [
        (entry, left)
        for entry in suite
        if (left := [name for name in chosen if entry.about["index"] not in known[name]])
    ]
    asked = (
        Asked(entry.about, entry.model(), seed, {name: chosen[name] for name in left})
        for entry, left in missing
    )
    if executor is None and workers == 1:
        running.here(asked)
    else:
        running.take(scored_by(executor, workers, chunks(asked, len(missing), workers)))
    return running.done - running.before


class _Running:
    """Scores as they come.

    Attributes:
        before: Scores that there were when the run began.
        done: Scores that there are.
    """

    def __init__(self, paths: Mapping[str, Path], total: int, before: int, watch: Watch) -> None:
        self.before = self.done = before
        self._paths, self._total, self._watch = paths, total, watch
        self._start = time.monotonic()

    def here(self, asked: Iterable[Asked]) -> None:
        """Runs methods in this process, each of which is written at once."""
        for each in asked:
            for name, score in each.methods.items():
                self.add(each, name, score(each))

    def take(self, scored: Iterable[Scored]) -> None:
        """Takes what comes from workers."""
        for each, found in scored:
            for name, figures in found.items():
                self.add(each, name, figures)

    def add(self, asked: Asked, name: str, figures: Figures) -> None:
        """Writes a score, and tells how far the run is."""
        append(self._paths[name], {**about(asked.about), "seed": asked.seed, **figures})
        self.done += 1
        took, last = time.monotonic() - self._start, f"{name}: {asked.about['name']}"
        self._watch(RunProgress(self._total, self.before, self.done, took, last))


def _methods(methods: object) -> dict[str, Score]:
    """For each method asked for what gives its figures.

    Raises:
        InputError: If there is no such one.
    """
    if isinstance(methods, Mapping):
        found = dict(methods)
        for name, method in found.items():
            if not isinstance(name, str) or not name.isidentifier():
                arguments.refuse("methods", methods, "functions by names like those of Python")
            arguments.function(f"method {name}", method)
        return {name: partial(of_edges, method) for name, method in found.items()}
    known = (*METHODS, *VARIABLE_METHODS)
    names = arguments.names("methods", methods, known, f"names out of {', '.join(known)}")
    return {
        name: partial(of_edges, METHODS[name])
        if name in METHODS
        else partial(of_variables, VARIABLE_METHODS[name])
        for name in names
    }
