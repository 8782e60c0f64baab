"""Exact allocation by CP-SAT (OR-Tools): one model for each number of layers.

Depth is tried upward from the critical path, so that the first feasible one is minimal;
the other objectives are minimised one after the other by successive solves, each fixed
before the next and each starting from the whole solution of the one before.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cache

from solvers.allocation import (
    DEFAULT_OBJECTIVE,
    LONGEST_PATH,
    STOCK_WIDTH,
    Allocation,
    Plan,
    Status,
)
from solvers.at_once import SMALL, minimised_at_once
from solvers.ceiling import Ceiling, ceiling_at
from solvers.constraints.objective import measure
from solvers.constraints.variables import Decisions
from solvers.cp_model import build_model, model_for
from solvers.deeper import beyond_use, enough, floor, most_layers
from solvers.effort import DEFAULT_TIME, LARGE_MODEL, LARGEST_MODEL
from solvers.effort import decisions as decision_count
from solvers.greedy import greedy_plan
from solvers.interrupts import OnInterrupt
from solvers.large import improve_large, prepare_medium
from solvers.longest_path import longest_path_plan
from solvers.needless import without_needless
from solvers.parameters import fewest_parameters
from solvers.problem import Problem
from solvers.refitting import refitted
from solvers.search import TIE_BREAKS, Outcome, Progress, Search, proven_bound
from solvers.serialisation import fingerprint
from solvers.solutions import hint_plan, hint_solution
from solvers.states.model import States
from solvers.timing import NEVER, Earliest, earliest
from solvers.validator import violations

EXACT_SHARE = 0.7
"""Share of the time of a large problem in which its plan is improved before the exact model has its
turn: that proves what comes after the width, and needs some time to be of use at all."""

INTERRUPTED = "interrupted: the best plan so far"

IMPROVED = "improved by moves and stretches, without an exact model"

GAVE_UP = "the solver ended before its time: the best plan so far"


def cp_sat(
    problem: Problem,
    objective: tuple[str, ...] = DEFAULT_OBJECTIVE,
    *,
    time_limit: float = DEFAULT_TIME,
    seed: int = 0,
    parallel: bool = False,
    hint: Plan | None = None,
    progress: Progress | None = None,
    on_interrupt: OnInterrupt = "raise",
    at_most: tuple[int, ...] = (),
) -> Allocation:
    """Solves a problem to proof, or as far as the time allows.

    Args:
        problem: The problem.
        objective: What to minimise, first things first.
        time_limit: Deterministic seconds (the same amount of work on any machine); wall
            seconds if `parallel`. 0 returns the heuristic's allocation.
        seed: Of the search.
        parallel: Use all cores: faster on large problems, not reproducible.
        hint: A plan to start from; what it breaks is reported in the message.
        progress: Called with a line of text when something was found.
        on_interrupt: "keep" ends the search with its best plan, and says so in the message.
        at_most: Values of the objective beyond which a plan is of no use, as for `solve`.

    Raises:
        KeyboardInterrupt: If the user stopped it, and there is no plan or none is to be kept.
    """
    keep = on_interrupt == "keep"
    search = Search(problem, objective, time_limit, seed, parallel, progress or _silent, keep)
    times = earliest(problem)
    if times.layers >= NEVER:
        return _result(search, Status.INFEASIBLE, "no chain of alternatives reaches the output")
    size = decision_count(problem, times)
    search.at_most = at_most if time_limit > 0 and size <= LARGE_MODEL else ()
    _start(search, hint)
    if time_limit <= 0:
        return _heuristic(search, "the time limit is 0: the heuristic's allocation")
    exact = size <= LARGEST_MODEL
    shallow = search.plan is not None and search.plan.layers == times.layers
    if SMALL < size <= LARGE_MODEL and shallow:
        prepare_medium(search, times)
    if size > LARGE_MODEL and shallow:
        improve_large(search, times, (EXACT_SHARE if exact else 1.0) * time_limit)
    if not exact or search.over:
        search.bound = _easy_bounds(search, times)
        note = INTERRUPTED if search.interrupted else IMPROVED
        return _result(search, Status.FEASIBLE, note, "stretches")
    try:
        status = _by_depth(search, times)
    except KeyboardInterrupt:
        if search.plan is None or not keep:
            raise
        search.interrupted = True
        status = _finished(search, [], proven=False)
    if search.interrupted and search.plan is None and not (keep and search.at_most):
        raise KeyboardInterrupt
    return _result(search, status, "")


def _silent(line: str) -> None:
    del line


def _start(search: Search, hint: Plan | None) -> None:
    """The best valid plan known before the search: the hint's, or the greedy one."""
    search.hinted = hint is not None
    greedy = greedy_plan(search.problem)
    for name, plan in (("hint", hint), ("greedy", greedy)):
        if plan is None:
            continue
        broken = violations(search.problem, plan)
        if broken:
            if name == "hint":
                search.notes.append(f"hint refused ({broken[0].family}: {broken[0].message})")
        elif search.better(plan):
            search.plan = plan


