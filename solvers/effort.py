"""How large a problem is for the exact search, and how long it is worth searching."""

from __future__ import annotations

from solvers.allocation import Plan
from solvers.greedy import greedy_plan
from solvers.problem import Problem
from solvers.timing import Earliest, earliest

LARGE_MODEL = 6_000
"""Placement and erasure decisions up to which the exact model is solved at once: CP-SAT mostly
proves such problems in the default time. Larger ones are first improved in stretches, which narrows
them sooner."""

ANEW = 1_500
"""Decisions up to which a problem is solved anew, whatever plan there is to start from: that takes
half of the time, and of the plans of equal sizes none is sooner right than another."""

ALIKE = 1_500
"""Decisions up to which one is found that is more like the given one: in larger problems that takes
some twenty times as long as to find any."""

LARGEST_MODEL = 60_000
"""Decisions beyond which no exact model is built: writing it down alone would take longer than the
default time, and memory with it. Such a problem has the improved plan."""

DEFAULT_TIME = 60.0
"""Deterministic seconds for a problem that is not large: proofs that take longer are seldom had
with a few times as much. Those who want to wait give a time limit."""

WEIGHED_TIME = 150.0
"""The same where sizes are weighed up for the fewest parameters: each depth and width is ruled out
by itself, and the last of them takes most."""

LARGE_TIMES = (2.0, 40.0)
"""Least and most deterministic seconds for a large one: two are enough for some stretches, and
nobody should wait for more than some minutes without having asked for it."""

CHOICES_A_SECOND, LEAST_CHOICES = 1_000, 4.0
"""Alternatives for which an improvement without an exact model has one second, and how many it has
at least: moves gain little after so many of them."""


AGAIN = 2
"""A large problem that starts from a good plan has this part of the time: moves gain little in it
beyond what the plan had lost."""

GOOD = (3, 4)
"""Width of a good plan at most, as a share of the greedy plan's: what is left of a plan once some
of its components are gone is either about half as wide as that, or as wide."""


SETTLED_A_SECOND, LEAST_SETTLED = 100, 10.0
"""Alternatives for which a large problem without choices has one second, and how many it has at
least: step models prove the width of such problems or come close, in about that time."""


def decisions(problem: Problem, times: Earliest | None = None) -> int:
    """Placement and erasure decisions of the shallowest model."""
    times = earliest(problem) if times is None else times
    return 2 * times.layers * (len(problem.alternatives) + len(problem.variables))


def default_time_limit(problem: Problem, start: Plan | None = None, weighed: bool = False) -> float:
    """Deterministic seconds that a problem is worth: large ones are improved, not proven.

    Args:
        problem: The problem.
        start: A plan to start from, if there is one.
        weighed: Whether sizes are weighed up, in parameters.
    """
    count = decisions(problem)
    if count <= LARGE_MODEL:
        return WEIGHED_TIME if weighed else DEFAULT_TIME
    least, most = LARGE_TIMES
    if start is None and settled(problem):
        return min(max(len(problem.alternatives) / SETTLED_A_SECOND, LEAST_SETTLED), most)
    if count <= LARGEST_MODEL:
        return max(count / 4_000, least)
    whole = min(max(len(problem.alternatives) / CHOICES_A_SECOND, LEAST_CHOICES), most)
    return max(whole / AGAIN, least) if _is_good(problem, start) else whole


def _is_good(problem: Problem, plan: Plan | None) -> bool:
    """Whether a plan is much narrower than the greedy one."""
    if plan is None:
        return False
    greedy = greedy_plan(problem)
    share, whole = GOOD
    return greedy is None or plan.width * whole <= greedy.width * share


def settled(problem: Problem) -> bool:
    """Whether there is nothing to choose, so that all that is open is when components stand."""
    alternatives = problem.alternatives
    return (
        len(problem.views) == 1
        and len({a.variable for a in alternatives}) == len(alternatives)
        and all(len(set(options)) == 1 for a in alternatives for options in a.reads)
    )
