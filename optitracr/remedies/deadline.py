"""Work that stops when its time is over."""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

CALLS = 50
"""Calls by the library between two looks at the clock: some ten microseconds."""

OWN = ("optitracr.", "solvers.")
"""Modules of the library."""


class OutOfTimeError(BaseException):
    """The time is over. No `Exception`, so that nobody who expects those of a program takes it."""


def within(seconds: float, work: Callable[[], Any]) -> Any:
    """What some work gives.

    It stops where code of the library next calls or is called after its time: that of others may
    take any exception for one of its own. The time is that of the processor, so that other
    processes do not count.

    Args:
        seconds: How long it may take.
        work: The work.

    Raises:
        OutOfTimeError: If it takes longer.
    """
    end = time.process_time() + seconds
    calls = 0

    def look(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        if frame.f_globals is globals():
            return
        if not str(frame.f_globals.get("__name__")).startswith(OWN):
            return
        if frame.f_code.co_flags & inspect.CO_GENERATOR:
            # One that is thrown away is closed here too, where Python drops what is raised.
            return
        calls += 1
        if calls % CALLS == 0 and time.process_time() > end:
            raise OutOfTimeError

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        return work()
    finally:
        sys.setprofile(before)
