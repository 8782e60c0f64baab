"""MLPs for numbers that are sums of functions of one variable each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.leaves import Axis, Leaf, Plan, number_axis
from optitracr.constructions.tasks import Task
from optitracr.craft.numerics import INPUT_ERROR, MarginError
from optitracr.craft.piecewise import Passing, Piecewise, through_points
from optitracr.craft.spaces import FloatArray

MAX_POINTS = 2000
"""Known entries of a table with unknown ones beyond which no sum is looked for: it takes a system
of linear equations with a row for each, which a second is enough for up to here."""

EXACT = 1e-9
"""Largest difference from a sum that counts as none: what solving for it in float64 leaves, and far
below what float32 keeps."""


def additive_plans(task: Task) -> Iterator[Plan]:
    """The sum of one function a leaf, each as steps of a number or as the number itself.

    That takes at least two leaves, none categorical that may be None, and one output.
    """
    leaves, rows = task.leaves, task.rows
    plain = not any(leaf.may_be_none and not leaf.numerical for leaf in leaves)
    if len(leaves) < 2 or rows.shape[1] != 1 or not plain:
        return
    table = task.full
    terms = _terms(rows[table, 0], task.known)
    if terms is None:
        return
    flat = _beside(leaves, terms, replace(task, passed=0.0))
    made = _beside(leaves, terms, task) if task.passed else None
    if made is not None and (flat is None or made.neurons < flat.neurons):
        yield replace(made, passes=True)
    if flat is not None:
        yield flat


def _beside(leaves: Sequence[Leaf], terms: Sequence[FloatArray], task: Task) -> Plan | None:
    """The functions of all leaves beside each other; None if float32 does not carry one."""
    axes, parts = [], []
    for leaf, term in zip(leaves, terms, strict=True):
        try:
            made, axis = _one(leaf, term, task, len(leaves))
        except MarginError:
            return None
        axes.append(axis)
        parts.append(made)
    total = sum(part.neurons for part in parts)
    w_in, first = [], 0
    for part in parts:
        weights = np.zeros((1, total))
        weights[0, first : first + part.neurons] = part.slope
        w_in.append(weights)
        first += part.neurons
    return Plan(
        tuple(axes),
        tuple(w_in),
        np.concatenate([part.offset for part in parts]),
        np.concatenate([part.weight for part in parts]),
        np.sum([part.bias for part in parts], axis=0),
    )


def _terms(numbers: FloatArray, known: NDArray[np.bool_]) -> list[FloatArray] | None:
    """One function an axis whose sum the table is wherever it is known."""
    if known.all():
        found = _slices(numbers)
    elif known.sum() <= MAX_POINTS:
        found = _fitted(numbers, known)
    else:
        return None
    total = np.zeros((1,) * numbers.ndim)
    for axis, term in enumerate(found):
        shape = [1] * numbers.ndim
        shape[axis] = term.size
        total = total + term.reshape(shape)
    return found if (abs(total - numbers)[known] <= EXACT).all() else None


def _slices(numbers: FloatArray) -> list[FloatArray]:
    """The functions that a sum would have, read off the lines through its first entry."""
    found = []
    for axis in range(numbers.ndim):
        line = tuple(slice(None) if axis == other else 0 for other in range(numbers.ndim))
        own = np.array(numbers[line])
        found.append(own - own[0] if axis else own)
    return found


def _fitted(numbers: FloatArray, known: NDArray[np.bool_]) -> list[FloatArray]:
    """The functions whose sum is closest to the known entries.

    They solve the normal equations, which count entries; these are as few as there are values.
    """
    place, sizes = np.argwhere(known), numbers.shape
    first = np.cumsum([0, *sizes[:-1]])
    columns = place + first
    count = sum(sizes)
    pairs = (columns[:, :, None] * count + columns[:, None, :]).ravel()
    normal = np.bincount(pairs, minlength=count**2).reshape(count, count).astype(np.float64)
    given = np.repeat(numbers[tuple(place.T)], len(sizes))
    total = np.bincount(columns.ravel(), weights=given, minlength=count)
    found, *_ = np.linalg.lstsq(normal, total, rcond=None)
    found = np.asarray(found, dtype=np.float64).round(12)
    return [np.array(found[start : start + n]) for start, n in zip(first, sizes, strict=True)]


def _one(leaf: Leaf, term: FloatArray, task: Task, terms: int) -> tuple[Piecewise, Axis]:
    """The function of one leaf, which is one of so many terms."""
    if leaf.numerical:
        numbers = np.asarray(leaf.numbers, dtype=np.float64)
        allowed = np.full(numbers.size, task.passed / terms)
        passing = None if not task.passed else Passing(INPUT_ERROR * abs(numbers), allowed)
        made = through_points(numbers, term[:, None], passing, task.tolerance / terms)
        return made, Axis(leaf, ())
    low = float(term.min())
    own = Piecewise(np.ones(1), np.zeros(1), np.ones((1, 1)), np.array([low]))
    return own, number_axis(leaf, term - low)
