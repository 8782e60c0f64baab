"""Allocation problems of the library's programs, as the compiler states them."""

from __future__ import annotations

from optitracr import library
from optitracr.compile import allocation_problem
from solvers import Limits, Problem


def library_problem(entry: library.Program, level: int, limits: Limits | None = None) -> Problem:
    """The allocation problem of a program at level 1 or 2.

    Raises:
        OptitracrError: If the program has no lowering at that level.
    """
    return allocation_problem(
        entry.make(),
        entry.vocab,
        entry.max_seq_len,
        entry.causal,
        optimize=level,
        limits=limits,
    )
