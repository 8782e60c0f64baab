"""Solves an allocation problem at a level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import solvers
from optitracr import arguments
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
    given = arguments.choice("on_interrupt", on_interrupt, ON_INTERRUPT)
    return "keep" if given == "keep" else "raise"


def parse_objective(objective: str | Sequence[str]) -> tuple[str, ...]:
    """An objective such as "depth,width,neurons" as a tuple of names.

    Raises:
        InputError: If a name is unknown or repeats.
    """
    wanted = f"distinct names out of {', '.join(OBJECTIVES)}, the most important first"
    if isinstance(objective, str):
        listed = objective.split(",")
    else:
        listed = arguments.sequence("objective", objective, wanted, most=len(OBJECTIVES))
    parsed = tuple(arguments.text("an entry of objective", name).strip() for name in listed)
    unknown = [name for name in parsed if name not in OBJECTIVES]
    if unknown or not parsed or len(set(parsed)) < len(parsed):
        raise InputError(
            f"objective={arguments.shown(objective)} is no list of names that are known and "
            f"distinct; give {wanted}"
        )
    return parsed


def parse_limits(limits: Limits | Mapping[str, int] | None) -> Limits:
    """Limits given as a dict of layers, width, heads, head_size and neurons.

    Raises:
        InputError: If a name is unknown, or a number is no natural number.
    """
    if limits is None:
        return Limits()
    known = tuple(field.name for field in fields(Limits))
    wanted = f"a dict with natural numbers for some of {', '.join(known)}"
    if isinstance(limits, Limits):
        given: Mapping[Any, Any] = {name: getattr(limits, name) for name in known}
    else:
        given = arguments.instance("limits", limits, Mapping, wanted)
    for name in given:
        if name not in known:
            raise InputError(
                f"limit {arguments.shown(name)} is unknown; limits are {', '.join(known)}"
            )
    return Limits(
        **{
            name: arguments.integer(f"limit {name}", number, least=0)
            for name, number in given.items()
            if number is not None
        }
    )


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
