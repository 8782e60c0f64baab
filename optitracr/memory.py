"""Whether there is memory for what is about to be made: a clear error in place of a kill."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, ParamSpec, TypeVar

from optitracr.errors import LimitError

UNKNOWN = 8 << 30
"""Bytes counted on where the system does not say: what an ordinary laptop has."""

KEPT = 8
"""One part in so many of the machine's memory is left to the system and to other programs: a
process that takes all of it is killed before it has it."""

P = ParamSpec("P")
T = TypeVar("T")


def available() -> int:
    """Bytes that this process may take: the machine's memory, or less where it is limited.

    It is not what is free at the moment, so that the same call gives the same answer, but an eighth
    is left to others. Limits are those of the process (RLIMIT_AS) and of its container (cgroups).
    """
    return max(0, min(_machine(), _process(), _container()))


def check_memory(what: str, needed: int, remedy: str) -> None:
    """Checks that something fits in memory, before it is made.

    Args:
        what: What is about to be made, with its sizes.
        needed: Bytes that it takes at least.
        remedy: What would help.

    Raises:
        LimitError: Names the thing, what it takes and what there is.
    """
    there = available()
    if needed > there:
        raise LimitError(
            f"{what} would take at least {_shown(needed)} of memory, and there are "
            f"{_shown(there)}; {remedy}"
        )


def within_memory(function: Callable[P, T]) -> Callable[P, T]:
    """What a function does, with an error of the library where memory runs out all the same."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except MemoryError as error:
            out_of_memory(function.__name__, error)

    return guarded


def out_of_memory(name: str, error: MemoryError) -> NoReturn:
    """Raises the error for memory that ran out.

    Raises:
        LimitError: Always.
    """
    raise LimitError(
        f"{name} ran out of memory, of which there are {_shown(available())}"
        f"{f' ({error})' if str(error) else ''}; give fewer tokens, shorter sequences or "
        "fewer inputs at once"
    ) from error


def _shown(count: int) -> str:
    size, unit = float(min(count, 1 << 1000)), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:,.0f} {unit}" if size < 10**9 else "more than 1,000,000,000 TB"


def _machine() -> int:
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return UNKNOWN
    return whole - whole // KEPT


def _process() -> int:
    """What the limit on this process's addresses leaves beside what it has."""
    try:
        import resource
    except ImportError:
        return 1 << 62
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return 1 << 62 if soft == resource.RLIM_INFINITY else soft


@functools.cache
def _container() -> int:
    """The limit of the process's container, which is read from a file."""
    try:
        return int(Path("/sys/fs/cgroup/memory.max").read_text())
    except (OSError, ValueError):
        return 1 << 62
