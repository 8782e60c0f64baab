"""Better plans of large problems: small moves first, then exact stretches, and again."""

from __future__ import annotations

from solvers.improve import improve_width
from solvers.interrupts import load_whole
from solvers.search import Search

STRETCHES = (1, 5)
"""Share of the time that stretches have in a round: they find what takes many moves at once, but
little else that moves have not found sooner."""

LAST_SHARE = 0.15
"""Share of the time that is left for the neurons of the last plan: stretches look at the width
alone, and one descent for a thousand components takes about so long."""


def improve(search: Search, until: float) -> None:
    """Improves the best plan at its depth, until a round gains nothing or time is over.

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

    share, whole = STRETCHES
    rounds_end = search.spent + (until - search.spent) * (1 - LAST_SHARE)
    number, gained, moved = 0, True, search.plan
    while gained and search.plan is not None and not search.over and search.spent < rounds_end:
        before = search.key(search.plan)
        reserved = (rounds_end - search.spent) * share / whole
        slide(search, rounds_end - reserved, number)
        moved = search.plan
        improve_width(search, min(search.spent + reserved, rounds_end))
        gained = search.key(search.plan) < before
        number += 1
    if search.plan is not moved:
        unload(search, until)
