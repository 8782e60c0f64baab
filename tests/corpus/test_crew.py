"""Workers that are lost: their chunks are given out again, until it is no accident any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from concurrent.futures.process import BrokenProcessPool
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from optitracr.corpus import Guard, RandomPrograms
from optitracr.corpus.crew import RETRIES, Crew, ExecutorError
from optitracr.corpus.request import versions
from optitracr.corpus.tasks import Chunk, Job, Reply, Task
from optitracr.errors import LimitError
from optitracr.options import check_options

JOB = Job(check_options(), Guard(), RandomPrograms(8), versions())


class KilledWorker(Exception):  # noqa: N818
    """Named as Dask names it."""


class Lossy(Executor):
    """Loses the first few chunks."""

    def __init__(self, lost: list[BaseException]) -> None:
        self.lost = lost
        self.given: list[int] = []

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        [chunk] = args
        future: Future[Any] = Future()
        self.given.append(chunk.tasks[0].index)
        if self.lost:
            future.set_exception(self.lost.pop(0))
        else:
            future.set_result([Reply(task.index, b"", {}) for task in chunk.tasks])
        return future


def chunks() -> Iterator[Chunk]:
    for first in range(0, 8, 4):
        yield Chunk(JOB, tuple(Task(index) for index in range(first, first + 4)))


class Noted(list[str]):
    """The events that were noted."""

    def append_event(self, event: str, **facts: object) -> None:
        self.append(event)


NOTED = Noted()


def done(executor: Executor) -> list[int]:
    with Crew(executor, 1, NOTED.append_event) as crew:
        replies = list(crew.replies(chunks(), lambda: None))
    return sorted(reply.index for part in replies for reply in part)


@pytest.mark.parametrize("error", [KilledWorker("w"), BrokenProcessPool("b"), ConnectionError()])
def test_a_chunk_that_is_lost_is_given_out_again(error: Exception) -> None:
    executor = Lossy([error])
    assert done(executor) == list(range(8))
    assert executor.given == [0, 4, 0]
    assert NOTED[-1] == "lost"


def test_a_chunk_that_is_always_lost_ends_the_run() -> None:
    with pytest.raises(ExecutorError, match="what was done is kept"):
        done(Lossy([KilledWorker("w")] * (2 * RETRIES + 2)))


def test_what_no_worker_can_do_ends_the_run_at_once() -> None:
    executor = Lossy([ImportError("no module named optitracr")])
    with pytest.raises(ExecutorError, match="no module named optitracr"):
        done(executor)
    assert executor.given == [0, 4]
    with pytest.raises(LimitError):
        done(Lossy([LimitError("of our own")]))


class Silent(Lossy):
    """Dask's, of a client that has given up: futures that nobody ever sets."""

    _client = SimpleNamespace(status="closed")

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return Future()


def test_a_scheduler_that_is_lost_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optitracr.corpus.crew.POLL", 0.01)
    with pytest.raises(ExecutorError, match="the Dask scheduler was lost; what was done is kept"):
        done(Silent([]))


class Broken(Lossy):
    """Takes nothing."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        raise BrokenExecutor("it broke")


def test_a_pool_of_processes_is_rebuilt_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("optitracr.corpus.crew.ProcessPoolExecutor", Rebuilt)
    with pytest.raises(ExecutorError, match="it broke"):
        done(Broken([]))
    assert done(Rebuilt(2)) == list(range(8))


class Rebuilt(Lossy):
    """Stands for a pool of processes: the first breaks, the second does not."""

    made: ClassVar[list[Rebuilt]] = []

    def __init__(self, max_workers: int | None = None, mp_context: Any = None) -> None:
        super().__init__([])
        self._max_workers, self._mp_context = max_workers, mp_context
        self.made.append(self)

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self is self.made[0]:
            raise BrokenProcessPool("a process was ended")
        assert self._max_workers == 2
        return super().submit(function, *args, **kwargs)
