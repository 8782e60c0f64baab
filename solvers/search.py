"""What one CP-SAT run spends and finds, and the solves that it consists of."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from solvers.allocation import Plan
from solvers.constraints.variables import Decisions
from solvers.interrupts import run_cp_sat
from solvers.problem import Problem
from solvers.solutions import read_plan
from solvers.states.model import States
from solvers.states.plans import read_states
from solvers.validator import violations

TIE_BREAKS = ("depth", "width", "neurons", "heads", "head_size")
"""Objectives that follow those requested, so that the result is unique in its sizes."""

Progress = Callable[[str], None]


class Outcome(Enum):
    """What one solve showed."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"

    @property
    def has_plan(self) -> bool:
        """Whether the solver holds a solution."""
        return self in (Outcome.OPTIMAL, Outcome.FEASIBLE)


class Bounding(Enum):
    """How a solve raises its lower bound: beside the search for solutions, or before all."""

    BESIDE = "beside"
    CORES = "cores"
    RELAXATION = "relaxation"


MOST_LINEAR = 2
"""CP-SAT's level at which everything that can be is part of the linear relaxation."""


MOST_PROBING = 2
"""CP-SAT's own level. Measured: it pays where all sizes are bounded tightly, and nowhere else."""


@dataclass(slots=True)
class Search:
    """The state of one run.

    Attributes:
        problem: The problem.
        objective: What to minimise, first things first.
        time_limit: Deterministic seconds; wall seconds if `parallel`.
        seed: Of the search.
        parallel: Whether all cores are used.
        progress: Called with a line of text when something was found.
        hinted: Whether a plan to start from was given.
        keep: Whether an interrupt ends the run with its best plan; else it is raised.
        at_most: Values of the objective beyond which a plan is of no use, first things first; empty
            if there are none.
        started: Wall-clock time of the start, in seconds.
        spent: Time used, in the units of the limit.
        plan: The best plan so far.
        bound: A proven lower bound of each objective.
        least_width: A proven lower bound of the width of plans of the least depth.
        least_neurons: A proven lower bound of the neurons of these.
        interrupted: Whether the user stopped it.
        gave_up: Whether a solve ended undecided well before its time.
        notes: What the message will say.
    """

    problem: Problem
    objective: tuple[str, ...]
    time_limit: float
    seed: int
    parallel: bool
    progress: Progress
    keep: bool = False
    at_most: tuple[int, ...] = ()
    hinted: bool = False
    started: float = field(default_factory=time.perf_counter)
    spent: float = 0.0
    plan: Plan | None = None
    bound: list[int] = field(default_factory=list)
    least_width: int = 0
    least_neurons: int = 0
    interrupted: bool = False
    gave_up: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def least_stock_width(self) -> int:
        """A proven lower bound of the columns of a published transformer, as `least_width` is."""
        stock = self.problem.constants.stock
        return self.least_width if stock is None else stock.least(self.least_width, 0)

    @property
    def left(self) -> float:
        """Time that remains."""
        return max(self.time_limit - self.spent, 0.0)

    @property
    def over(self) -> bool:
        """Whether to stop: out of time, or interrupted, or no further solve is of use."""
        return self.interrupted or self.gave_up or self.left <= 0

    def better(self, plan: Plan) -> bool:
        """Whether a plan is of use, and beats the best so far."""
        key = self.key(plan)
        if self.at_most and key[: len(self.at_most)] > self.at_most:
            return False
        return self.plan is None or key < self.key(self.plan)

    def key(self, plan: Plan) -> tuple[int, ...]:
        """What plans are compared by."""
        constants = self.problem.constants
        order = (*self.objective, *(n for n in TIE_BREAKS if n not in self.objective))
        return tuple(plan.sizes.measure(name, constants) for name in order)

    def most(self, deeper: bool) -> int | None:
        """What the first objective may be at most, to be of use and no worse than the best known.

        A deeper model has to be better where nothing but depth comes after.
        """
        first, *rest = self.objective
        if first == "depth":
            return None
        if self.plan is None:
            return self.at_most[0] if self.at_most else None
        best = self.plan.sizes.measure(first, self.problem.constants)
        return best - int(deeper and (not rest or rest[0] == "depth"))

    @property
    def deepest(self) -> int | None:
        """Layers beyond which nothing is looked for; None if there is no such number."""
        bounds = [self.problem.limits.layers]
        if self.at_most and self.objective[0] == "depth":
            bounds.append(self.at_most[0])
        return min((most for most in bounds if most is not None), default=None)

    def solve(
        self,
        decisions: Decisions,
        effort: float = math.inf,
        model: Any = None,
        presolve: bool = True,
        probing: bool = False,
    ) -> tuple[Outcome, Any]:
        """One solve, within what is left of the time; its solution is kept if it is better.

        Args:
            decisions: The model's variables.
            effort: Time that this solve may take.
            model: The model, if not that of the decisions.
            presolve: Whether the model is simplified, first and between restarts, which takes
                longer than to solve a small one.
            probing: Whether literals are tried one by one first, for what follows from each.

        Returns:
            The outcome, and the solver.

        Raises:
            KeyboardInterrupt: If the user stopped it and nothing is to be kept.
        """
        outcome, solver = self.run(
            decisions.model if model is None else model,
            effort,
            presolve=presolve,
            probing=probing,
        )
        if outcome.has_plan:
            self._keep(decisions, solver)
        return outcome, solver

    def run(
        self,
        model: Any,
        effort: float = math.inf,
        *,
        presolve: bool = True,
        bounding: Bounding = Bounding.BESIDE,
        probing: bool = False,
    ) -> tuple[Outcome, Any]:
        """One solve of any model, within what is left of the time.

        Args:
            model: A CP-SAT model.
            effort: Time that this solve may take.
            presolve: Whether the model is simplified, first and between restarts.
            bounding: How the lower bound is raised.
            probing: Whether literals are tried one by one first, for what follows from each.

        Returns:
            The outcome, and the solver.

        Raises:
            KeyboardInterrupt: If the user stopped it and nothing is to be kept.
        """
        from ortools.sat.python import cp_model

        allowed = min(self.left, effort)
        solver = self._solver(allowed)
        solver.parameters.cp_model_presolve = presolve
        solver.parameters.use_sat_inprocessing = presolve
        solver.parameters.optimize_with_core = bounding is Bounding.CORES
        if bounding is Bounding.RELAXATION:
            solver.parameters.linearization_level = MOST_LINEAR
        if probing:
            solver.parameters.cp_model_probing_level = MOST_PROBING
        status, interrupted = run_cp_sat(solver, model, keep=self.keep)
        used = solver.response_proto.deterministic_time
        self.spent += used
        outcome = {
            cp_model.OPTIMAL: Outcome.OPTIMAL,
            cp_model.FEASIBLE: Outcome.FEASIBLE,
            cp_model.INFEASIBLE: Outcome.INFEASIBLE,
        }.get(status, Outcome.UNKNOWN)
        self.interrupted = self.interrupted or interrupted
        undecided = outcome in (Outcome.FEASIBLE, Outcome.UNKNOWN)
        if undecided and used < 0.9 * allowed and not self.parallel and not interrupted:
            self.gave_up = True
        return outcome, solver

    def offer(self, plan: Plan) -> bool:
        """Keeps a plan if it is valid and better than the best so far; whether it was kept."""
        if violations(self.problem, plan) or not self.better(plan):
            return False
        self.plan = plan
        return True

    def _solver(self, allowed: float) -> Any:
        from ortools.sat.python import cp_model

        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.random_seed = self.seed % (1 << 31)
        # Measured: neither probing nor linear relaxations pay on these models.
        parameters.cp_model_probing_level = 0
        parameters.linearization_level = 0
        if self.parallel:
            parameters.max_time_in_seconds = allowed
        else:
            parameters.num_workers = 1
            parameters.max_deterministic_time = allowed
        return solver

    def _keep(self, decisions: Decisions, solver: Any) -> None:
        if isinstance(decisions, States):
            plan = read_states(decisions, solver)
        else:
            plan = read_plan(decisions, solver, decisions.layers)
        broken = violations(self.problem, plan)
        if broken:
            raise AssertionError(f"CP-SAT broke {broken[0].family}: {broken[0].message}")
        if self.better(plan):
            self.plan = plan


def proven_bound(solver: Any) -> int:
    """The lower bound that a solve proved, as a whole number."""
    return max(0, math.ceil(float(solver.best_objective_bound) - 1e-6))
