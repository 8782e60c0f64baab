"""The process that compiles: it reads tasks, writes replies, and may be killed at any moment.

It loads the compiler once. It ends when whoever started it does, or asks nothing for a while.
"""

from __future__ import annotations

import gc
import os
import pickle
import queue
import signal
import socket
import threading
import time
from typing import Any, BinaryIO

IDLE_SECONDS = 60.0
"""How long it waits for work: longer than between two chunks, and short enough that a worker of a
cluster has its memory back when nobody wants a corpus any more."""

NEW_OBJECTS = 50_000
"""Objects that are made and not given back between two looks of the garbage collector: what some
ten programs leave behind, and some MB. With Python's own 700 it takes a twentieth of all time."""

READY = "ready"
"""What it says first."""


def main() -> None:
    """Serves until there is nobody to serve."""
    requests, replies = _channels()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _load()
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests, waiting), daemon=True).start()
    _write(replies, (READY, _versions()))
    while True:
        try:
            chunk = waiting.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            return
        _serve(chunk, replies)


def _channels() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output, which what a program prints must not reach."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def _load() -> None:
    """Loads the compiler and the solvers, so that no program is charged with it."""
    import ortools.sat.python.cp_model  # noqa: F401
    import safetensors.numpy  # noqa: F401
    import scipy.optimize  # noqa: F401

    import optitracr.corpus.one_program  # noqa: F401

    # What is loaded stays: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


def _versions() -> dict[str, str]:
    from optitracr.corpus.request import versions

    return versions()


def _read(requests: BinaryIO, waiting: queue.SimpleQueue[Any]) -> None:
    """Takes what comes; at the end of the stream nobody is there any more, whatever is at work."""
    while True:
        try:
            waiting.put(pickle.load(requests))
        except EOFError:
            os._exit(0)
        except Exception as error:
            waiting.put(error)


def _write(replies: BinaryIO, message: Any) -> None:
    try:
        replies.write(pickle.dumps(message))
        replies.flush()
    except BrokenPipeError:
        os._exit(0)


def _serve(chunk: Any, replies: BinaryIO) -> None:
    from optitracr.corpus.tasks import Chunk

    if not isinstance(chunk, Chunk):
        raise SystemExit(f"what was sent cannot be read here: {chunk!r}")
    _limit_memory(chunk.job.guard.memory)
    for task in chunk.tasks:
        _write(replies, _reply(chunk, task))


def _reply(chunk: Any, task: Any) -> Any:
    """What becomes of one program, under the clock."""
    from optitracr.corpus.log import peak_memory
    from optitracr.corpus.records import to_bytes
    from optitracr.corpus.tasks import Reply

    start = time.process_time()
    _alarm(chunk.job.guard.seconds)
    record = to_bytes(_record(chunk, task))
    _alarm(0.0)
    measured = {
        "cpu": round(time.process_time() - start, 4),
        "peak": peak_memory(),
        "pid": os.getpid(),
        "host": socket.gethostname(),
    }
    return Reply(task.index, record, measured)


def _record(chunk: Any, task: Any) -> Any:
    from optitracr.corpus.one_program import record_of
    from optitracr.corpus.records import failure
    from optitracr.corpus.wording import reason_of, said, stable

    try:
        item = chunk.job.item(task)
    except Exception as error:
        kind = type(error).__name__
        message = f"it cannot be read in a worker: {stable(said(error))}"
        return failure(task.index, task.name, kind, reason_of(error), message)
    return record_of(task.index, item, chunk.job.options)


def _limit_memory(limit: int) -> None:
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _alarm(seconds: float) -> None:
    """Ends this process after some CPU time, even inside a solver, which no handler could."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)
