"""Ctrl-C that ends a command wherever it comes."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

AGAIN = 0.01
"""Seconds until an interrupt is sent again. So long that the callback in which it was lost is over,
and so short that nobody sees the wait; where the next one falls into a callback too, so does it."""


@contextmanager
def no_interrupt_lost() -> Iterator[None]:
    """Sends an interrupt again that Python could not raise.

    In a callback of the garbage collector, as JAX has one, or in a `__del__`, Python prints an
    exception and goes on as if nothing had been: the command would run to its end after Ctrl-C.
    """
    before = sys.unraisablehook
    main = threading.main_thread().ident
    running = True

    def send_again() -> None:
        time.sleep(AGAIN)
        if running:
            _interrupt(main)

    sys.unraisablehook = _hook(send_again, before)
    try:
        yield
    finally:
        running = False
        sys.unraisablehook = before


def _interrupt(thread: int | None) -> None:
    """Sends a signal that ends waiting, which `interrupt_main` alone does not."""
    if thread is not None and hasattr(signal, "pthread_kill"):
        signal.pthread_kill(thread, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _hook(
    send_again: Callable[[], None], before: Callable[[sys.UnraisableHookArgs], object]
) -> Callable[[sys.UnraisableHookArgs], object]:
    def hook(lost: sys.UnraisableHookArgs) -> None:
        if issubclass(lost.exc_type, KeyboardInterrupt):
            # `threading` takes locks, which the code that was interrupted may hold.
            _thread.start_new_thread(send_again, ())
        else:
            before(lost)

    return hook
