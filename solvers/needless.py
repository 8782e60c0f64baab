"""Erasures that free nothing: a plan without them computes the same with fewer moving parts.

No objective counts an erasure that fits beside the largest sublayer, so a solution may hold
any number of them; those whose dimensions nobody takes afterwards are left out again.
"""

from __future__ import annotations

from dataclasses import replace

from solvers.allocation import Plan, neurons_used, state_widths
from solvers.problem import Problem


def without_needless(problem: Problem, plan: Plan) -> Plan:
    """The plan without erasures that it can do without at its width.

    Args:
        problem: The problem.
        plan: A valid plan.

    Returns:
        A valid plan of the same sizes, or of fewer neurons.
    """
    known = problem.by_name()
    widths = list(state_widths(problem, plan))
    kept = []
    for erasure in sorted(plan.erasures, key=lambda erasure: -erasure.sublayer):
        after = range(erasure.sublayer + 1, len(widths))
        width = known[erasure.variable].width
        if any(widths[state] + width > plan.width for state in after):
            kept.append(erasure)
            continue
        for state in after:
            widths[state] += width
    order = {erasure: place for place, erasure in enumerate(plan.erasures)}
    slim = replace(plan, erasures=tuple(sorted(kept, key=order.__getitem__)))
    neurons = max(neurons_used(problem, slim).values(), default=0)
    return replace(slim, neurons=min(plan.neurons, neurons))
