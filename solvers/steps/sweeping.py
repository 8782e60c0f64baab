"""Narrower plans of the largest problems: what stands in one stretch is placed anew, exactly.

A step model of a few dozen states in which everything else stays where it is has a few thousand
literals, and its least width is mostly found and proven at once. The stretches are taken around
the widest states, as long as that helps: a large-neighbourhood search like that of
`solvers.improve`, over stretches ten times as long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from solvers.allocation import Placement, Plan, state_widths
from solvers.problem import Alternative, Problem
from solvers.search import Search
from solvers.steps.model import Heads, build_steps, writing_time
from solvers.steps.plans import hint_steps, step_plan, with_erasures
from solvers.steps.windows import Choices, Windows

STRETCH_STEPS = 2_500
"""Sublayers of all windows of a stretch together: so many are mostly solved in its time."""

EFFORT = 0.5
"""Deterministic seconds for a stretch: most take a tenth of it."""

WIDER = (1.0, 2.0, 4.0)
"""Lengths of the stretches around a state, tried one after the other as long as they do not help,
as multiples of the usual one."""


@dataclass(slots=True)
class Sweep:
    """A plan without erasures that is being narrowed.

    Attributes:
        search: Whose time it takes.
        windows: Where everything can stand.
        heads: Where heads erase.
        bare: The placements.
        widths: The width of each state, everything being erased as soon as it can be.
    """

    search: Search
    windows: Windows
    heads: Heads
    bare: Plan
    widths: list[int]

    @property
    def peak(self) -> int:
        """The greatest width."""
        return max(self.widths)


def sweep(
    search: Search, windows: Windows, heads: Heads, plan: Plan, bound: int, until: float
) -> Plan:
    """Narrows a plan stretch by stretch.

    Args:
        search: Whose time it takes.
        windows: Where everything can stand.
        heads: Where heads erase: always or never.
        plan: The plan to begin with; its erasures do not matter.
        bound: Width at which to stop.
        until: Time spent at which to stop.

    Returns:
        A plan, valid but for limits; not always narrower than the one to begin with.
    """
    state = Sweep(search, windows, heads, plan, [])
    _set(state, plan)
    length = _usual_length(windows)
    while state.peak > bound and not search.over and search.spent < until:
        if not any(_narrowed(state, round(length * factor), bound, until) for factor in WIDER):
            break
        search.progress(f"{plan.layers} layers: width {state.peak}")
    return with_erasures(search.problem, state.bare, max(bound, state.peak), sublayers(state))


def sublayers(state: Sweep) -> list[int]:
    """Where heads erase."""
    return list(range(0, 2 * state.windows.layers, 2)) if state.heads is Heads.ALWAYS else []


def _set(state: Sweep, plan: Plan) -> None:
    """Takes the placements of a plan."""
    state.bare = replace(plan, erasures=())
    tight = with_erasures(state.search.problem, state.bare, 0, sublayers(state))
    state.widths = list(state_widths(state.search.problem, tight))


def _usual_length(windows: Windows) -> int:
    """States of a stretch that has about so many steps as are solved at once."""
    per_state = max(windows.steps / (2 * windows.layers), 1.0)
    return max(round(STRETCH_STEPS / per_state), 4)


def _narrowed(state: Sweep, length: int, bound: int, until: float) -> bool:
    """Whether placing anew what stands around one of the widest states has narrowed it."""
    peak, last = state.peak, 2 * state.windows.layers
    tried = -1
    for middle in [s for s, width in enumerate(state.widths) if width == peak]:
        if middle <= tried:
            continue
        first = min(max(middle - length // 2, 0), max(last - length, 0))
        stop = min(first + length, last)
        tried = stop
        if state.search.over or state.search.spent >= until:
            return False
        if not _placed_anew(state, first, stop, bound):
            return False
    return True


def _placed_anew(state: Sweep, first: int, stop: int, bound: int) -> bool:
    """Whether a stretch was narrowed below the greatest width."""
    search, plan = state.search, state.bare
    problem = replace(search.problem, views=(search.problem.views[plan.view],))
    around = restricted(problem, state.windows, plan, first, stop)
    steps = build_steps(problem, around, (first, min(stop + 1, 2 * plan.layers)), state.heads)
    search.spent += writing_time(steps)
    steps.model.add(steps.width >= bound)
    steps.model.minimize(steps.width)
    hint_steps(steps, replace(plan, view=0))
    outcome, solver = search.run(steps.model, EFFORT)
    peak = state.peak
    if not outcome.has_plan or round(solver.objective_value) >= peak:
        return False
    _set(state, replace(step_plan(steps, solver), view=plan.view))
    return max(state.widths[first : stop + 2]) < peak


def restricted(problem: Problem, windows: Windows, plan: Plan, first: int, stop: int) -> Windows:
    """Windows in which only what a plan has between two sublayers can stand elsewhere there."""
    alternatives = problem.alternative_by_name()
    fixed = {
        alternatives[p.alternative].variable: p
        for p in plan.placements
        if not first <= p.sublayer < stop
    }
    choices: Choices = {name: [] for name in windows.choices}
    starts: dict[str, int] = {}
    ends: dict[str, int] = {}
    for name, placement in fixed.items():
        choices[name] = [_as_placed(alternatives[placement.alternative], placement)]
        starts[placement.alternative] = ends[placement.alternative] = placement.sublayer
    for name, usable in windows.choices.items():
        if name in fixed:
            continue
        for alternative in usable:
            low = max(windows.first[alternative.name], first)
            low += low % 2 != alternative.kind.parity
            high = min(windows.last[alternative.name], stop - 1)
            high -= high % 2 != alternative.kind.parity
            if low <= high:
                choices[name].append(alternative)
                starts[alternative.name], ends[alternative.name] = low, high
    needed = windows.needed | set(fixed)
    return Windows(windows.layers, choices, starts, ends, frozenset(needed))


def _as_placed(alternative: Alternative, placement: Placement) -> Alternative:
    """The alternative, reading what it reads in the plan."""
    return replace(alternative, reads=tuple((read,) for read in placement.reads))
