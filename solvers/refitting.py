"""Heads of another size for a plan whose components stay where they are.

Values may be spread over several heads with one pattern, so that a smaller head size takes more
heads; where heads fill the stream of a published transformer, that may be the narrower one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from solvers.allocation import STOCK_WIDTH, Plan, head_demands, heads_used, measured
from solvers.problem import Problem


def refitted(problem: Problem, plan: Plan, objective: tuple[str, ...]) -> Plan:
    """The plan with the heads that make the best published transformer, and of these the narrowest.

    Args:
        problem: The problem.
        plan: A valid plan.
        objective: What is minimised, first things first.

    Returns:
        A valid plan, the same one where nothing is narrower or no such transformer is meant.
    """
    if problem.constants.stock is None:
        return plan
    names = (*objective, STOCK_WIDTH)
    return min(
        (plan, *_others(problem, plan)),
        key=lambda other: tuple(measured(problem, other, name) for name in names),
    )


def _others(problem: Problem, plan: Plan) -> Iterator[Plan]:
    """The same plan with heads of other sizes that the limits allow."""
    demands = [own for group in head_demands(problem, plan).values() for own in group.values()]
    least = max((size for size, _ in demands), default=0)
    most = max((max(pair) for pair in demands), default=0)
    limit = problem.limits
    for size in range(max(1, least), most + 1):
        heads = max(heads_used(problem, plan, size).values())
        fits = limit.heads is None or heads <= limit.heads
        if fits and (limit.head_size is None or size <= limit.head_size):
            yield replace(plan, heads=heads, head_size=size)
