"""Solves an allocation problem, by the heuristic or by the solver."""

from __future__ import annotations

from typing import Protocol

import solvers
from optitracr.errors import InfeasibleError
from optitracr.options import Search
from solvers import Allocation, Plan, Problem, Status
from solvers.allocation import LONGEST_PATH
from solvers.mending import mended


class UndecidedError(InfeasibleError):
    """Nothing was found, and nothing is proven."""


class Allocator(Protocol):
    """Places the components of a problem, or raises InfeasibleError."""

    def __call__(
        self,
        problem: Problem,
        search: Search,
        start: Plan | None = None,
        at_most: tuple[int, ...] | None = None,
    ) -> Allocation:
        """It may start from a plan of a problem that had more of them, and stop at some sizes."""


def by_longest_path(
    problem: Problem,
    search: Search,
    start: Plan | None = None,
    at_most: tuple[int, ...] | None = None,
) -> Allocation:
    """Places the components as Tracr does, wherever it starts and whatever is of use.

    Raises:
        InfeasibleError: If that does not fit the limits.
    """
    del start, at_most
    placed = solvers.solve(problem, method=LONGEST_PATH, seed=search.seed)
    if placed.plan is None:
        raise InfeasibleError(
            f"level 0 places program '{problem.name}' by longest paths, which does not fit the "
            f"limits ({placed.message}); use level 1 or 2, or relax the limits"
        )
    return placed


def by_solver(
    problem: Problem,
    search: Search,
    start: Plan | None = None,
    at_most: tuple[int, ...] | None = None,
) -> Allocation:
    """Places the components as well as can be proven, or found in the time.

    Args:
        problem: The components, and how they can be placed.
        search: How long to search, and for what.
        start: A plan of a problem that had more components.
        at_most: Values of the objective beyond which a plan is of no use, or none if any is; where
            it is given nothing is said of what would fit.

    Raises:
        InfeasibleError: If nothing fits the limits; says which limit and what would fit. Or if no
            plan is of use.
        UndecidedError: If that is not known.
        KeyboardInterrupt: If the user stopped the search and no plan is to be kept.
    """
    allocation = solvers.solve(
        problem,
        method="exact",
        objective=search.objective,
        time_limit=search.time_limit,
        seed=search.seed,
        parallel=search.parallel,
        hint=None if start is None or at_most else mended(problem, start),
        on_interrupt=search.on_interrupt,
        at_most=at_most,
    )
    if allocation.plan is None:
        is_proven = allocation.status is Status.INFEASIBLE
        raise (InfeasibleError if is_proven else UndecidedError)(_no_plan(problem, allocation))
    return allocation


def _no_plan(problem: Problem, allocation: Allocation) -> str:
    if allocation.status is Status.INFEASIBLE:
        return f"program '{problem.name}' does not fit the limits: {allocation.message}"
    return (
        f"no allocation of program '{problem.name}' within the limits was found in "
        f"{allocation.seconds:.0f} s, and none was ruled out ({allocation.message}); "
        "raise time_limit or relax the limits"
    )
