"""How large a problem is for the exact search, and how long it is worth searching."""

from __future__ import annotations

from solvers.problem import Problem
from solvers.timing import Earliest, earliest

LARGE_MODEL = 6_000
"""Placement and erasure decisions beyond which a plan is first improved in stretches."""

LARGEST_MODEL = 60_000
"""Decisions beyond which no exact model is built."""

DEFAULT_TIME = 60.0
"""Deterministic seconds for a problem that is not large."""

LARGE_TIMES = (2.0, 40.0)
"""Least and most deterministic seconds for a large one."""


def decisions(problem: Problem, times: Earliest | None = None) -> int:
    """Placement and erasure decisions of the shallowest model."""
    times = earliest(problem) if times is None else times
    return 2 * times.layers * (len(problem.alternatives) + len(problem.variables))


def default_time_limit(problem: Problem) -> float:
    """Deterministic seconds that a problem is worth: large ones are improved, not proven."""
    count = decisions(problem)
    if count <= LARGE_MODEL:
        return DEFAULT_TIME
    least, most = LARGE_TIMES
    return min(max(count / 4_000, least), most)
