"""Better plans of large problems: small moves first, then exact stretches, and again."""

from __future__ import annotations

from solvers.improve import improve_width
from solvers.search import Search
from solvers.sliding.slide import slide

STRETCHES = (1, 5)
"""Share of the time that stretches have in a round: they find what takes many moves at once, but
little else that moves have not found sooner."""


def improve(search: Search, until: float) -> None:
    """Improves the best plan at its depth, until a round gains nothing or time is over.

    Args:
        search: Holds the plan; the better one is kept there.
        until: Time spent, in the units of the limit, at which to stop.

    Raises:
        KeyboardInterrupt: If the user stopped it and the plan is not to be kept.
    """
    share, whole = STRETCHES
    number, gained = 0, True
    while gained and search.plan is not None and not search.over and search.spent < until:
        before = search.key(search.plan)
        reserved = (until - search.spent) * share / whole
        slide(search, until - reserved, number)
        improve_width(search, min(search.spent + reserved, until))
        gained = search.key(search.plan) < before
        number += 1
