"""Solves an allocation problem at a level."""

from __future__ import annotations

from dataclasses import dataclass

import solvers
from optitracr.errors import InfeasibleError, InputError
from solvers import ON_INTERRUPT, Allocation, Limits, OnInterrupt, Problem, Status

DEFAULT_OBJECTIVE = ("depth", "width", "neurons")
OBJECTIVES = (*DEFAULT_OBJECTIVE, "heads", "head_size", "parameters")


@dataclass(frozen=True, slots=True)
class Search:
    """How to search for an allocation.

    Attributes:
        objective: What to minimise, first things first.
        time_limit: Seconds of deterministic solver time; 0 gives the heuristic's result,
            None as much as pays.
        seed: Of the solver.
        parallel: Use all cores; faster on large problems and not reproducible.
        on_interrupt: What Ctrl-C does to a search: "raise" or "keep".
    """

    objective: tuple[str, ...] = DEFAULT_OBJECTIVE
    time_limit: float | None = None
    seed: int = 0
    parallel: bool = False
    on_interrupt: OnInterrupt = "raise"


def parse_on_interrupt(on_interrupt: str) -> OnInterrupt:
    """What an interrupt is to do, checked.

    Raises:
        InputError: If it is unknown.
    """
    for known in ON_INTERRUPT:
        if on_interrupt == known:
            return known
    raise InputError(
        f"on_interrupt={on_interrupt!r} is unknown; give 'raise' for KeyboardInterrupt or 'keep' "
        "for the best plan so far"
    )


def parse_objective(objective: str | tuple[str, ...]) -> tuple[str, ...]:
    """An objective such as "depth,width,neurons" as a tuple of names.

    Raises:
        InputError: If a name is unknown or repeats.
    """
    names = objective.split(",") if isinstance(objective, str) else objective
    parsed = tuple(name.strip() for name in names)
    unknown = [name for name in parsed if name not in OBJECTIVES]
    if unknown or not parsed or len(set(parsed)) < len(parsed):
        raise InputError(
            f"the objective {objective!r} is not a list of distinct names; "
            f"choose from {', '.join(OBJECTIVES)}"
        )
    return parsed


def parse_limits(limits: Limits | dict[str, int] | None) -> Limits:
    """Limits given as a dict of layers, width, heads, head_size and neurons.

    Raises:
        InputError: If a name is unknown, or a number is no natural number.
    """
    if limits is None:
        return Limits()
    if isinstance(limits, Limits):
        return limits
    known = ("layers", "width", "heads", "head_size", "neurons")
    for name, number in limits.items():
        if name not in known:
            raise InputError(f"limit {name!r} is unknown; limits are {', '.join(known)}")
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise InputError(f"limit {name}={number!r} is no natural number")
    return Limits(**limits)


def allocate(problem: Problem, level: int, search: Search) -> Allocation:
    """Places the components: by longest path at level 0, else by the solver.

    Raises:
        InfeasibleError: If nothing fits the limits; says which limit and what would fit.
        KeyboardInterrupt: If the user stopped the search and no plan is to be kept.
    """
    if level == 0:
        placed = solvers.solve(problem, method="longest_path", seed=search.seed)
        if placed.plan is None:
            raise InfeasibleError(
                f"level 0 places program '{problem.name}' by longest paths, which does not fit the "
                f"limits ({placed.message}); use level 1 or 2, or relax the limits"
            )
        return placed
    allocation = solvers.solve(
        problem,
        method="cp_sat",
        objective=search.objective,
        time_limit=search.time_limit,
        seed=search.seed,
        parallel=search.parallel,
        on_interrupt=search.on_interrupt,
    )
    if allocation.plan is None:
        raise InfeasibleError(_no_plan(problem, allocation))
    return allocation


def _no_plan(problem: Problem, allocation: Allocation) -> str:
    if allocation.status is Status.INFEASIBLE:
        return f"program '{problem.name}' does not fit the limits: {allocation.message}"
    return (
        f"no allocation of program '{problem.name}' within the limits was found in "
        f"{allocation.seconds:.0f} s, and none was ruled out ({allocation.message}); "
        "raise time_limit or relax the limits"
    )
