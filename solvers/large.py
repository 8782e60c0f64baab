"""Large problems: which search has how much of the time."""

from __future__ import annotations

from solvers.bounds import width_bound
from solvers.effort import default_time_limit
from solvers.rounds import improve
from solvers.search import Search
from solvers.steps.narrowing import narrow
from solvers.steps.windows import windows
from solvers.timing import Earliest


def improve_large(search: Search, times: Earliest, until: float) -> None:
    """Improves the plan of a large problem, and bounds its width where that comes after depth.

    Where all that is open is when things stand, step models find the best plan and prove it.
    Where there are choices, moves find most of what there is to find, and have the time that they
    need; step models prove how much is left, in what time is given beyond that.

    Args:
        search: Holds the plan, which has the least depth.
        times: Earliest births.
        until: Time spent at which to stop.
    """
    if search.objective[:2] != ("depth", "width"):
        improve(search, until)
        return
    search.least_width = width_bound(search.problem, times, times.layers)
    found = windows(search.problem, times, times.layers)
    if found.settled:
        narrow(search, found, until)
        improve(search, until)
    else:
        improve(search, min(until, default_time_limit(search.problem)))
        narrow(search, found, until)
