"""MLPs for functions of one weighted sum of what is read.

The output is piecewise linear in the sum: numbers added or subtracted, a mixed-radix code, or two
numbers such that different outputs lie far apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.leaves import Axis, Leaf, Plan, number_axis
from optitracr.constructions.reduction import Codes
from optitracr.constructions.tasks import Task
from optitracr.constructions.weightings import (
    Weights,
    may_be_residues,
    places,
    residues,
    weightings,
)
from optitracr.craft.numerics import FLOAT32_EPSILON, INPUT_ERROR, MarginError
from optitracr.craft.piecewise import (
    MOST_LEAPING,
    NO_PIVOT,
    Passing,
    Piecewise,
    Way,
    constructed,
    counted,
    of_one_hots,
)
from optitracr.craft.spaces import FloatArray

MAX_POINTS = 1 << 20
"""Combinations of values beyond which no weighted sum is tried: the sums of all of them are sorted,
for each way to weigh, in some tenths of a second. Two numbers of three digits have a million."""

MAX_SUMS = 50_000
"""Different sums beyond which no function of them is planned: what it writes at each is an array,
of some hundreds of megabytes for a thousand classes."""

AT_ONCE = 1 << 20
"""Numbers of what is written for several sums at once, 8 MB: more take as long one by one."""

LARGE = 100
"""Entries of a table from which on a one-hot of a sum modulo some number is looked for, with steps
for each of its values in each turn: of smaller tables a neuron for each entry is as few."""

MOST_PASSED = 1e-3
"""What noise may make of any output, however large: whole numbers are to be rounded to the right
one, and readers multiply what is left."""


Ways = Sequence[Weights]
"""Several ways to weigh the leaves."""


def sum_plans(task: Task) -> list[Plan]:
    """The best weighted sum of which the output is a function: any, and one that passes on nothing.

    A categorical leaf that may be None has one value more, which adds nothing.
    """
    found, sure = _best(task)
    if found is None:
        return [] if sure is None else [sure]
    return [replace(found, passes=True, beside=_is_exact(task)), *([] if sure is None else [sure])]


def place_sum_plans(task: Task) -> Iterator[Plan]:
    """The best sum of digits, each in one of two places, of several numbers that are added up."""
    weighted = list(places(task.leaves))
    for found in _best(task, [weighted]) if weighted else ():
        if found is not None:
            yield replace(found, beside=True)


def residue_sum_plans(task: Task) -> Iterator[Plan]:
    """The best sum that is the output modulo the number of its values, if all may occur."""
    few = task.rows.shape[1] > MOST_LEAPING and task.table.size < LARGE
    if few or task.possible is not None or not may_be_residues(task.leaves):
        return
    _, place = np.unique(task.ranks, return_inverse=True)
    weighted = list(residues(task.leaves, place.astype(np.int32).ravel()[task.full]))
    best, sure = _best(task, weighted) if weighted else (None, None)
    if best is not None:
        yield replace(best, beside=True, passes=True)
    elif sure is not None:
        yield replace(sure, beside=True)


def _best(task: Task, weighted: Iterable[Ways] | None = None) -> tuple[Plan | None, Plan | None]:
    """The plans of a task's best sums, of some ways to weigh or of all that are known.

    Returns:
        One that passes on some noise, if that takes fewer neurons, and the best that does not.
    """
    leaves = task.leaves
    if not leaves or _points(task) > MAX_POINTS:
        return None, None
    table, possible = task.with_none
    chosen = None if possible is None else np.broadcast_to(possible, table.shape).ravel()
    codes = table.ravel() if chosen is None else table.ravel()[chosen]
    search = _Search(task, chosen, codes)
    if weighted is None:
        weighted = weightings(leaves, _digits(task), table, possible)
    for ways in _in_parts(weighted, codes.size, task):
        if search.is_over:
            break
        search.look_at(ways)
    best, sure = search.best, search.sure
    if best is not None and sure is not None and best[0].neurons >= sure[0].neurons:
        best = None
    return (
        None if best is None else _sum_plan(leaves, *best),
        None if sure is None else _sum_plan(leaves, *sure),
    )


def _digits(task: Task) -> list[FloatArray]:
    """A number for each value of each leaf; that of None is the last, 0."""
    digits = [member.astype(np.float64) for member in task.classes]
    for axis, leaf in enumerate(task.leaves):
        if leaf.may_be_none and not leaf.numerical:
            digits[axis] = np.append(digits[axis] + 1.0, 0.0)
    return digits


def _in_parts(found: Iterable[Sequence[Weights]], points: int, task: Task) -> Iterator[Ways]:
    """Ways to weigh, as many at a time as fit: each makes an array of what is written."""
    at_once = max(1, AT_ONCE // max(1, points * task.rows.shape[1]))
    for ways in found:
        for start in range(0, len(ways), at_once):
            yield ways[start : start + at_once]


_Found = tuple[Piecewise, Weights]
"""A function of a sum, and what the leaves add to that."""


class _Search:
    """The functions of the fewest neurons of a sum, found so far.

    Attributes:
        task: What they are for.
        best: The best of all.
        sure: The best of those that pass on what nobody minds.
    """

    def __init__(self, task: Task, chosen: NDArray[np.bool_] | None, codes: Codes) -> None:
        """Nothing is found yet.

        Args:
            task: What the functions are for.
            chosen: Which combinations of values can occur, one after another; None for all.
            codes: What is written at each of them.
        """
        self.task, self._chosen, self._codes = task, chosen, codes
        self.best: _Found | None = None
        self.sure: _Found | None = None
        others = int(np.count_nonzero(np.bincount(codes))) - 1
        self._interpolates = _is_exact(task)
        self._least = min(others, 1) if self._interpolates or task.passed else 2 * others
        self._least_sure = min(others, 1) if self._interpolates else 2 * others

    @property
    def is_over(self) -> bool:
        """Whether nothing can have fewer neurons: two a step, or one in all if it interpolates."""
        return self._most(self.best) <= self._least and self._most(self.sure) <= self._least_sure

    def look_at(self, ways: Ways) -> None:
        """Looks at some ways to weigh."""
        found = [
            (way, int(own[way.line]), lines)
            for own, lines in self._lines(ways)
            for way in counted(lines.z, lines.outputs, lines.passing)
        ]
        found.sort(key=lambda one: (one[0].neurons, one[1]))
        open_to_any = self._most(self.best) > self._least
        open_to_sure = self._most(self.sure) > self._least_sure
        for way, place, lines in found:
            of_any = open_to_any and way.neurons < self._most(self.best)
            of_sure = open_to_sure and way.neurons < self._most(self.sure)
            if not (of_any or of_sure):
                # Those that follow have no fewer.
                break
            of_sure = of_sure and way.sure
            made = lines.made(way, self.task, surely=True) if of_sure else None
            if made is not None:
                self.sure = made, ways[place]
            elif of_any and not (of_sure and lines.is_sure(way)):
                made = lines.made(way, self.task)
            if of_any and made is not None:
                self.best = made, ways[place]

    def _lines(self, ways: Ways) -> Iterator[tuple[NDArray[np.intp], _Lines]]:
        """The sums of which the output is a function, those of as many values together."""
        task, codes = self.task, self._codes
        sums = self._of_chosen(_sums(ways)).round(9)
        order = sums.argsort(axis=1)
        line = np.arange(len(sums))[:, None]
        sums, given = sums[line, order], codes[order]
        first = np.ones(sums.shape, dtype=bool)
        np.not_equal(sums[:, 1:], sums[:, :-1], out=first[:, 1:])
        changes = given[:, 1:] != given[:, :-1]
        points = first.sum(axis=1)
        fits = ~(changes & ~first[:, 1:]).any(axis=1) & (points <= MAX_SUMS)
        if not (self._interpolates or task.passed):
            fits &= 2 * changes.sum(axis=1) < self._most(self.sure)
        noise = None
        if task.passed and not self._interpolates:
            noise = self._of_chosen(_noise(task, ways))[line, order]
        for count in sorted(set(points[fits].tolist())):
            own = (fits & (points == count)).nonzero()[0]
            moved = None if noise is None else noise[own]
            yield own, _lines(task, sums[own], given[own], first[own], moved)

    def _of_chosen(self, sums: FloatArray) -> FloatArray:
        """What is added up for the combinations of values that can occur, a line for each way."""
        lines = sums.reshape(len(sums), -1)
        return lines if self._chosen is None else lines[:, self._chosen]

    @staticmethod
    def _most(found: _Found | None) -> float:
        """Neurons of what is found, which others have to go below."""
        return math.inf if found is None else found[0].neurons


@dataclass(frozen=True, slots=True)
class _Lines:
    """The output as a function of some sums that take as many values.

    Attributes:
        z: Shape [lines, points]: the values of each sum, increasing.
        outputs: Shape [lines, points, outputs].
        passing: What may be passed on; None if nothing may.
    """

    z: FloatArray
    outputs: FloatArray
    passing: Passing | None

    def is_sure(self, way: Way) -> bool:
        """Whether nobody minds anything that a way may pass on."""
        passing = self.passing
        return way.pivot == NO_PIVOT or passing is None or passing.sure is passing.allowed

    def made(self, way: Way, task: Task, *, surely: bool = False) -> Piecewise | None:
        """A construction for a sum; None if it is off by more than is allowed, or than is sure."""
        z, outputs, passing = self.z[way.line], self.outputs[way.line], None
        if way.pivot != NO_PIVOT:
            assert self.passing is not None, "steps alone are counted where nothing is passed on"
            passing = self.passing.at(way.line, surely=surely)
        try:
            return constructed(z, outputs, passing, way, task.tolerance, task.close)
        except MarginError:
            return None


def _lines(
    task: Task,
    sums: FloatArray,
    codes: Codes,
    first: NDArray[np.bool_],
    noise: FloatArray | None,
) -> _Lines:
    """Shape of all [lines, combinations], sorted; equal sums of a line become one point."""
    shape = (len(sums), -1)
    z, outputs = sums[first].reshape(shape), task.rows[codes[first].reshape(shape)]
    passing = None
    if _is_exact(task):
        passing = of_one_hots(z)
        if task.passed:
            allowed = np.maximum(passing.allowed, allowed_to_pass(task, outputs))
            passing = Passing(passing.noise, allowed, sure=passing.allowed)
    if noise is not None:
        worst = np.maximum.reduceat(noise.ravel(), first.ravel().nonzero()[0]).reshape(shape)
        passing = Passing(worst, allowed_to_pass(task, outputs))
    return _Lines(z, outputs, passing)


def _is_exact(task: Task) -> bool:
    """Whether sums of what is read are free of noise."""
    return not task.robust and all(not leaf.numerical for leaf in task.leaves)


def _points(task: Task) -> int:
    """How many combinations of values there are, None of each leaf counted as one."""
    if task.possible is None or any(x.may_be_none and not x.numerical for x in task.leaves):
        return math.prod(leaf.size + 1 for leaf in task.leaves)
    return int(np.count_nonzero(task.known))


def _sums(ways: Ways) -> FloatArray:
    """What the values of the leaves add up to: one axis a leaf, after one of the ways."""
    count, leaves = len(ways), len(ways[0])
    total = np.zeros((count,) + (1,) * leaves)
    for axis in range(leaves):
        line = [count] + [1] * leaves
        line[axis + 1] = -1
        total = total + np.array([way[axis] for way in ways]).reshape(line)
    return total


def _noise(task: Task, ways: Ways) -> FloatArray:
    """What each sum may be off by, for the numbers in it."""
    part = [INPUT_ERROR if leaf.numerical else 4 * FLOAT32_EPSILON for leaf in task.leaves]
    return _sums([[abs(w) * own for w, own in zip(way, part, strict=True)] for way in ways])


def allowed_to_pass(task: Task, outputs: FloatArray) -> FloatArray:
    """What each row of outputs, [..., outputs], may be off by for noise."""
    size = np.maximum(1.0, abs(outputs).max(axis=-1, initial=0.0))
    allowed: FloatArray = np.minimum(task.passed * size, MOST_PASSED)
    return allowed


def _sum_plan(leaves: Sequence[Leaf], piecewise: Piecewise, weights: Weights) -> Plan:
    axes, w_in = [], []
    for leaf, whole in zip(leaves, weights, strict=True):
        weight = whole[: leaf.size]
        if leaf.numerical:
            last = leaf.numbers[-1]
            scale = weight[-1] / last if last else weight[0] / leaf.numbers[0]
            axes.append(Axis(leaf, ()))
            w_in.append(scale * piecewise.slope[None, :])
        else:
            axes.append(number_axis(leaf, weight))
            w_in.append(piecewise.slope[None, :])
    return Plan(tuple(axes), tuple(w_in), piecewise.offset, piecewise.weight, piecewise.bias)
