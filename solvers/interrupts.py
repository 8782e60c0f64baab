"""Solves that Ctrl-C ends: a solver works in a thread of its own while the caller waits.

Python acts on a signal between two of its instructions, and a solver's run is a single one.
CP-SAT can take the signal itself, but leaves the process without a handler afterwards, so that
the next Ctrl-C ends a notebook's kernel. Here it touches no handler: the thread that waits is
interrupted as Python does it, and stops the solver before the exception goes on.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any, Generic, Literal, TypeVar

Result = TypeVar("Result")

OnInterrupt = Literal["raise", "keep"]
"""What an interrupt does: raise KeyboardInterrupt, or end the search with its best plan."""

ON_INTERRUPT: tuple[OnInterrupt, ...] = ("raise", "keep")

LONGEST_WAIT = 0.5
"""Seconds of one wait. Windows acts on no signal before a wait is over; elsewhere a wait ends
at once with the signal, or with the solve."""

BETWEEN_STOPS = 0.02
"""Seconds between two requests to stop: one that comes before the search begins is lost. So short
that nobody sees the wait, and so long that it costs no time of the processor."""


def load_cp_sat() -> None:
    """Loads OR-Tools where no signal reaches it; call it before what imports it first.

    Its import turns KeyboardInterrupt into ImportError.

    Raises:
        KeyboardInterrupt: If the user stopped it; it is loaded all the same.
    """
    load_whole("ortools.sat.python.cp_model")


def load_whole(name: str) -> None:
    """Imports a module where no signal reaches it; call it before what imports it first.

    Modules in C++ import each other as they are loaded, and where KeyboardInterrupt comes out of
    one of these imports, some end the process.

    Raises:
        KeyboardInterrupt: If the user stopped it; the module is loaded all the same.
    """
    if name not in sys.modules:
        interruptible(lambda: import_module(name), lambda: None)


def run_cp_sat(solver: Any, model: Any, *, keep: bool = False) -> tuple[Any, bool]:
    """Runs CP-SAT; every solve goes through here.

    Args:
        solver: A `CpSolver` with its parameters.
        model: A `CpModel`.
        keep: Whether an interrupted solve ends as if its time were over, with what it has.

    Returns:
        The solver's status, and whether the solve was interrupted.

    Raises:
        KeyboardInterrupt: If it was interrupted and nothing is to be kept, or it had not begun.
    """
    solver.parameters.catch_sigint_signal = False
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Where Ctrl-C is ignored, as in a worker, nobody has to wait beside the solver.
        return solver.solve(model), False
    statuses: list[Any] = []
    try:
        interruptible(lambda: statuses.append(solver.solve(model)), solver.stop_search)
    except KeyboardInterrupt:
        if not (keep and statuses):
            raise
        return statuses[0], True
    return statuses[0], False


def interruptible(work: Callable[[], Result], stop: Callable[[], None] | None = None) -> Result:
    """Calls a function that blocks, so that a signal still reaches the caller.

    Args:
        work: What to call; it runs in another thread.
        stop: Asks it to end soon, after which it is waited for. Work that cannot be asked is
            left behind: it runs to its end, and what it gives is dropped.

    Raises:
        BaseException: What the work raises, or what ended the wait, such as KeyboardInterrupt.
    """
    call = _Call(work)
    # At the end of the process Python waits for threads, but not for daemons; a thread that a
    # daemon starts is one by itself.
    thread = threading.Thread(target=call.run, name="solver")
    thread.daemon = thread.daemon or stop is None
    try:
        thread.start()
        call.wait()
    except BaseException:
        call.cancel(stop)
        raise
    return call.result()


class _Call(Generic[Result]):
    """A call in another thread, and what is known of it.

    A lock stands for the wait, and not `Thread.join`: where that is interrupted, Python 3.11
    takes the thread for ended although it runs.
    """

    def __init__(self, work: Callable[[], Result]) -> None:
        self._work = work
        self._running = threading.Lock()
        self._running.acquire()
        self._begun = self._cancelled = self._ended = False
        self._results: list[Result] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        """The thread's part; without any work if it is cancelled before."""
        self._begun = True
        try:
            if not self._cancelled:
                self._results.append(self._work())
        except BaseException as error:  # Whatever it is, it belongs to the caller.
            self._error = error
        self._ended = True
        self._running.release()

    def wait(self) -> None:
        """Waits for the end."""
        while not self._running.acquire(timeout=LONGEST_WAIT):
            continue

    def cancel(self, stop: Callable[[], None] | None) -> None:
        """Sees to it that the work ends; a further Ctrl-C changes nothing."""
        self._cancelled = True
        while stop is not None:
            try:
                while self._begun and not self._ended:
                    stop()
                    self._running.acquire(timeout=BETWEEN_STOPS)
                return
            except KeyboardInterrupt:
                continue

    def result(self) -> Result:
        """What the work gave, or raised."""
        if self._error is not None:
            raise self._error
        return self._results[0]
