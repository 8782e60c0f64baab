"""Exact allocation by CP-SAT (OR-Tools): one model for each number of layers.

Depth is tried upward from the critical path, so that the first feasible one is minimal;
the other objectives are minimised one after the other by successive solves, each fixed
before the next and each starting from the whole solution of the one before.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from solvers.allocation import (
    DEFAULT_OBJECTIVE,
    Allocation,
    Plan,
    Status,
)
from solvers.bounds import width_bound
from solvers.constraints.erasure import add_erasure
from solvers.constraints.heads import add_heads
from solvers.constraints.neurons import add_neurons
from solvers.constraints.objective import least_parameters, measure
from solvers.constraints.precedence import add_precedence, add_self_attention
from solvers.constraints.presence import add_presence
from solvers.constraints.variables import Decisions, declare
from solvers.constraints.width import add_width
from solvers.greedy import greedy_plan
from solvers.longest_path import longest_path_plan
from solvers.problem import Problem
from solvers.serialisation import fingerprint
from solvers.solutions import hint_plan, hint_solution, read_plan
from solvers.timing import NEVER, Earliest, earliest
from solvers.validator import violations

TIE_BREAKS = ("depth", "width", "neurons", "heads", "head_size")
"""Objectives that follow those requested, so that the result is unique in its sizes."""

EXTRA_LAYERS = 4
"""Layers beyond the first feasible depth that are searched where depth is not minimised
first; a proof for such orders holds up to that depth, and the message says so."""

LARGEST_MODEL = 60_000
"""Placement and erasure decisions beyond which no model is built."""

Progress = Callable[[str], None]


@dataclass(slots=True)
class _Search:
    """What one run spends and finds."""

    problem: Problem
    objective: tuple[str, ...]
    time_limit: float
    seed: int
    parallel: bool
    progress: Progress
    started: float = field(default_factory=time.perf_counter)
    spent: float = 0.0
    plan: Plan | None = None
    bound: list[int] = field(default_factory=list)
    proven: bool = False
    interrupted: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def left(self) -> float:
        return max(self.time_limit - self.spent, 0.0)

    def better(self, plan: Plan) -> bool:
        return self.plan is None or self.key(plan) < self.key(self.plan)

    def key(self, plan: Plan) -> tuple[int, ...]:
        constants = self.problem.constants
        order = (*self.objective, *(n for n in TIE_BREAKS if n not in self.objective))
        return tuple(plan.sizes.measure(name, constants) for name in order)


def cp_sat(
    problem: Problem,
    objective: tuple[str, ...] = DEFAULT_OBJECTIVE,
    *,
    time_limit: float = 60.0,
    seed: int = 0,
    parallel: bool = False,
    hint: Plan | None = None,
    progress: Progress | None = None,
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
    """
    search = _Search(problem, objective, time_limit, seed, parallel, progress or _silent)
    times = earliest(problem)
    if times.layers >= NEVER:
        return _result(search, Status.INFEASIBLE, "no chain of alternatives reaches the output")
    _start(search, hint)
    if time_limit <= 0:
        return _heuristic(search, "the time limit is 0: the heuristic's allocation")
    if _decisions(problem, times) > LARGEST_MODEL:
        search.bound = _easy_bounds(search, times)
        return _result(search, Status.FEASIBLE, "too large for an exact model", "greedy")
    status = _by_depth(search, times)
    return _result(search, status, "")


def _silent(line: str) -> None:
    del line


def _start(search: _Search, hint: Plan | None) -> None:
    """The best valid plan known before the search: the hint's, or the greedy one."""
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


def _heuristic(search: _Search, note: str) -> Allocation:
    plan = longest_path_plan(search.problem)
    if violations(search.problem, plan):
        search.plan, search.bound = None, []
        return _result(search, Status.UNKNOWN, f"{note}, which does not fit the limits")
    search.plan, search.bound = plan, []
    return _result(search, Status.FEASIBLE, note, solver="longest_path")


def _decisions(problem: Problem, times: Earliest) -> int:
    return 2 * times.layers * (len(problem.alternatives) + len(problem.variables))


def _easy_bounds(search: _Search, times: Earliest) -> list[int]:
    """Bounds that need no search: the critical path for depth, nothing for the rest."""
    bounds = {"depth": times.layers}
    if search.objective[:2] == ("depth", "width") and search.plan is not None:
        bounds["width"] = width_bound(search.problem, times, search.plan.layers)
    return [bounds.get(name, 0) for name in search.objective]


def _by_depth(search: _Search, times: Earliest) -> Status:
    """Tries each number of layers from the critical path on."""
    limit = search.problem.limits.layers
    first_feasible: int | None = None
    layers = times.layers
    depth_first = search.objective[0] == "depth"
    proven, best_bound = True, _easy_bounds(search, times)
    while True:
        if limit is not None and layers > limit:
            break
        if first_feasible is not None and _enough(search, layers, first_feasible):
            break
        if first_feasible is None and layers > most_layers(search.problem):
            break
        found = _at_depth(search, layers, times)
        proven = proven and found.proven
        if found.feasible and first_feasible is None:
            first_feasible = layers
        if search.interrupted:
            search.notes.append("interrupted: the best plan so far")
        if found.feasible and depth_first:
            search.bound = [*found.bound]
            return Status.OPTIMAL if proven else Status.FEASIBLE
        if search.interrupted or search.left <= 0:
            proven = False
            break
        layers += 1
    if search.plan is None:
        return Status.INFEASIBLE if proven else Status.UNKNOWN
    if not proven:
        search.bound = best_bound
        return Status.FEASIBLE
    search.bound = list(search.key(search.plan)[: len(search.objective)])
    return Status.OPTIMAL


