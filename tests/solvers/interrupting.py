"""Ctrl-C at a chosen moment, and what the process does about it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Handler = Any

AGAIN = 3.0
"""Seconds after which an interrupt that ended nothing is sent again; one that does ends a solve
within a second."""


def solving() -> bool:
    """Whether a solver runs."""
    return any(thread.name == "solver" for thread in threading.enumerate())


def solved() -> bool:
    """Whether no solver runs, or none does after a moment."""
    deadline = time.perf_counter() + 1
    while solving() and time.perf_counter() < deadline:
        time.sleep(0.001)
    return not solving()


THREADS = 1 << 31 | 1 << 32
"""Signals 32 and 33, which the C library catches from the first thread on, for itself alone: where
linear algebra has one thread, that is the solver's."""


def handlers() -> tuple[Handler, list[int]]:
    """Python's handler of SIGINT, and the signals that the process catches and ignores."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    masks = [int(x.split()[1], 16) for x in lines if x.startswith(("SigCgt", "SigIgn"))]
    return signal.getsignal(signal.SIGINT), [mask & ~THREADS for mask in masks]


@contextmanager
def handled(handler: Handler = signal.default_int_handler) -> Iterator[None]:
    """Sets a handler of SIGINT, and checks that it is still there at the end."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        expected = handlers()
        yield
        assert handlers() == expected
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def interrupted(after: float = 0.2, when: Callable[[], bool] = solving) -> Iterator[None]:
    """Sends SIGINT, some seconds after a condition first holds.

    Again where that did nothing: Python drops an exception that a signal raises while it runs the
    callback of a weak reference.
    """
    done = threading.Event()

    def send() -> None:
        while not when() and not done.is_set():
            time.sleep(0.002)
        wait = after
        while not done.wait(wait):
            os.kill(os.getpid(), signal.SIGINT)
            wait = AGAIN

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        done.set()
        sender.join()
