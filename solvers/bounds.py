"""Lower bounds without search, for problems too large for an exact model."""

from __future__ import annotations

from solvers.problem import Alternative, Problem
from solvers.timing import Earliest, last_sublayer


def necessary(problem: Problem) -> dict[str, Alternative | None]:
    """Variables that every plan has, with the alternative that every plan uses, if one."""
    alternatives, known = problem.alternatives_of(), problem.by_name()
    shared = set(problem.views[0].reads).intersection(*(v.reads for v in problem.views))
    stack = [name for name in problem.views[0].reads if name in shared]
    found: dict[str, Alternative | None] = {}
    while stack:
        name = stack.pop()
        if name in found:
            continue
        choices = alternatives[name]
        found[name] = choices[0] if len(choices) == 1 and not known[name].is_input else None
        common = {
            option
            for a in choices[:1]
            for options in a.reads
            if len(options) == 1 and all(options in other.reads for other in choices)
            for option in options
        }
        stack.extend(sorted(common))
    return found


def width_bound(problem: Problem, times: Earliest, layers: int) -> int:
    """Width that any plan of that many layers has: what must be alive at one state.

    A variable is alive from its latest birth to its earliest last reading, in every plan.
    """
    needed = necessary(problem)
    total = 2 * layers
    latest = dict.fromkeys(needed, total)
    last_read = {name: times.birth[name] for name in needed}
    readers = sorted(
        (a for a in needed.values() if a is not None),
        key=lambda a: -times.sublayer[a.name],
    )
    for name in set(problem.views[0].reads).intersection(*(v.reads for v in problem.views)):
        last_read[name] = total
    for alternative in readers:
        latest_start = last_sublayer(alternative, latest[alternative.variable])
        for options in alternative.reads:
            if len(options) == 1 and options[0] in needed:
                read = options[0]
                latest[read] = min(latest[read], latest_start)
                last_read[read] = max(last_read[read], times.sublayer[alternative.name])
    known = problem.by_name()
    inputs = {v.name for v in problem.variables if v.is_input}
    loads = [0] * (total + 1)
    for name in needed:
        first = 0 if name in inputs else latest[name]
        for state in range(max(first, 0), last_read[name] + 1):
            loads[state] += known[name].width
    return max(loads)
