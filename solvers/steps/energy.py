"""A lower bound of neurons: what has to stand in a few layers takes its neurons there."""

from __future__ import annotations

from solvers.problem import Kind
from solvers.steps.windows import Windows


def neurons_bound(found: Windows) -> int:
    """Neurons of the fullest MLP of any plan with these windows.

    Energy over intervals: of all that is computed in every plan, in MLPs alone, what has its
    window within some layers shares them, so that one of these has at least the mean. Erasures
    come on top, and are left out.
    """
    loads: dict[int, dict[int, int]] = {}
    for name in sorted(found.needed):
        choices = found.choices[name]
        if choices and all(a.kind is Kind.MLP for a in choices):
            first = min(found.first[a.name] for a in choices) // 2
            last = max(found.last[a.name] for a in choices) // 2
            ends = loads.setdefault(first, {})
            ends[last] = ends.get(last, 0) + min(a.neurons for a in choices)
    return _densest(loads, found.layers)


def _densest(loads: dict[int, dict[int, int]], layers: int) -> int:
    """The greatest mean, rounded up, of the loads within any interval of layers."""
    within = [0] * layers
    best = 0
    for first in range(layers - 1, -1, -1):
        for last, load in loads.get(first, {}).items():
            within[last] += load
        total = 0
        for last in range(first, layers):
            total += within[last]
            best = max(best, -(-total // (last - first + 1)))
    return best