def _heuristic(search: Search, note: str) -> Allocation:
    plan = longest_path_plan(search.problem)
    if violations(search.problem, plan):
        search.plan, search.bound = None, []
        return _result(search, Status.UNKNOWN, f"{note}, which does not fit the limits")
    search.plan, search.bound = plan, []
    return _result(search, Status.FEASIBLE, note, solver=LONGEST_PATH)


def _easy_bounds(search: Search, times: Earliest) -> list[int]:
    """Bounds that need no exact model; but for depth they hold for plans of the least depth."""
    shallow = search.plan is not None and search.plan.layers == times.layers
    if search.objective[0] == "depth" and shallow:
        return [_easy_bound(search, name, times.layers) for name in search.objective]
    return [times.layers if name == "depth" else 0 for name in search.objective]


def _easy_bound(search: Search, name: str, layers: int) -> int:
    """A bound of one objective among plans of the least depth."""
    bounds = {"depth": layers, "width": search.least_width, "neurons": search.least_neurons}
    bounds[STOCK_WIDTH] = search.least_stock_width
    return bounds.get(name, 0)


def _by_depth(search: Search, times: Earliest) -> Status:
    """Tries each number of layers from the critical path on."""
    limit = search.deepest
    first_feasible: int | None = None
    layers = times.layers
    bounds: list[int] = []
    proven = True
    while limit is None or layers <= limit:
        if first_feasible is not None and enough(search, layers, first_feasible):
            break
        if first_feasible is None and layers > most_layers(search.problem):
            break
        if first_feasible is None and beyond_use(search, layers, times):
            break
        if search.over:
            proven = False
            bounds.append(floor(search, layers))
            break
        found = _at_depth(search, layers, times, first_feasible is not None)
        proven = proven and found.proven
        bounds += found.bound[:1]
        if found.feasible and first_feasible is None:
            first_feasible = layers
        if found.feasible and search.objective[0] == "depth":
            return _finished(search, found.bound, proven)
        layers += 1
    if search.plan is None:
        return _finished(search, [], proven)
    if not search.over and search.objective[0] != "parameters":
        _break_ties(search, times)
    if not proven:
        return _finished(search, [min(bounds, default=0)], proven)
    return _finished(search, [*search.key(search.plan)[: len(search.objective)]], proven)


def _finished(search: Search, bound: list[int], proven: bool) -> Status:
    """The status of a run, which has a plan unless there is none of use or none was found."""
    if search.plan is None:
        return Status.INFEASIBLE if proven else Status.UNKNOWN
    if search.interrupted or search.gave_up:
        search.notes.append(INTERRUPTED if search.interrupted else GAVE_UP)
    search.bound = bound
    return Status.OPTIMAL if proven else Status.FEASIBLE


@dataclass(slots=True)
class _Found:
    """What is known of one depth.

    Attributes:
        feasible: Whether there is a plan.
        proven: Whether that, and each size, is proven.
        bound: A proven lower bound of each objective at this depth.
    """

    feasible: bool = False
    proven: bool = True
    bound: list[int] = field(default_factory=list)


def _at_depth(search: Search, layers: int, times: Earliest, deeper: bool = False) -> _Found:
    """Minimises all objectives but depth at a number of layers.

    Args:
        search: What is known so far.
        layers: The number of layers.
        times: Earliest births.
        deeper: Whether a shallower plan exists, so that a single objective has to improve.
    """
    ceiling = ceiling_at(search.objective, search.at_most, layers)
    if ceiling is None:
        return _Found()
    size = decision_count(search.problem, times)
    decisions = model_for(search.objective, search.problem, layers, times, search.hinted)
    order = search.objective
    if order[0] == "depth":
        order = (*order, *(n for n in TIE_BREAKS if n not in order))
    found = _Found()
    most = search.most(deeper)
    if most is not None and order[0] != "parameters":
        decisions.model.add(measure(decisions, order[0]) <= most)
    least = {n: _easy_bound(search, n, layers) if layers == times.layers else 0 for n in order}
    if least.get("width"):
        decisions.model.add(decisions.width >= search.least_width)
    hint_plan(decisions, search.plan, layers)
    if size <= SMALL and _settled_at_once(search, decisions, order, found, ceiling):
        return found
    for place, name in enumerate(order):
        if name == "depth":
            found.bound.append(layers)
            continue
        outcome, value, bound = _minimise(
            search, decisions, name, most if place == 0 else ceiling.next
        )
        if outcome is Outcome.INFEASIBLE:
            found.feasible = False
            return found
        found.bound.append(max(bound, least[name]))
        if not outcome.has_plan:
            known = search.plan is not None and search.plan.layers == layers
            found.feasible, found.proven = found.feasible or known, False
            break
        found.feasible = True
        if outcome is not Outcome.OPTIMAL:
            found.proven = name not in search.objective
            break
        search.progress(f"{layers} layers: {name} {value}")
        ceiling.known(value)
        if name != order[-1]:
            decisions.model.add(measure(decisions, name) <= value)
    missing = search.objective[len(found.bound) :]
    found.bound += [layers if name == "depth" else least[name] for name in missing]
    found.bound = found.bound[: len(search.objective)]
    return found


