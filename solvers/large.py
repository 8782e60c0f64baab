"""Large problems: which search has how much of the time."""

from __future__ import annotations

from solvers.allocation import STOCK_WIDTH
from solvers.bounds import width_bound
from solvers.effort import default_time_limit
from solvers.rounds import improve
from solvers.search import Search
from solvers.steps.energy import neurons_bound
from solvers.steps.narrowing import narrow
from solvers.steps.windows import Windows, windows
from solvers.timing import Earliest

NARROWED = (("depth", "width"), ("depth", STOCK_WIDTH))
"""What comes first where step models narrow plans."""

MEDIUM_SHARE = 0.3
"""Share of the time that step models have at most before the exact model of a problem that is not
large: where they find and prove the least width, it is mostly within a few seconds of the 60."""


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
    found = _bounded(search, times)
    if search.objective[:2] not in NARROWED:
        improve(search, until)
    elif found.settled:
        narrow(search, found, until)
        improve(search, until)
    else:
        improve(search, min(until, default_time_limit(search.problem)))
        narrow(search, found, until)


def prepare_medium(search: Search, times: Earliest) -> None:
    """Narrows the plan of a problem of medium size, and bounds it, before the exact model.

    Where there are choices, the exact model is as quick without.

    Args:
        search: Holds the plan, which has the least depth.
        times: Earliest births.
    """
    found = _bounded(search, times)
    if search.objective[:2] in NARROWED and found.settled:
        narrow(search, found, MEDIUM_SHARE * search.time_limit)


def _bounded(search: Search, times: Earliest) -> Windows:
    """The windows at the least depth; the bounds that need no search are kept."""
    found = windows(search.problem, times, times.layers)
    search.least_width = width_bound(search.problem, times, times.layers)
    search.least_neurons = neurons_bound(found)
    return found
