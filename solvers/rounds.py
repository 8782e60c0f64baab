"""Better plans of large problems: small moves, then exact stretches where little is open, again."""

from __future__ import annotations

from solvers.effort import settled
from solvers.improve import improve_width
from solvers.interrupts import load_whole
from solvers.search import Search

STRETCHES = (1, 5)
"""Share of the time that stretches have in a round of a problem without choices. Where there are
choices they took three times as long as the moves, and found as much as these did in that time."""

BARREN = 2
"""Rounds of moves in sequence without a gain, after which the search ends: each has other chances,
and costs little."""

LAST_SHARE = 0.15
"""Share of the time that is left for the neurons of the last plan: stretches look at the width
alone, and one descent for a thousand components takes about so long."""


def improve(search: Search, until: float) -> None:
    """Improves the best plan at its depth, until rounds gain nothing or time is over.

    Args:
        search: Holds the plan; the better one is kept there.
        until: Time spent, in the units of the limit, at which to stop.

    Raises:
        KeyboardInterrupt: If the user stopped it and the plan is not to be kept.
    """
    try:
        # Machine code, which takes a moment to load, and seconds to make where it is not kept yet.
        load_whole("solvers.sliding.slide")
    except KeyboardInterrupt:
        if not search.keep:
            raise
        search.interrupted = True
        return
    from solvers.sliding.slide import slide, unload

    share, whole = STRETCHES if settled(search.problem) else (0, 1)
    rounds_end = search.spent + (until - search.spent) * (1 - LAST_SHARE)
    number, barren, moved = 0, 0, search.plan
    most = 1 if share else BARREN
    while barren < most and search.plan is not None:
        if search.over or search.spent >= rounds_end:
            break
        before = search.key(search.plan)
        reserved = (rounds_end - search.spent) * share / whole
        slide(search, rounds_end - reserved, number)
        moved = search.plan
        if share:
            improve_width(search, min(search.spent + reserved, rounds_end))
        barren = 0 if search.key(search.plan) < before else barren + 1
        number += 1
    if search.plan is not moved:
        unload(search, until)