def _settled_at_once(
    search: Search,
    decisions: Decisions,
    order: tuple[str, ...],
    found: _Found,
    ceiling: Ceiling,
) -> bool:
    """Whether one solve tells all sizes of a small problem, or that there is no plan."""
    names = [name for name in order if name != "depth"]
    if "parameters" in names:
        return False
    outcome, sizes = minimised_at_once(search, decisions, names, ceiling.values)
    for name, value in sizes.items():
        search.progress(f"{decisions.layers} layers: {name} {value}")
    if outcome is Outcome.OPTIMAL:
        found.feasible = True
        found.bound = [sizes.get(name, decisions.layers) for name in search.objective]
    return outcome in (Outcome.OPTIMAL, Outcome.INFEASIBLE)


def _minimise(
    search: Search, decisions: Decisions, name: str, most: int | None
) -> tuple[Outcome, int, int]:
    """Minimises one objective: the outcome, its value, and a lower bound of it.

    Args:
        search: What is known so far.
        decisions: The model.
        name: The objective.
        most: What is of use at most; None if anything is.
    """
    if name == "parameters" and isinstance(decisions, States):
        fewest = fewest_parameters(search, decisions, most)
        return fewest.outcome, fewest.value or 0, fewest.bound
    size = measure(decisions, name)
    if most is not None:
        decisions.model.add(size <= most)
    decisions.model.minimize(size)
    outcome, solver = search.solve(decisions)
    if not outcome.has_plan:
        return outcome, 0, proven_bound(solver)
    hint_solution(decisions, solver)
    return outcome, round(solver.objective_value), proven_bound(solver)


def _break_ties(search: Search, times: Earliest) -> None:
    """Minimises the sizes that were not asked for, at the best plan's depth and objective."""
    assert search.plan is not None
    decisions = build_model(search.problem, search.plan.layers, times)
    constants = search.problem.constants
    for name in search.objective:
        if name != "depth":
            best = search.plan.sizes.measure(name, constants)
            decisions.model.add(measure(decisions, name) <= best)
    hint_plan(decisions, search.plan, search.plan.layers)
    for name in TIE_BREAKS:
        if name in search.objective or name == "depth":
            continue
        outcome, value, _ = _minimise(search, decisions, name, None)
        if outcome is not Outcome.OPTIMAL:
            return
        decisions.model.add(measure(decisions, name) <= value)


def _result(search: Search, status: Status, note: str, solver: str = "cp_sat") -> Allocation:
    plan = search.plan if status in (Status.OPTIMAL, Status.FEASIBLE) else None
    value: tuple[int, ...] = ()
    bound: tuple[int, ...] = ()
    if plan is not None and solver != LONGEST_PATH:
        plan = refitted(search.problem, without_needless(search.problem, plan), search.objective)
    if plan is not None:
        constants = search.problem.constants
        value = tuple(plan.sizes.measure(n, constants) for n in search.objective)
        given = search.bound[: len(value)]
        bound = tuple(given) + (0,) * (len(value) - len(given))
        if status is Status.OPTIMAL:
            bound = value
    gaps = [(v - b) / max(v, 1) for v, b in zip(value, bound, strict=True) if v > b]
    return Allocation(
        status=status,
        plan=plan,
        objective=search.objective,
        value=value,
        bound=bound,
        gap=gaps[0] if gaps else 0.0,
        seed=search.seed,
        seconds=time.perf_counter() - search.started,
        deterministic_time=search.spent,
        solver=solver,
        solver_version=solver_version(),
        problem=fingerprint(search.problem),
        message="; ".join(x for x in (note, *search.notes) if x),
    )


@cache
def solver_version() -> str:
    """The name and version of the solver, which are looked for on the disk."""
    from importlib.metadata import version

    return f"ortools {version('ortools')}"
