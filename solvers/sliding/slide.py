"""Narrower plans of large problems by local search: late acceptance over small moves.

A move is kept if the plan costs no more than before, or than it did some moves ago (Burke and
Bykov 2017, The late acceptance Hill-Climbing heuristic, European Journal of Operational
Research 258): no temperature, whole numbers alone, and so the same plan on any machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from solvers.allocation import Plan
from solvers.search import Search
from solvers.sliding.moves import ImpossibleError, Moves
from solvers.sliding.schedule import Prices, Schedule, Snapshot, plan_of
from solvers.sliding.tables import Tables, tables_of
from solvers.validator import violations

MOVES_A_SECOND = 100_000
"""Moves that count as one deterministic second: about as many as a processor makes in one, of
problems of a thousand components."""

MEMORY = 100
"""Moves ago whose cost a plan may have again. Measured on random programs of 300 and 1,000 s-ops:
with 1 the search is stuck sooner, with 1,000 it takes twice as long for the same width."""

PATIENCE = 600
"""Moves for each component without a smaller peak, after which the search ends: with 2,000 the
same problems took three times as long and ended no narrower."""

STEEPNESS = 16
"""Power of a load that is its price: high, so that peaks count, and not so high that states a
little below them count for nothing."""

SCALE = 1 << 30
"""Price of the highest load at the start: whole numbers still tell loads of two thirds apart."""

FORBIDDEN = 1 << 60
"""Price of a dimension too many: beyond what all else can cost together."""

REPRICED = (7, 8)
"""Once peaks are this share of those that prices were made for, they are made anew."""


@dataclass(frozen=True, slots=True)
class _Goal:
    """What to make smaller.

    Attributes:
        peak: Its largest value.
        prices: What loads cost, for such a peak.
    """

    peak: Callable[[Schedule], int]
    prices: Callable[[int], Prices]


def slide(search: Search, until: float, number: int = 0) -> None:
    """Makes the best plan narrower, and its layers smaller, without changing its depth.

    Args:
        search: Holds the plan; the better one is kept there.
        until: Time spent, in the units of the limit, at which to stop.
        number: Of the round: each has other chances.

    Raises:
        KeyboardInterrupt: If the user stopped it and the plan is not to be kept.
    """
    if search.plan is None or search.plan.layers == 0:
        return
    tables, random = tables_of(search.problem), Random(search.seed + number)
    for goal in (_narrow, _few_neurons):
        if search.over or search.spent >= until:
            return
        run = _Run(search, tables, search.plan, goal(tables, search.plan), random)
        try:
            run.go(int((min(until, search.time_limit) - search.spent) * MOVES_A_SECOND))
        except KeyboardInterrupt:
            if not search.keep:
                raise
            search.interrupted = True
        run.keep()


def _narrow(tables: Tables, plan: Plan) -> _Goal:
    """Fewer dimensions."""
    del plan
    loads, neurons = sum(tables.width) + 1, _most_neurons(tables) + 1
    nothing = [0] * neurons
    return _Goal(
        lambda schedule: max(schedule.load), lambda peak: Prices(_steep(loads, peak), nothing)
    )


def _few_neurons(tables: Tables, plan: Plan) -> _Goal:
    """Fewer neurons, at no more than the plan's width."""
    loads, neurons = sum(tables.width) + 1, _most_neurons(tables) + 1
    width = [FORBIDDEN * max(load - plan.width, 0) for load in range(loads)]
    return _Goal(
        lambda schedule: max(schedule.neurons), lambda peak: Prices(width, _steep(neurons, peak))
    )


def _most_neurons(tables: Tables) -> int:
    """No layer has more: all components and erasures at once."""
    return sum(tables.neurons) + sum(tables.erasing)


def _steep(count: int, peak: int) -> list[int]:
    """Prices that rise steeply up to a peak, and beyond."""
    power, whole = STEEPNESS, max(peak, 1) ** STEEPNESS
    return [load**power * SCALE // whole + load for load in range(count)]


@dataclass(slots=True)
class _Run:
    """One descent.

    Attributes:
        search: What it is part of.
        tables: The problem.
        start: The plan that it starts from.
        goal: What to make smaller.
        random: Where chance comes from.
        best: What the best plan is made of; None if it is the first.
        made: Moves tried.
    """

    search: Search
    tables: Tables
    start: Plan
    goal: _Goal
    random: Random
    best: Snapshot | None = None
    made: int = 0

    def go(self, most: int) -> None:
        """Moves until nothing is gained for long, or so often."""
        schedule = Schedule(self.tables, self.start, self.goal.prices(1))
        least = priced = self.goal.peak(schedule)
        schedule.reprice(self.goal.prices(priced))
        costs = [schedule.cost] * MEMORY
        moves, cheapest, barren = Moves(schedule, self.random), schedule.cost, 0
        while self.made < most and barren < PATIENCE * len(schedule.present):
            self.made += 1
            barren += 1
            self._step(schedule, moves, costs)
            if schedule.cost >= cheapest:
                continue
            cheapest, peak = schedule.cost, self.goal.peak(schedule)
            if peak < least:
                least, self.best, barren = peak, schedule.snapshot(), 0
                if peak * REPRICED[1] <= priced * REPRICED[0]:
                    priced = peak
                    schedule.reprice(self.goal.prices(priced))
                    costs, cheapest = [schedule.cost] * MEMORY, schedule.cost

    def _step(self, schedule: Schedule, moves: Moves, costs: list[int]) -> None:
        """One move, kept or taken back."""
        schedule.begin()
        place = self.made % MEMORY
        try:
            moves.any()
        except ImpossibleError:
            schedule.undo()
            return
        if schedule.cost > schedule.before and schedule.cost > costs[place]:
            schedule.undo()
        if schedule.cost < costs[place]:
            costs[place] = schedule.cost

    def keep(self) -> None:
        """Hands the best plan on, if it is valid and better."""
        search = self.search
        search.spent += self.made / MOVES_A_SECOND
        if self.best is None:
            return
        plan = plan_of(self.tables, self.best, self.start)
        if not violations(search.problem, plan) and search.better(plan):
            search.plan = plan
            search.progress(f"{plan.layers} layers: width {plan.width}, {plan.neurons} neurons")
