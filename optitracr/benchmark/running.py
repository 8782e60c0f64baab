"""Methods run on the models of a suite, and gone on with."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from os import PathLike
from typing import Any

from optitracr import arguments, corpus
from optitracr.benchmark.methods import METHODS, Method, Task, task_of
from optitracr.benchmark.network import one_thread
from optitracr.benchmark.records import MODELS, SCORES, about, append, folder_of, gone_on_with
from optitracr.benchmark.scoring import score_edges, scores_of
from optitracr.benchmark.sites import Site, sites_of
from optitracr.benchmark.valid import score_any, valid_truths
from optitracr.benchmark.variable_methods import VARIABLE_METHODS, VariableMethod
from optitracr.benchmark.variable_scoring import score_sites
from optitracr.circuit.truth import GroundTruth
from optitracr.compiled import CompiledModel
from optitracr.corpus.progress import duration
from optitracr.errors import LimitError

MOST_EDGES = 1_000
"""Of a model that methods run on: exact patching runs it once an edge, ten seconds at most. Others
are noted as left out."""

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
) -> int:
    """Runs methods on every model of a suite, where that was not done before.

    Each score is written when it is known: what is stopped goes on where it was.

    Args:
        folder: Of the suite.
        methods: Names in `METHODS` and `VARIABLE_METHODS`, or functions that score edges by names
            of one's own; one that looks for variables is made an entry of `VARIABLE_METHODS`.
        seed: Of the data, and for methods that draw.
        watch: Called after each score; what it is given says in words how far the run is.

    Returns:
        How many scores were added.

    Raises:
        InputError: If there is no such method, or it raises, or gives something else than a
            number an edge; or the suite was run with another seed.
        FileError: If the folder holds no suite that is whole, or cannot be written.
        MissingExtraError: If PyTorch is not installed.
    """
    place = folder_of(folder)
    seed = arguments.integer("seed", seed, least=0)
    arguments.function("watch", watch)
    chosen = _methods(methods)
    suite = corpus.load(place / MODELS)
    paths = {name: place / SCORES / f"{name}.jsonl" for name in chosen}
    known = {name: gone_on_with(path, seed) for name, path in paths.items()}
    total, start = len(suite) * len(chosen), time.monotonic()
    before = done = sum(map(len, known.values()))
    for row in suite.rows():
        left = [name for name in chosen if row["index"] not in known[name]]
        asked = _Asked(suite.model(row), seed) if left else None
        for name in left:
            append(paths[name], {**about(row), "seed": seed, **chosen[name](asked)})
            done += 1
            took = time.monotonic() - start
            watch(RunProgress(total, before, done, took, f"{name}: {row['name']}"))
    return done - before


class _Asked:
    """A model that methods are run on."""

    def __init__(self, model: CompiledModel, seed: int) -> None:
        self.model, self.seed = model, seed

    @cached_property
    def _task(self) -> Task:
        return task_of(self.model, self.seed)

    def task(self) -> Task:
        """What methods are given: each its own, which no other has changed."""
        return replace(self._task, tokens=self._task.tokens.copy())

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """What variable methods are asked about, found once."""
        return sites_of(self.model, self.seed)


def _methods(methods: object) -> dict[str, Callable[[Any], dict[str, Any]]]:
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
        return {name: partial(_of_edges, method) for name, method in found.items()}
    known = (*METHODS, *VARIABLE_METHODS)
    names = arguments.names("methods", methods, known, f"names out of {', '.join(known)}")
    return {
        name: partial(_of_edges, METHODS[name])
        if name in METHODS
        else partial(_of_variables, VARIABLE_METHODS[name])
        for name in names
    }


def _of_edges(method: Method, asked: _Asked) -> dict[str, Any]:
    """The figures of one model, or why it is left out."""
    try:
        task = _few_edges(asked.task())
        with one_thread():
            scores = scores_of(method, task)
            score = score_edges(task, scores)
            best = score_any(task, scores) if len(_truths(task)) > 1 else score
    except LimitError as error:
        return {"left_out": str(error)}
    any_of = {f"any_{name}": best.as_dict()[name] for name in ("auroc", "precision")}
    return {**score.as_dict(), **any_of}


def _few_edges(task: Task) -> Task:
    """The task.

    Raises:
        LimitError: If it has too many edges.
    """
    if len(task.edges) > MOST_EDGES:
        raise LimitError(f"more than {MOST_EDGES:,} edges; run methods on a smaller model")
    return task


def _truths(task: Task) -> tuple[GroundTruth, ...]:
    """The circuits that count as right, where there are several of the task's edges."""
    found = valid_truths(task.model.circuit)
    return found if found[0].edges == task.edges else (task.truth,)


def _of_variables(method: VariableMethod, asked: _Asked) -> dict[str, Any]:
    """The figures of one model, or why it is left out."""
    try:
        return score_sites(asked.sites, method).as_dict()
    except LimitError as error:
        return {"left_out": str(error)}
