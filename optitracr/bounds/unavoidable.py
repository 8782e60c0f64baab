"""What no plan of a problem avoids, whatever its depth: found without a search.

A plan computes the output by some alternatives, what these read by others, and so on down to the
inputs. So whatever is chosen, something is used that takes at least so much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from solvers import Alternative, Kind, Problem

Reads = Sequence[Sequence[str]]
"""For each thing that is read the variables that would do."""


def least_attentions(problem: Problem) -> int:
    """Attention sublayers that stand one after another in every plan."""
    return _least(problem, _nothing, lambda a, below: below + int(a.kind is Kind.ATTENTION))


def least_width(problem: Problem) -> int:
    """Dimensions of the largest state: what a component or the output reads is there at once."""
    widths = {variable.name: variable.width for variable in problem.variables}

    def at_once(reads: Reads) -> int:
        return _together(reads, widths)

    def of(alternative: Alternative, below: int) -> int:
        return max(below, at_once(alternative.reads), widths[alternative.variable])

    return _least(problem, at_once, of)


def least_neurons(problem: Problem) -> int:
    """Neurons of the largest component that computes something."""
    return _least(problem, _nothing, lambda a, below: max(below, a.neurons))


def least_head_size(problem: Problem) -> int:
    """Columns of the largest query and key."""

    def of(alternative: Alternative, below: int) -> int:
        return max(below, 0 if alternative.head is None else alternative.head.head_size)

    return _least(problem, _nothing, of)


def _nothing(reads: Reads) -> int:
    """What is not counted of what is read."""
    return 0


def _least(
    problem: Problem,
    at_once: Callable[[Reads], int],
    of: Callable[[Alternative, int], int],
) -> int:
    """The least of a measure over all plans, by relaxation to a fixpoint.

    Args:
        problem: The problem, with a plan of some depth.
        at_once: The measure of what is read together, for views of the output.
        of: The measure of an alternative, from the largest of what is least for each of its reads.
    """
    known = {v.name: at_once([[v.name]]) for v in problem.variables if v.is_input}
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
    views = [[[name] for name in view.reads] for view in problem.views]
    totals = [(_largest(view, known), at_once(view)) for view in views]
    return min(max(below, together) for below, together in totals if below is not None)


def _largest(reads: Reads, known: Mapping[str, int]) -> int | None:
    """The largest of what is least for each read; None if something is not known yet."""
    found = 0
    for names in reads:
        best = min((known[name] for name in names if name in known), default=None)
        if best is None:
            return None
        found = max(found, best)
    return found


def _together(reads: Reads, widths: Mapping[str, int]) -> int:
    """Dimensions of what is read at once; things that one variable may serve count once."""
    least = sorted(((min(widths[name] for name in names), names) for names in reads), reverse=True)
    total = 0
    counted: set[str] = set()
    for width, names in least:
        if counted.isdisjoint(names):
            total += width
            counted.update(names)
    return total
