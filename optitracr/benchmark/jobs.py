"""Models and the methods that are run on them: here, in processes of their own, or elsewhere."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from optitracr.benchmark.entries import is_published, sites_for, task_for
from optitracr.benchmark.methods import Method, Scores, Task
from optitracr.benchmark.network import one_thread
from optitracr.benchmark.scoring import score_any, score_edges, scores_of
from optitracr.benchmark.sites import Site
from optitracr.benchmark.variable_methods import VariableMethod
from optitracr.benchmark.variable_scoring import score_sites
from optitracr.circuit.edge_attribution import edges_of, sizes_of
from optitracr.compiled import CompiledModel
from optitracr.corpus.crew import ExecutorError
from optitracr.corpus.tasks import EXTRA
from optitracr.errors import InputError, LimitError, OptitracrError
from optitracr.extras import require

MOST_EDGES = 1_000
"""Of a model that methods run on: exact patching runs it once an edge, ten seconds at most. Others
are noted as left out."""

CHUNK = 8
"""Models that go to a worker together: some seconds' work, beside which starting PyTorch is
little, and no more than that is done again after a kill."""

CHUNKS_A_WORKER = 4
"""Chunks for each worker at least, so that a slow one leaves others work."""

IN_FLIGHT = 4
"""Chunks that are given out for each worker: none waits for the next."""

Figures = dict[str, Any]
Score = Callable[[Any], Figures]


@dataclass(frozen=True, eq=False)
class Asked:
    """A model that methods are run on.

    Attributes:
        about: Its row in the suite, or its place and name.
        model: The model.
        seed: Of the data, and for methods that draw.
        methods: For each method what gives its figures.
    """

    about: Mapping[str, Any]
    model: CompiledModel
    seed: int
    methods: Mapping[str, Score]

    @property
    def published(self) -> bool:
        """Whether it is taken in its published form."""
        return is_published(self.about)

    @property
    def edges(self) -> int:
        """How many edges the full graph has."""
        if self.published:
            sizes = self.model.stock().sizes
            return sum(1 for _ in edges_of(sizes.layers, sizes.heads))
        return sum(1 for _ in edges_of(*sizes_of(self.model.model_config)))

    @cached_property
    def _task(self) -> Task:
        return task_for(self.model, self.about.get("rotate"), self.seed, self.published)

    def task(self) -> Task:
        """What methods that score edges are given: each its own, which no other has changed."""
        return replace(self._task, tokens=self._task.tokens.copy())

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """What methods that look for variables are asked about."""
        return sites_for(self.model, self.about.get("rotate"), self.seed, self.published)

    def scored(self) -> dict[str, Figures]:
        """The figures of each method."""
        return {name: score(self) for name, score in self.methods.items()}


def of_edges(method: Method, asked: Asked) -> Figures:
    """The figures of one model, or why it is left out."""
    if asked.edges > MOST_EDGES:
        return {"left_out": f"more than {MOST_EDGES:,} edges; run methods on a smaller model"}
    try:
        task = asked.task()
        with one_thread():
            return figures_of(task, scores_of(method, task))
    except LimitError as error:
        return {"left_out": str(error)}


def figures_of(task: Task, scores: Scores) -> Figures:
    """The figures of scores of edges, and those against the circuit that they agree with best."""
    score = score_edges(task, scores)
    best = score_any(task, scores) if len(task.truths) > 1 else score
    any_of = {f"any_{name}": best.as_dict()[name] for name in ("auroc", "precision")}
    return {**score.as_dict(), **any_of}


def of_variables(method: VariableMethod, asked: Asked) -> Figures:
    """The figures of one model, or why it is left out."""
    try:
        return score_sites(asked.sites, method).as_dict()
    except LimitError as error:
        return {"left_out": str(error)}


def chunks(asked: Iterable[Asked], count: int, workers: int) -> Iterator[list[Asked]]:
    """Models in the chunks in which they go to workers.

    Args:
        asked: The models.
        count: How many there are.
        workers: How many workers.
    """
    size = min(CHUNK, max(1, count // (CHUNKS_A_WORKER * workers)))
    found: list[Asked] = []
    for each in asked:
        found.append(each)
        if len(found) == size:
            yield found
            found = []
    if found:
        yield found


Scored = tuple[Asked, dict[str, Figures]]


def scored_by(
    executor: Executor | None, workers: int, given: Iterator[list[Asked]]
) -> Iterator[Scored]:
    """Each model with its figures, in order, from wherever the work is done.

    Args:
        executor: Where it is done; None for processes on this machine.
        workers: How many of these.
        given: Models in chunks.

    Raises:
        InputError: If a method cannot be sent to another process.
        ExecutorError: If a worker is lost.
        OptitracrError: As methods do.
    """
    if executor is not None:
        yield from _from(executor, score_chunk, given, IN_FLIGHT * workers)
        return
    with ThreadPoolExecutor(workers) as own:
        try:
            yield from _from(own, _in_a_process, given, IN_FLIGHT * workers)
        finally:
            own.shutdown(wait=False, cancel_futures=True)


def _from(
    executor: Executor,
    work: Callable[[bytes], bytes],
    given: Iterator[list[Asked]],
    most: int,
) -> Iterator[Scored]:
    waiting: deque[tuple[list[Asked], Future[bytes]]] = deque()
    ended = False
    while True:
        while not ended and len(waiting) < most:
            chunk = next(given, None)
            ended = chunk is None
            if chunk is not None:
                waiting.append((chunk, executor.submit(work, _pickled(chunk))))
        if not waiting:
            return
        chunk, future = waiting.popleft()
        yield from zip(chunk, _result(future), strict=True)


def _pickled(chunk: Sequence[Asked]) -> bytes:
    cloudpickle = require("cloudpickle", "cloudpickle", EXTRA)
    try:
        data: bytes = cloudpickle.dumps(list(chunk))
    except Exception as error:
        raise InputError(
            f"a method cannot be sent to another process ({error}); give a function of a module, "
            "or workers=1"
        ) from error
    return data


def _result(future: Future[bytes]) -> list[dict[str, Figures]]:
    try:
        data = future.result()
    except OptitracrError:
        raise
    except (Exception, CancelledError) as error:
        raise ExecutorError(
            f"a worker gives back no result ({type(error).__name__}: {error}); what was done is "
            "kept: see to the workers, which need optitracr and PyTorch, and run the same again"
        ) from error
    found: list[dict[str, Figures]] | OptitracrError = pickle.loads(data)
    if isinstance(found, OptitracrError):
        raise found
    return found


def score_chunk(data: bytes) -> bytes:
    """The figures of some models, or the error that a method raised; what an executor runs."""
    try:
        asked: list[Asked] = pickle.loads(data)
        return pickle.dumps([each.scored() for each in asked])
    except OptitracrError as error:
        return pickle.dumps(error)


def _in_a_process(data: bytes) -> bytes:
    """The same in a process of its own."""
    code = f"from {__name__} import serve; serve()"
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise OSError(f"a process ended with exit code {done.returncode} {''.join(said)}".strip())
    return done.stdout


def serve() -> None:
    """Reads models, and writes figures; what methods print does not get between."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    replies.write(score_chunk(sys.stdin.buffer.read()))
    replies.flush()
