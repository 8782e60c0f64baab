"""Who does the work: threads with a process each, an executor that is given, or a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)

from optitracr.corpus.children import Children
from optitracr.corpus.tasks import Chunk, Reply
from optitracr.corpus.worker import make_chunk
from optitracr.errors import OptitracrError

IN_FLIGHT = 128
"""Chunks that are given out at a time: a few for each worker of a large cluster, so that none waits
for the next; what they hold is little."""

RETRIES = 5
"""How often in a row one chunk may be lost with its worker, or a pool break, before the run ends:
programs have processes of their own, so that it is no program's doing."""

POLL = 1.0
"""Seconds between two looks at the clock while nothing comes."""


LOST_SCHEDULER = (
    "the connection to the Dask scheduler was lost; what was done is kept: start the scheduler and "
    "its workers, and run the same again"
)


class ExecutorError(OptitracrError):
    """An executor that does no work any more; what was done is kept."""


class Crew:
    """Gives chunks out, and takes what comes back, whichever worker is lost on the way."""

    def __init__(
        self, executor: Executor | None, workers: int | None, note: Callable[..., None]
    ) -> None:
        """Starts workers, where none are given.

        Args:
            executor: Where the work is done; None for processes on this machine.
            workers: How many of these; as many as cores by default.
            note: Called with an event and facts, when a worker is lost.
        """
        self._note = note
        self._children = Children()
        self.workers = workers or os.cpu_count() or 1
        self._own, self._rebuilt = executor is None, False
        self._executor = executor or ThreadPoolExecutor(self.workers)
        self._futures: dict[Future[list[Reply]], Chunk] = {}
        self._lost: dict[int, int] = {}

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *error: object) -> None:
        """Calls off what was given out; an executor that was given stays open."""
        for future in () if _is_closed(self._executor) else self._futures:
            future.cancel()
        if self._rebuilt:
            self._executor.shutdown(wait=False, cancel_futures=True)
        if self._own:
            self._children.stop()
            self._executor.shutdown(wait=True, cancel_futures=True)

    @property
    def place(self) -> str:
        """What does the work, for the log."""
        return f"{self.workers} processes" if self._own else type(self._executor).__name__

    def replies(self, chunks: Iterator[Chunk], watch: Callable[[], None]) -> Iterator[list[Reply]]:
        """What becomes of chunks, in the order in which they end.

        Args:
            chunks: The chunks.
            watch: Called at least every second.

        Raises:
            ExecutorError: If the executor does no work any more.
            OptitracrError: If a worker cannot work.
        """
        waiting = iter(chunks)
        while True:
            self._fill(waiting)
            if not self._futures:
                return
            done, _ = wait(self._futures, timeout=POLL, return_when=FIRST_COMPLETED)
            watch()
            if not done and _is_closed(self._executor):
                raise ExecutorError(LOST_SCHEDULER)
            for future in done:
                chunk = self._futures.pop(future)
                replies = self._result(future, chunk)
                if replies is not None:
                    yield replies

    def finished(self) -> Iterator[list[Reply]]:
        """What has come back by now, when the work is called off."""
        for future in [future for future in self._futures if future.done()]:
            self._futures.pop(future)
            if not future.cancelled() and future.exception() is None:
                yield future.result()

    def _fill(self, waiting: Iterator[Chunk]) -> None:
        while len(self._futures) < IN_FLIGHT:
            chunk = next(waiting, None)
            if chunk is None:
                return
            self._give(chunk)

    def _give(self, chunk: Chunk) -> None:
        try:
            future = self._submitted(chunk)
        except BrokenExecutor as error:
            self._rebuild(error)
            future = self._submitted(chunk)
        except Exception as error:  # Each executor has its own for one that is closed.
            if _is_closed(self._executor):
                raise ExecutorError(LOST_SCHEDULER) from error
            raise ExecutorError(
                f"the executor takes no work: {error}; give one that is open"
            ) from error
        self._futures[future] = chunk

    def _submitted(self, chunk: Chunk) -> Future[list[Reply]]:
        if self._own:
            return self._executor.submit(make_chunk, chunk, self._children)
        return self._executor.submit(make_chunk, chunk)

    def _result(self, future: Future[list[Reply]], chunk: Chunk) -> list[Reply] | None:
        """What came back; None if the chunk was lost and is given out again."""
        try:
            return future.result()
        except OptitracrError:
            raise
        except (Exception, CancelledError) as error:
            # A pool that breaks loses all that it was given: that is no chunk's doing.
            first = chunk.tasks[0].index
            self._lost[first] = self._lost.get(first, 0) + 1
            if self._lost[first] > RETRIES or not _is_of_worker(error):
                raise ExecutorError(
                    f"the executor gives back no result ({type(error).__name__}: {error}); what "
                    "was done is kept: see to its workers, which need optitracr installed, and run "
                    "the same again"
                ) from error
            self._note("lost", first=first, error=f"{type(error).__name__}: {error}")
            self._give(chunk)
            return None

    def _rebuild(self, error: BrokenExecutor) -> None:
        """A pool of processes like the one that broke.

        Raises:
            ExecutorError: If it is of another kind.
        """
        if not isinstance(self._executor, ProcessPoolExecutor):
            raise ExecutorError(
                f"the executor broke: {error}; what was done is kept: run the same again with a "
                "new one"
            ) from error
        settings = vars(self._executor)
        self._rebuilt = True
        self._executor = ProcessPoolExecutor(
            settings.get("_max_workers"), settings.get("_mp_context")
        )


def _is_closed(executor: Executor) -> bool:
    """Whether it is Dask's, and its client has given up: then nothing comes back, and no error."""
    client = getattr(executor, "_client", None)
    return getattr(client, "status", "") == "closed"


def _is_of_worker(error: BaseException) -> bool:
    """Whether an error says that a worker was lost, and not that the work cannot be done."""
    lost = (BrokenExecutor, CancelledError, ConnectionError)
    return isinstance(error, lost) or type(error).__name__ in ("KilledWorker", "CommClosedError")
