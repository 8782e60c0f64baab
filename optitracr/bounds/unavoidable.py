"""What no plan of a problem avoids, whatever its depth: found without a search.

A plan computes the output by some alternatives, what these read by others, and so on down to the
inputs. So whatever is chosen, something is used that takes at least so much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from solvers import Alternative, Kind, Problem


def least_attentions(problem: Problem) -> int:
    """Attention sublayers that stand one after another in every plan."""
    return _least(problem, lambda a, below: below + int(a.kind is Kind.ATTENTION))


def least_neurons(problem: Problem) -> int:
    """Neurons of the largest component that computes something."""
    return _least(problem, lambda a, below: max(below, a.neurons))


def least_head_size(problem: Problem) -> int:
    """Columns of the largest query and key."""

    def of(alternative: Alternative, below: int) -> int:
        return max(below, 0 if alternative.head is None else alternative.head.head_size)

    return _least(problem, of)


def _least(problem: Problem, of: Callable[[Alternative, int], int]) -> int:
    """The least of a measure over all plans, by relaxation to a fixpoint.

    Args:
        problem: The problem, with a plan of some depth.
        of: The measure of an alternative, from the largest of what is least for each of its reads.
    """
    known = {v.name: 0 for v in problem.variables if v.is_input}
    changed = True
    while changed:
        changed = False
        for alternative in problem.alternatives:
            below = _largest(alternative.reads, known)
            if below is None:
                continue
            found = of(alternative, below)
            if found < known.get(alternative.variable, found + 1):
                known[alternative.variable], changed = found, True
    views = [_largest([[name] for name in view.reads], known) for view in problem.views]
    return min(view for view in views if view is not None)


def _largest(reads: Sequence[Sequence[str]], known: Mapping[str, int]) -> int | None:
    """The largest of what is least for each read; None if something is not known yet."""
    found = 0
    for names in reads:
        best = min((known[name] for name in names if name in known), default=None)
        if best is None:
            return None
        found = max(found, best)
    return found
