"""Narrow plans of large problems, and lower bounds of their width, by step models."""

from __future__ import annotations

from solvers.search import Bounding, Outcome, Search, proven_bound
from solvers.steps.model import CONSTRAINTS_A_SECOND, Heads, build_steps, writing_time
from solvers.steps.plans import hint_steps, step_plan
from solvers.steps.sweeping import sweep
from solvers.steps.windows import Windows

WORTH_WRITING = 4.0
"""How much longer than writing down the whole model there has to be for it: in less it finds and
proves next to nothing."""

STRETCH, OVERLAP = 40, 10
"""States of a stretch that is bounded by itself, and those that it shares with the next: what is
needed at one state is settled by what stands some twenty around it, and stretches of twice that
have worse bounds after the same time."""

STRETCH_EFFORT = 0.15
"""Deterministic seconds for a stretch in the first round: its bound is within a tenth by then, and
shows which stretches are worth more."""

FURTHER, KEPT, AT_LEAST = 4.0, 3, 4
"""How much more time a stretch has in each round than in the one before; one in how many has a
further one, and how many have at least. So the rounds take about the same time, and most goes to
the few stretches that need the most width, which the first round alone does not tell for sure."""

BOUND_SHARE = 0.5
"""Share of the time that is left for the bound once there is a first plan, which is often the
narrowest."""

FIRST_SHARE = 0.5
"""Share of the time for the bound where there are choices, before plans are looked for: moves have
found a good one already."""

HEADS = ((Heads.ALWAYS, 0.4), (Heads.NEVER, 0.3), (Heads.SOME, 0.4))
"""Where heads may erase in the plans that are looked for, one after the other, and what share of
the time that is left each has at most. Heads that erase everywhere or nowhere are no decisions, and
such plans are found several times as fast; as a rule one of them is as narrow as any. Where
nothing but the times is open, the first search starts without a plan: it takes twice as long
around the greedy one, which is far too wide."""


def narrow(search: Search, found: Windows, until: float) -> None:
    """Narrows the best plan without changing its depth, and bounds the width from below.

    Args:
        search: Holds the plan; the better one is kept there, and the bound.
        found: Where everything can stand in a plan of its depth.
        until: Time spent, in the units of the limit, at which to stop.

    Raises:
        KeyboardInterrupt: If the user stopped it and the plan is not to be kept.
    """
    if until - search.spent < WORTH_WRITING * found.clauses / CONSTRAINTS_A_SECOND:
        return
    try:
        if not found.settled:
            bound_by_stretches(search, found, search.spent + FIRST_SHARE * (until - search.spent))
        _narrow(search, found, until)
    except KeyboardInterrupt:
        if not search.keep:
            raise
        search.interrupted = True


def _narrow(search: Search, found: Windows, until: float) -> None:
    """Plans and bounds in turn, until they meet or the time is over."""
    best = Heads.NEVER
    for place, (heads, share) in enumerate(HEADS):
        if heads is not Heads.NEVER and search.problem.self_attention is None:
            continue
        if _over(search, until):
            return
        hint = place > 0 or not found.settled
        if _narrowed(search, found, heads, share * (until - search.spent), hint):
            best = heads
        if place == 0:
            bound_by_stretches(search, found, search.spent + BOUND_SHARE * (until - search.spent))
    if search.plan is not None and not _over(search, until) and best is not Heads.SOME:
        search.offer(sweep(search, found, best, search.plan, search.least_width, until))
    if not _over(search, until):
        bound_by_stretches(search, found, until)


def _over(search: Search, until: float) -> bool:
    met = search.plan is None or search.plan.width <= search.least_width
    return met or search.over or search.spent >= until


def _narrowed(search: Search, found: Windows, heads: Heads, effort: float, hint: bool) -> bool:
    """Whether a step model of the whole gave a narrower plan."""
    assert search.plan is not None
    steps = build_steps(search.problem, found, heads=heads)
    search.spent += writing_time(steps)
    steps.model.add(steps.width >= search.least_width)
    if hint:
        hint_steps(steps, search.plan)
    steps.model.minimize(steps.width)
    outcome, solver = search.run(steps.model, effort)
    if heads is Heads.SOME or search.problem.self_attention is None:
        search.least_width = max(search.least_width, proven_bound(solver))
    if not outcome.has_plan:
        return False
    plan = step_plan(steps, solver)
    better = search.offer(plan)
    if better:
        search.progress(f"{plan.layers} layers: width {plan.width}")
    return better


def bound_by_stretches(search: Search, found: Windows, until: float) -> None:
    """Bounds the width from below, from the states of one stretch after the other.

    The greatest least width of a stretch is a bound, as every plan is a solution of the
    stretch's model, which leaves constraints out.

    Args:
        search: Whose time it takes; the bound is kept there.
        found: Where everything can stand.
        until: Time spent at which to stop.
    """
    effort, turn = STRETCH_EFFORT, 0
    pending = dict.fromkeys(stretches(found.layers), 0)
    chosen = list(pending)
    while pending:
        for states in chosen:
            if _over(search, until):
                return
            allowed = min(effort, until - search.spent)
            solved, bound = _bound_of(search, found, states, allowed, by_cores=turn % 2 == 0)
            search.least_width = max(search.least_width, bound)
            pending[states] = max(bound, pending[states])
            if solved:
                del pending[states]
        chosen = sorted(pending, key=lambda states: -pending[states])
        chosen = chosen[: max(len(chosen) // KEPT ** (turn + 1), AT_LEAST)]
        effort, turn = effort * FURTHER, turn + 1


def stretches(layers: int) -> list[tuple[int, int]]:
    """First and last states of overlapping stretches that cover all states."""
    last = 2 * layers
    starts = range(0, max(last - OVERLAP, 1), STRETCH - OVERLAP)
    return [(start, min(start + STRETCH, last)) for start in starts]


def _bound_of(
    search: Search, found: Windows, states: tuple[int, int], effort: float, by_cores: bool
) -> tuple[bool, int]:
    """Whether the least width of a stretch is known, and a lower bound of it.

    Core by core it is raised faster where much is a matter of choice, and by linear relaxations
    where it is a matter of time; so they take turns.
    """
    steps = build_steps(search.problem, found, states)
    search.spent += writing_time(steps)
    steps.model.minimize(steps.width)
    how = Bounding.CORES if by_cores else Bounding.RELAXATION
    outcome, solver = search.run(steps.model, effort, bounding=how)
    return outcome is Outcome.OPTIMAL, proven_bound(solver)
