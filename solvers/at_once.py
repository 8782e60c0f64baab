"""Several sizes minimised in one solve, first things first, where a problem is small.

A size counts more than all that those after it can come to, so that the smallest sum has the
smallest first size, among those the smallest second one, and so on. What a solve takes besides its
search is taken once.
"""

from __future__ import annotations

from collections.abc import Sequence

from solvers.constraints.objective import measure, upper
from solvers.constraints.variables import Decisions
from solvers.search import Outcome, Search

SMALL = 3_000
"""Placement and erasure decisions up to which all sizes are minimised at once: where measured, such
problems take a third of the time, and larger ones as long as size by size."""

ENOUGH = 0.25
"""Deterministic seconds for that. What takes longer is better minimised size by size."""

LARGEST_SUM = 1 << 60
"""Sums up to which all sizes are one objective: CP-SAT refuses what may not fit in 64 bits."""


def minimised_at_once(
    search: Search, decisions: Decisions, names: Sequence[str], at_most: Sequence[int] = ()
) -> tuple[Outcome, dict[str, int]]:
    """Minimises several sizes: the outcome, and each size if it is proven to be the smallest.

    Args:
        search: What is known so far.
        decisions: The model.
        names: The sizes, first things first; each a variable of the model.
        at_most: Values of the first of them beyond which a plan is of no use.
    """
    total, weight = 0, 1
    weights: list[int] = []
    for name in reversed(names):
        weights.insert(0, weight)
        total += weight * measure(decisions, name)
        weight *= upper(measure(decisions, name)) + 1
    if weight > LARGEST_SUM:
        return Outcome.UNKNOWN, {}
    if at_most:
        weighed = [*zip(weights, at_most, strict=False)]
        most = sum(weight * value for weight, value in weighed) + weighed[-1][0] - 1
        decisions.model.add(total <= most)
    decisions.model.minimize(total)
    outcome, solver = search.solve(decisions, ENOUGH, presolve=False)
    if outcome is not Outcome.OPTIMAL:
        return outcome, {}
    return outcome, {name: int(solver.value(measure(decisions, name))) for name in names}
