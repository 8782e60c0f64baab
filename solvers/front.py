"""The Pareto front: what depth, width and neurons a problem can trade for one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from solvers.allocation import Plan, Sizes, Status
from solvers.constraints.objective import measure
from solvers.cp_model import build_model
from solvers.deeper import most_layers
from solvers.problem import Problem
from solvers.search import Outcome, Search
from solvers.solutions import hint_plan, hint_solution
from solvers.timing import NEVER, earliest

MEASURES = ("layers", "width", "neurons")
"""What a point of the front is compared by."""


@dataclass(frozen=True, slots=True)
class FrontPoint:
    """A plan that no other one beats in layers, width and neurons at once.

    Attributes:
        plan: The plan.
        status: OPTIMAL if it is proven that none is better in one and as good in the others.
        parameters: Of the model.
        deterministic_time: What finding and proving it took, in deterministic seconds.
        seed: Of the search.
    """

    plan: Plan
    status: Status
    parameters: int
    deterministic_time: float
    seed: int

    @property
    def sizes(self) -> Sizes:
        """Its sizes."""
        return self.plan.sizes


def pareto_front(
    problem: Problem,
    *,
    max_layers: int | None = None,
    time_limit: float = 20.0,
    seed: int = 0,
) -> Iterator[FrontPoint]:
    """Every point by number of layers, from the narrowest to the one of fewest neurons.

    For each number of layers from the least: the narrowest plan with fewer neurons than the
    last, until there is none. A further layer is tried as long as the last one gave a
    narrower stream or fewer neurons. Heads and head size are whatever they come to.

    Args:
        problem: The problem; its limits hold.
        max_layers: Layers beyond which no plan is looked for.
        time_limit: Deterministic seconds for each number of layers.
        seed: Of the search.

    Raises:
        KeyboardInterrupt: If the user stopped it.
    """
    times = earliest(problem)
    if times.layers >= NEVER:
        return
    known: list[FrontPoint] = []
    bounds = [n for n in (max_layers, problem.limits.layers) if n is not None]
    deepest = min(bounds, default=most_layers(problem))
    for layers in range(times.layers, deepest + 1):
        before = _least(known)
        search = Search(problem, ("width", "neurons"), time_limit, seed, False, _silent)
        for point in _of_depth(search, layers):
            if not any(_covers(other, point) for other in known):
                known.append(point)
                yield point
        if before is not None and _least(known) == before:
            return


def _of_depth(search: Search, layers: int) -> Iterator[FrontPoint]:
    """Plans of at most a number of layers, each wider than the last with fewer neurons."""
    decisions = build_model(search.problem, layers, earliest(search.problem))
    model = decisions.model
    hint_plan(decisions, search.plan, layers)
    while True:
        spent, search.plan = search.spent, None
        model.minimize(decisions.width)
        narrowest, solver = search.solve(decisions)
        if not narrowest.has_plan:
            return
        width = round(solver.objective_value)
        hint_solution(decisions, solver)
        fixed = model.clone()
        fixed.add(decisions.width <= width)
        fixed.minimize(measure(decisions, "neurons"))
        fewest, solver = search.solve(decisions, model=fixed)
        assert search.plan is not None
        proven = narrowest is fewest is Outcome.OPTIMAL
        plan = search.plan
        yield FrontPoint(
            plan,
            Status.OPTIMAL if proven else Status.FEASIBLE,
            plan.sizes.parameters(search.problem.constants),
            search.spent - spent,
            search.seed,
        )
        if plan.neurons == 0:
            return
        if proven:
            model.add(decisions.width >= width + 1)
        model.add(decisions.neurons <= plan.neurons - 1)


def _least(points: Sequence[FrontPoint]) -> tuple[int, int] | None:
    sizes = [point.sizes for point in points]
    return (min(s.width for s in sizes), min(s.neurons for s in sizes)) if sizes else None


def _covers(one: FrontPoint, other: FrontPoint) -> bool:
    """Whether one is nowhere larger."""
    return all(getattr(one.sizes, name) <= getattr(other.sizes, name) for name in MEASURES)


def _silent(line: str) -> None:
    del line
