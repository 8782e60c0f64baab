"""How large a problem is for the exact search, and how long it is worth searching."""

from __future__ import annotations

from solvers.problem import Problem
from solvers.timing import Earliest, earliest

LARGE_MODEL = 6_000
"""Placement and erasure decisions up to which the exact model is solved at once: CP-SAT mostly
proves such problems in the default time. Larger ones are first improved in stretches, which narrows
them sooner."""

LARGEST_MODEL = 60_000
"""Decisions beyond which no exact model is built: writing it down alone would take longer than the
default time, and memory with it. Such a problem has the improved plan."""

DEFAULT_TIME = 60.0
"""Deterministic seconds for a problem that is not large: proofs that take longer are seldom had
with a few times as much. Those who want to wait give a time limit."""

LARGE_TIMES = (2.0, 40.0)
"""Least and most deterministic seconds for a large one: two are enough for some stretches, and
nobody should wait for more than some minutes without having asked for it."""

CHOICES_A_SECOND = 200
"""Alternatives for which an improvement without an exact model has one second: moves gain little
after so many of them."""


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
    if count <= LARGEST_MODEL:
        return max(count / 4_000, least)
    return min(max(len(problem.alternatives) / CHOICES_A_SECOND, least), most)
