"""What an executor runs: a chunk of programs, in a process of its own that is killed alone.

The process is kept for the next chunk. A worker that is a thread is as good as one that is a
process, and one that may have no children by `multiprocessing`, as those of Dask, as well.
"""

from __future__ import annotations

import signal
import socket
from collections import deque
from dataclasses import dataclass, replace

from optitracr.corpus.children import CHILDREN, Child, Children, WorkerError
from optitracr.corpus.records import failure, to_bytes
from optitracr.corpus.request import Guard, differences
from optitracr.corpus.tasks import Chunk, Job, Reply, Task
from optitracr.corpus.wording import listed

WALL = 10.0
"""Seconds by the clock for each second of CPU time that a program may take: a machine that does ten
things at once is still waited for, and what sleeps for ever is not."""

LEAST_WALL = 120.0
"""Seconds by the clock that are waited at least: a short guard is of CPU time, and not of what
other processes take."""

TRIES = 3
"""How often a program may take its process with it: the first time it may have been the system, or
somebody's kill, that chose this one."""

GUARD = "guard"
"""The kind of a failure that a guard made."""


@dataclass(frozen=True, slots=True)
class _End:
    """How a process ended over a program.

    Attributes:
        why: The reason, the same whenever the same happens.
        final: Whether another try would end alike.
    """

    why: str
    final: bool


def make_chunk(chunk: Chunk, children: Children = CHILDREN) -> list[Reply]:
    """What becomes of some programs; a program that ends its process ends nothing else.

    Args:
        chunk: The programs.
        children: The processes that compile; those of this process by default.

    Raises:
        WorkerError: If no process can be started here, or it has other versions of the packages.
        StoppedError: If the work was called off.
    """
    job, waiting = chunk.job, deque(chunk.tasks)
    replies: list[Reply] = []
    ends: list[_End] = []
    while waiting:
        child = _ready(job, children)
        child.send(Chunk(job, tuple(waiting)))
        while waiting and (reply := child.reply(_wall(job.guard))) is not None:
            waiting.popleft()
            replies.append(replace(reply, killed=tuple(end.why for end in ends)))
            ends = []
        if not waiting:
            children.give_back(child)
            break
        children.lose(child)
        end = _ended(child, job.guard)
        if end is None:
            continue
        ends.append(end)
        if end.final or len(ends) == TRIES:
            replies.append(_lost(job, waiting.popleft(), ends))
            ends = []
    return replies


def _ready(job: Job, children: Children) -> Child:
    """A process with the packages that the corpus is made with.

    Raises:
        WorkerError: If it has others.
    """
    child = children.take()
    found = differences(job.versions, child.versions)
    if found:
        children.lose(child)
        child.kill()
        raise WorkerError(
            f"{socket.gethostname()} has other packages than where the corpus is asked for: "
            f"{'; '.join(found)}; install the same"
        )
    return child


def _wall(guard: Guard) -> float:
    return max(WALL * guard.seconds, LEAST_WALL)


def _ended(child: Child, guard: Guard) -> _End | None:
    """How a process ended that gave no answer; None if it had nothing to do and left."""
    code = child.ended()
    if code is None:
        child.kill()
    if code == 0:
        return None
    if code is None:
        return _End(f"no answer for {_wall(guard):g} s", True)
    if hasattr(signal, "SIGPROF") and code == -signal.SIGPROF:
        return _End(f"more than {guard.seconds:g} s of CPU time", True)
    how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
    return _End(f"its process was ended {how}", False)


def _lost(job: Job, task: Task, ends: list[_End]) -> Reply:
    """The failure of a program over which processes ended."""
    why, name, text, made_from = ends[-1].why, task.name, "", "{}"
    try:
        item = job.item(task)
        name, text, made_from = item.name, listed(item), item.written_from
    except Exception as error:
        why += f", and it cannot be read here: {type(error).__name__}"
    record = failure(
        task.index,
        name,
        GUARD,
        f"{GUARD}: {ends[-1].why}",
        why,
        guarded=True,
        text=text,
        made_from=made_from,
    )
    measured = {"host": socket.gethostname()}
    return Reply(task.index, to_bytes(record), measured, tuple(end.why for end in ends))