def most_layers(problem: Problem) -> int:
    """Layers beyond which no plan needs to go.

    A layer in which nothing is placed or erased can be left out, and there are no more
    placements than variables that are computed, and no more erasures than variables.
    """
    computed = sum(not variable.is_input for variable in problem.variables)
    return computed + len(problem.variables)


def _enough(search: _Search, layers: int, first: int) -> bool:
    """Whether no deeper model can be better, or is not looked for."""
    if search.objective[0] == "depth":
        return True
    if search.objective[0] == "parameters" and search.plan is not None:
        constants = search.problem.constants
        rows = constants.embedding_rows + constants.outputs
        least = least_parameters(_least_width(search.problem), 0, layers, rows)
        if least >= search.plan.sizes.parameters(constants):
            return True
    if layers > first + EXTRA_LAYERS:
        search.notes.append(f"proven among models of at most {layers - 1} layers")
        return True
    return False


def _least_width(problem: Problem) -> int:
    """Width of the narrowest view of the output."""
    known = problem.by_name()
    return min(sum(known[name].width for name in dict.fromkeys(v.reads)) for v in problem.views)


@dataclass(slots=True)
class _Found:
    feasible: bool = False
    proven: bool = True
    bound: list[int] = field(default_factory=list)


def build_model(problem: Problem, layers: int, times: Earliest) -> Decisions:
    """The CP-SAT model for a number of layers, without an objective."""
    decisions = declare(problem, layers, times)
    add_presence(decisions)
    add_precedence(decisions)
    add_self_attention(decisions)
    add_erasure(decisions)
    add_width(decisions)
    add_neurons(decisions)
    add_heads(decisions)
    return decisions


def _at_depth(search: _Search, layers: int, times: Earliest) -> _Found:
    """Minimises all objectives but depth at a number of layers."""
    from ortools.sat.python import cp_model

    decisions = build_model(search.problem, layers, times)
    order = (*search.objective, *(n for n in TIE_BREAKS if n not in search.objective))
    found = _Found()
    if not _may_improve(search, decisions, order):
        return found
    expressions = {name: measure(decisions, name) for name in order if name != "depth"}
    hint_plan(decisions, search.plan, layers)
    for name in order:
        requested = name in search.objective
        if name == "depth":
            if requested:
                found.bound.append(layers)
            continue
        decisions.model.minimize(expressions[name])
        solver = _solver(search)
        status = solver.solve(decisions.model)
        used = solver.response_proto.deterministic_time
        if status in (cp_model.FEASIBLE, cp_model.UNKNOWN) and used < 0.9 * search.left:
            search.interrupted = not search.parallel
        search.spent += used
        if status == cp_model.INFEASIBLE:
            return found
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            found.proven = False
            return _keep_known(search, found, layers)
        found.feasible = True
        _keep(search, decisions, solver, layers)
        value = round(solver.objective_value)
        if requested:
            found.bound.append(value if status == cp_model.OPTIMAL else _bound(solver))
        search.progress(f"{layers} layers: {name} {value}")
        if status != cp_model.OPTIMAL:
            found.proven = False
            missing = list(search.objective[len(found.bound) :])
            found.bound += [layers if n == "depth" else 0 for n in missing]
            return found
        decisions.model.add(expressions[name] <= value)
        hint_solution(decisions, solver)
    return found


def _may_improve(search: _Search, decisions: Decisions, order: tuple[str, ...]) -> bool:
    """Requires what is minimised first to be no worse than the best known; not for depth."""
    first = order[0]
    if first != "depth" and search.plan is not None:
        best = search.plan.sizes.measure(first, search.problem.constants)
        decisions.model.add(measure(decisions, first) <= best)
    return True


def _keep_known(search: _Search, found: _Found, layers: int) -> _Found:
    """Out of time before a first solution: the plan known before counts if it is as deep."""
    if search.plan is not None and search.plan.layers == layers:
        found.feasible = True
        found.bound = [layers if n == "depth" else 0 for n in search.objective]
    return found


def _bound(solver: Any) -> int:
    import math

    return int(max(0, math.ceil(solver.best_objective_bound - 1e-6)))


def _solver(search: _Search) -> Any:
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.random_seed = search.seed % (1 << 31)
    if search.parallel:
        parameters.max_time_in_seconds = search.left
    else:
        parameters.num_workers = 1
        parameters.max_deterministic_time = search.left
    return solver


def _keep(search: _Search, decisions: Decisions, solver: Any, layers: int) -> None:
    plan = read_plan(decisions, solver, layers)
    broken = violations(search.problem, plan)
    if broken:
        raise AssertionError(f"CP-SAT broke {broken[0].family}: {broken[0].message}")
    if search.better(plan):
        search.plan = plan


def _result(search: _Search, status: Status, note: str, solver: str = "cp_sat") -> Allocation:
    from importlib.metadata import version

    plan = search.plan if status in (Status.OPTIMAL, Status.FEASIBLE) else None
    value: tuple[int, ...] = ()
    bound: tuple[int, ...] = ()
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
        solver_version=f"ortools {version('ortools')}",
        problem=fingerprint(search.problem),
        message="; ".join(x for x in (note, *search.notes) if x),
    )
