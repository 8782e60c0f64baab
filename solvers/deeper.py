"""How deep a search goes: up to where no plan can be better, or no further than seems of use."""

from __future__ import annotations

from solvers.allocation import Sizes
from solvers.problem import Problem
from solvers.search import Search
from solvers.timing import Earliest

EXTRA_LAYERS = (2, 4)
"""Layers beyond the best depth so far that are searched where depth is not minimised first:
the least, and the most if little time is spent. A proof for such orders holds up to that
depth, and the message says so."""

LITTLE = 1.0
"""Deterministic seconds that count as little: where two more layers cost less, two more besides
cost hardly any time."""


def floor(search: Search, layers: int) -> int:
    """A lower bound of the first objective from a number of layers on, without search."""
    first, problem = search.objective[0], search.problem
    if first == "depth":
        return layers
    return Sizes(layers, _least_width(problem), 0, 0, 0).measure(first, problem.constants)


def most_layers(problem: Problem) -> int:
    """Layers beyond which no plan needs to go.

    A layer in which nothing is placed or erased can be left out, and there are no more
    placements than variables that are computed, and no more erasures than variables.
    """
    computed = sum(not variable.is_input for variable in problem.variables)
    return computed + len(problem.variables)


def enough(search: Search, layers: int, first: int) -> bool:
    """Whether no deeper model can be better, or is not looked for."""
    if search.objective[0] == "depth":
        return True
    best = first
    if search.plan is not None:
        most = search.most(deeper=True)
        if most is not None and floor(search, layers) > most:
            return True
        best = max(first, search.plan.layers)
    if layers > best + _extra(search):
        search.notes.append(f"proven among models of at most {layers - 1} layers")
        return True
    return False


def beyond_use(search: Search, layers: int, times: Earliest) -> bool:
    """Whether no plan of so many layers is of use, or none is looked for as in `enough`.

    As long as none of use is found the least depth stands for that of the best.
    """
    most = search.most(deeper=False)
    if most is None or not search.at_most:
        return False
    return floor(search, layers) > most or layers > times.layers + _extra(search)


def _extra(search: Search) -> int:
    """Layers beyond the best depth that are searched."""
    return EXTRA_LAYERS[search.spent < LITTLE]


def _least_width(problem: Problem) -> int:
    """Width of the narrowest view of the output."""
    known = problem.by_name()
    return min(sum(known[name].width for name in dict.fromkeys(v.reads)) for v in problem.views)
