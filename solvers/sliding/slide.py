"""Narrower plans of large problems by local search: late acceptance over small moves.

A move is kept if the plan costs no more than before, or than it did some moves ago (Burke and
Bykov 2017, The late acceptance Hill-Climbing heuristic, European Journal of Operational
Research 258): no temperature, whole numbers alone, and so the same plan on any machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from solvers.allocation import Plan
from solvers.search import Search
from solvers.sliding.chance import chance
from solvers.sliding.descent import (
    BARREN,
    BEST_LAYER,
    BEST_PICK,
    BEST_WAY,
    MADE,
    PRICED,
    descend,
    descent,
    highest,
    reprice,
)
from solvers.sliding.fields import Numbers, at, field
from solvers.sliding.plans import plan_of, schedule_of
from solvers.sliding.schedule import COUNT, LOAD, NEURONS, set_prices
from solvers.sliding.tables import Numbered, numbered
from solvers.validator import violations

MOVES_A_SECOND = 1_000_000
"""Moves that count as one deterministic second: about as many as a processor makes in one, of
problems of a thousand components."""

MEMORY = 300
"""Moves ago whose cost a plan may have again. Measured on random programs of 100 to 1,000 s-ops:
with 1,000 a descent takes twice as long, and several shorter ones find narrower plans in that
time."""

PATIENCE = 800
"""Moves for each component without a smaller peak, after which a descent ends: with 4,000 the
same problems took three times as long and ended no narrower."""

STARTS = 8
"""Descents from the first plan at most, each by other chances: the narrowest of a few is narrower
than one that goes on for as long."""

STARTS_SHARE = (1, 2)
"""Share of the time of moves that these have at most; neurons have the rest."""

AT_ONCE = 50_000
"""Moves between which an interrupt is heard: far less than a second."""

STEEPNESS = 16
"""Power of a load that is its price: high, so that peaks count, and not so high that states a
little below them count for nothing."""

SCALE = 1 << 30
"""Price of the highest load at the start: whole numbers still tell loads of two thirds apart."""

WHOLE = 1 << 60
"""What all loads together cost at most, and all neurons: sums of both have 64 bits."""

DISTINCT = 1 << 6
"""Dimensions too many whose prices are told apart."""


@dataclass(frozen=True, slots=True)
class _Goal:
    """What to make smaller.

    Attributes:
        peaked: LOAD or NEURONS.
        prices: What each width of a state, and each number of neurons of a layer, costs for a
            peak.
    """

    peaked: int
    prices: Callable[[int], tuple[Numbers, Numbers]]


def slide(search: Search, until: float, number: int = 0) -> None:
    """Makes the best plan narrower, and its layers smaller, without changing its depth.

    Args:
        search: Holds the plan; the better one is kept there.
        until: Time spent, in the units of the limit, at which to stop.
        number: Of the round: each has other chances.

    Raises:
        KeyboardInterrupt: If the user stopped it and the plan is not to be kept.
    """
    known, random = numbered(search.problem), chance(search.seed + number)
    share, whole = STARTS_SHARE
    middle = search.spent + (until - search.spent) * share / whole
    _descents(search, known, random, _narrow, middle, 1 if number else STARTS)
    _descents(search, known, random, _few_neurons, until, 1)


def unload(search: Search, until: float) -> None:
    """Makes the layers of the best plan smaller, at its depth and width.

    Args:
        search: Holds the plan; the better one is kept there.
        until: Time spent, in the units of the limit, at which to stop.

    Raises:
        KeyboardInterrupt: If the user stopped it and the plan is not to be kept.
    """
    random = chance(search.seed)
    _descents(search, numbered(search.problem), random, _few_neurons, until, 1)


def _descents(
    search: Search,
    known: Numbered,
    random: Numbers,
    goal: Callable[[Numbered, Plan], _Goal],
    until: float,
    most: int,
) -> None:
    """Some descents from the best plan; the best that they find is kept."""
    start = search.plan
    if start is None or start.layers == 0:
        return
    for _ in range(most):
        if search.over or search.spent >= until:
            return
        run = _Run(search, known, start, goal(known, start), random)
        try:
            run.go(int((min(until, search.time_limit) - search.spent) * MOVES_A_SECOND))
        except KeyboardInterrupt:
            if not search.keep:
                raise
            search.interrupted = True
        run.keep()


def _narrow(known: Numbered, plan: Plan) -> _Goal:
    """Fewer dimensions."""
    nothing = np.zeros(known.neurons + 1, dtype=np.int64)
    return _Goal(LOAD, lambda peak: (_steep(known.widths + 1, peak, plan.layers + 1), nothing))


def _few_neurons(known: Numbered, plan: Plan) -> _Goal:
    """Fewer neurons, at no more than the plan's width."""
    states = plan.layers + 1
    excess = np.arange(known.widths + 1) - plan.width
    width = np.clip(excess, 0, DISTINCT) * (WHOLE // states // DISTINCT)
    return _Goal(NEURONS, lambda peak: (width, _steep(known.neurons + 1, peak, states)))


def _steep(count: int, peak: int, states: int) -> Numbers:
    """Prices that rise steeply up to a peak, and beyond as far as numbers go."""
    power, whole, most = STEEPNESS, max(peak, 1) ** STEEPNESS, WHOLE // states - count
    prices = [min(load**power * SCALE // whole, most) + load for load in range(count)]
    return np.array(prices, dtype=np.int64)


@dataclass(slots=True)
class _Run:
    """One descent.

    Attributes:
        search: What it is part of.
        known: The problem.
        start: The plan that it starts from.
        goal: What to make smaller.
        random: Where chance comes from.
        made: Moves tried.
        found: Where the descent is; None if it has not begun.
    """

    search: Search
    known: Numbered
    start: Plan
    goal: _Goal
    random: Numbers
    made: int = 0
    found: Numbers | None = None

    def go(self, most: int) -> None:
        """Moves until nothing is gained for long, or so often."""
        schedule = schedule_of(self.known, self.start)
        peak = highest(schedule, self.goal.peaked)
        set_prices(schedule, *self.goal.prices(peak))
        self.found = found = descent(schedule, peak, MEMORY)
        goal, random = self.goal.peaked, self.random
        while self.made < most:
            patience, once = PATIENCE * at(schedule, COUNT, 0), min(AT_ONCE, most - self.made)
            if at(found, BARREN, 0) >= patience:
                return
            again = descend(self.known.tables, schedule, found, random, goal, once, patience)
            self.made = at(found, MADE, 0)
            if again:
                set_prices(schedule, *self.goal.prices(at(found, PRICED, 0)))
                reprice(schedule, found)

    def keep(self) -> None:
        """Hands the best plan on, if it is valid and better."""
        search, found = self.search, self.found
        search.spent += self.made / MOVES_A_SECOND
        if found is None:
            return
        way, layer, pick = (field(found, row) for row in (BEST_WAY, BEST_LAYER, BEST_PICK))
        plan = plan_of(self.known, way, layer, pick, self.start)
        if search.better(plan) and not violations(search.problem, plan):
            search.plan = plan
            search.progress(f"{plan.layers} layers: width {plan.width}, {plan.neurons} neurons")
