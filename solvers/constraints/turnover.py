"""Turnover: whatever exists takes dimensions that are left at the end, or erased by neurons."""

from __future__ import annotations

from typing import Any

from solvers.constraints.variables import Decisions
from solvers.problem import Alternative, Variable


def add_turnover(decisions: Decisions) -> None:
    """All that exists fits into the last state, what heads erase, and the neurons of all layers.

    A dimension that is computed and not left at the end takes a neuron for its erasure beside those
    that compute it, unless a head erases it or a component determines it. That follows from the
    widths and neurons of single layers, where times are known; here it is said without times, so
    that what is too much in all is seen before anything is placed.
    """
    problem, known = decisions.problem, decisions.problem.by_name()
    ways = problem.alternatives_of()
    terms: list[Any] = []
    for variable in problem.variables:
        takes = {a.name: _neurons(a, known) for a in ways[variable.name]}
        least = min(takes.values(), default=0)
        terms.append((variable.width + least) * decisions.present[variable.name])
        terms += [(more - least) * decisions.use[a] for a, more in takes.items() if more > least]
        terms += [
            -variable.width * here
            for sublayer, here in decisions.erased[variable.name].items()
            if sublayer % 2 == 0
        ]
    decisions.model.add(sum(terms) <= decisions.layers * decisions.neurons + decisions.width)


def _neurons(alternative: Alternative, known: dict[str, Variable]) -> int:
    """Neurons that an alternative takes, less those that it can save where others are erased."""
    return alternative.neurons - sum(known[name].width for name in set(alternative.determines))
