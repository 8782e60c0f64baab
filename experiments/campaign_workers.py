"""Programs of a campaign over processes, of which none can stall or end the campaign."""

from __future__ import annotations

import multiprocessing
import resource
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from campaign_programs import GENERATORS, Outcome, Run, try_program

from optitracr.levels import LEVELS

MEMORY = 8 << 30
"""Bytes that one program may take; beyond that it fails alone, and not the machine."""

SPAWN = multiprocessing.get_context("spawn")


@dataclass(slots=True)
class _Worker:
    """A process that tries one program after another.

    Attributes:
        process: The process.
        connection: Seeds go out, runs come back; None after the last of a program.
        seed: What it tries.
        runs: What came back of that.
    """

    process: Any
    connection: Connection
    seed: int
    runs: list[Run] = field(default_factory=list)


def results(
    generator: str, seeds: Sequence[int], workers: int, guard: float
) -> Iterator[tuple[int, list[Run]]]:
    """What becomes of the programs of some seeds, in the order in which they end.

    Args:
        generator: Where programs come from.
        seeds: The programs.
        workers: Number of processes.
        guard: Seconds of CPU time for one program, over all levels and readings; what it
            has not done by then counts as slow.
    """
    waiting = iter(seeds)
    running: list[_Worker] = []
    try:
        for seed in waiting:
            running.append(_begun(generator, guard, seed))
            if len(running) == workers:
                break
        while running:
            ready = wait([worker.connection for worker in running])
            for worker in [worker for worker in running if worker.connection in ready]:
                done = _received(worker, generator, guard)
                if done is None:
                    continue
                yield worker.seed, done
                running.remove(worker)
                following = next(waiting, None)
                if following is not None:
                    running.append(_continued(worker, generator, guard, following))
                else:
                    _ended(worker)
    finally:
        for worker in running:
            _ended(worker)


def _begun(generator: str, guard: float, seed: int) -> _Worker:
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=_serve, args=(theirs, generator, guard), daemon=True)
    process.start()
    theirs.close()
    ours.send(seed)
    return _Worker(process, ours, seed)


def _continued(worker: _Worker, generator: str, guard: float, seed: int) -> _Worker:
    if not worker.process.is_alive():
        _ended(worker)
        return _begun(generator, guard, seed)
    worker.connection.send(seed)
    return _Worker(worker.process, worker.connection, seed)


def _ended(worker: _Worker) -> None:
    worker.connection.close()
    worker.process.kill()
    worker.process.join()


def _received(worker: _Worker, generator: str, guard: float) -> list[Run] | None:
    """All runs of a program once the last is there, or its process is dead."""
    try:
        run = worker.connection.recv()
    except (EOFError, ConnectionResetError):
        worker.process.join()
        return [*worker.runs, *_lost(worker, generator, guard)]
    if run is None:
        return worker.runs
    worker.runs.append(run)
    return None


def _lost(worker: _Worker, generator: str, guard: float) -> Iterator[Run]:
    """The runs that a program did not come to, the first with its time."""
    code = worker.process.exitcode
    slow = code == -signal.SIGPROF
    outcome = Outcome.SLOW if slow else Outcome.RAISED
    message = f"more than {guard:g} s" if slow else f"the process ended with {code}"
    readings = GENERATORS[generator](worker.seed).readings
    every = [(level, causal) for causal in readings for level in LEVELS]
    left = guard - sum(run.seconds for run in worker.runs)
    for level, causal in every[len(worker.runs) :]:
        yield Run(level, causal, outcome, 0, round(left, 2), message, message)
        left = 0.0


def _serve(connection: Connection, generator: str, guard: float) -> None:
    """Tries programs until nobody asks any more."""
    # Ctrl-C is for the parent, which ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The default action ends the process even inside a solver, which no handler could.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while True:
        try:
            seed = connection.recv()
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_PROF, guard)
        for run in try_program(generator, seed):
            connection.send(run)
        signal.setitimer(signal.ITIMER_PROF, 0)
        connection.send(None)
