"""One entry for every method; each result passes the validator."""

from __future__ import annotations

import time
from collections.abc import Callable

from solvers.allocation import (
    DEFAULT_OBJECTIVE,
    LONGEST_PATH,
    OBJECTIVES,
    Allocation,
    Plan,
    Status,
)
from solvers.branching.settle import settled
from solvers.effort import ANEW, decisions, default_time_limit
from solvers.interrupts import ON_INTERRUPT, OnInterrupt
from solvers.late import on_time, with_late
from solvers.problem import Problem, ProblemError
from solvers.serialisation import fingerprint
from solvers.validator import validate, violations

METHODS = (LONGEST_PATH, "greedy", "exact", "cp_sat", "milp", "brute_force")


def solve(
    problem: Problem,
    method: str = "cp_sat",
    objective: tuple[str, ...] = DEFAULT_OBJECTIVE,
    *,
    time_limit: float | None = None,
    seed: int = 0,
    parallel: bool = False,
    hint: Plan | None = None,
    progress: Callable[[str], None] | None = None,
    on_interrupt: OnInterrupt = "raise",
    at_most: tuple[int, ...] | None = None,
) -> Allocation:
    """Solves a problem by one of the methods.

    Args:
        problem: The problem.
        method: "longest_path", "greedy", "cp_sat", "milp" or "brute_force"; "exact" settles small
            problems by branch and bound, whatever the hint, and the others by CP-SAT.
        objective: What to minimise, first things first.
        time_limit: Seconds; deterministic ones for CP-SAT. By default as much as pays:
            60, or 150 for parameters; less for problems too large to be proven, and less still for
            those with a hint.
        seed: Of the search.
        parallel: For CP-SAT: use all cores; not reproducible.
        hint: For CP-SAT: a plan to start from.
        progress: For CP-SAT: called with a line of text when something was found.
        on_interrupt: For CP-SAT: what Ctrl-C does while it searches. "raise" stops the search
            and raises KeyboardInterrupt; "keep" ends it with the best plan, FEASIBLE unless it
            was proven already, and the message says so. Without a plan it is raised.
        at_most: For "exact" and CP-SAT: values of the objective beyond which a plan is of no use,
            or none if any is. Where there is no such plan the result is INFEASIBLE, much sooner had
            and without the reason that it has by default. Where inputs are late or the problem is
            large, the plan may be beyond them.

    Raises:
        KeyboardInterrupt: If the user stopped it.
        ProblemError: If the method, an objective or what an interrupt does is unknown.
        InvalidPlanError: If a solver's result breaks a constraint.
    """
    _check_objective(objective)
    if on_interrupt not in ON_INTERRUPT:
        raise ProblemError(f"on_interrupt={on_interrupt!r}; give one of {ON_INTERRUPT}")
    if method == "exact" and hint is not None and decisions(problem) <= ANEW:
        hint = None
    if method == "exact" and hint is None and (time_limit is None or time_limit > 0.0):
        found = settled(problem, objective, seed=seed, at_most=at_most or ())
        if found is not None:
            return validate(problem, found)
    solved = on_time(problem)
    start = hint if solved is problem else None
    limit = time_limit
    if limit is None:
        limit = default_time_limit(solved, start, "parameters" in objective)
    useful = at_most if solved is problem or at_most is None else ()
    placed = _by_method(
        solved, method, objective, limit, seed, parallel, start, progress, on_interrupt, useful
    )
    return placed if solved is problem else validate(problem, with_late(problem, placed))


def _by_method(
    problem: Problem,
    method: str,
    objective: tuple[str, ...],
    limit: float,
    seed: int,
    parallel: bool,
    hint: Plan | None,
    progress: Callable[[str], None] | None,
    on_interrupt: OnInterrupt,
    at_most: tuple[int, ...] | None,
) -> Allocation:
    """What one of the methods finds."""
    match method:
        case "longest_path" | "greedy":
            return _heuristic(problem, objective, seed, method)
        case "milp":
            from solvers.milp import milp

            return validate(problem, milp(problem, objective, time_limit=limit, seed=seed))
        case "brute_force":
            from solvers.brute_force import brute_force

            return validate(problem, brute_force(problem, objective, seed=seed))
        case "cp_sat" | "exact":
            return _by_cp_sat(
                problem, objective, limit, seed, parallel, hint, progress, on_interrupt, at_most
            )
        case _:
            raise ProblemError(f"method '{method}' is unknown; methods are {', '.join(METHODS)}")


def _check_objective(objective: tuple[str, ...]) -> None:
    """Checks that an objective is made of distinct known names.

    Raises:
        ProblemError: If it is not.
    """
    unknown = [name for name in objective if name not in OBJECTIVES]
    if unknown or not objective or len(set(objective)) < len(objective):
        raise ProblemError(f"objective {objective}: give distinct names of {OBJECTIVES}")


def _by_cp_sat(
    problem: Problem,
    objective: tuple[str, ...],
    limit: float,
    seed: int,
    parallel: bool,
    hint: Plan | None,
    progress: Callable[[str], None] | None,
    on_interrupt: OnInterrupt,
    at_most: tuple[int, ...] | None,
) -> Allocation:
    """What CP-SAT finds, and, if that is nothing, which limits exclude each other."""
    from solvers.cp_sat import cp_sat
    from solvers.explain import explain

    allocation = cp_sat(
        problem,
        objective,
        time_limit=limit,
        seed=seed,
        parallel=parallel,
        hint=hint,
        progress=progress,
        on_interrupt=on_interrupt,
        at_most=at_most or (),
    )
    if allocation.status is Status.INFEASIBLE and at_most is None:
        allocation = explain(problem, allocation, time_limit=limit, seed=seed)
    return validate(problem, allocation)


def _heuristic(problem: Problem, objective: tuple[str, ...], seed: int, method: str) -> Allocation:
    """A heuristic's plan; UNKNOWN if it finds none, or none within the limits."""
    from solvers.greedy import greedy_plan
    from solvers.longest_path import longest_path_plan

    start = time.perf_counter()
    plan = greedy_plan(problem) if method == "greedy" else longest_path_plan(problem)
    broken = violations(problem, plan) if plan is not None else ()
    message = f"{broken[0].family}: {broken[0].message}" if broken else ""
    plan = None if broken else plan
    value = (
        ()
        if plan is None
        else tuple(plan.sizes.measure(name, problem.constants) for name in objective)
    )
    return validate(
        problem,
        Allocation(
            status=Status.UNKNOWN if plan is None else Status.FEASIBLE,
            plan=plan,
            objective=objective,
            value=value,
            bound=(0,) * len(value),
            gap=1.0 if any(value) else 0.0,
            seed=seed,
            seconds=time.perf_counter() - start,
            deterministic_time=0.0,
            solver=method,
            solver_version="1",
            problem=fingerprint(problem),
            message=message,
        ),
    )
