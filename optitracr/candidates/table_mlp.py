"""MLPs for any function table, planned before and written after the allocation.

A plan fixes what has to be read of each leaf and how many neurons it takes. Three
constructions compete:

- *entries*: one neuron for each entry of the reduced table that differs from the default,
  relu(sum of class indicators - (leaves - 1)); entries with one output along an axis
  share a neuron;
- *sum*: piecewise-linear in a weighted sum of the leaves, where the output is a function
  of such a sum (numbers added or subtracted, or a mixed-radix code);
- *linear*: for a number that depends on one categorical leaf, its positive and negative
  parts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.forms import canonical
from optitracr.candidates.tables import Codes, reduce_table
from optitracr.craft.numerics import MarginError
from optitracr.craft.piecewise import JUMP_ERROR, Piecewise, through_points
from optitracr.craft.spaces import FloatArray

MAX_POINTS = 50_000


@dataclass(frozen=True, slots=True)
class Leaf:
    """A variable that a table reads.

    Attributes:
        label: Its name.
        numerical: Whether it is held as a raw number.
        may_be_none: Whether it can be None.
        numbers: Its values as numbers, or () if they are not.
        size: Number of its values.
    """

    label: str
    numerical: bool
    may_be_none: bool
    numbers: tuple[float, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Axis:
    """What a plan reads of one leaf.

    Attributes:
        leaf: The leaf.
        classes: For a categorical leaf the class of each of its values, -1 for those that
            are not read; empty for a raw number.
        numbers: If the classes are read as one number, the number of each; else each class
            is a column of its own.
    """

    leaf: Leaf
    classes: tuple[int, ...]
    numbers: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """Number of columns read."""
        one = self.leaf.numerical or self.numbers
        return 1 if one else max(self.classes, default=-1) + 1


@dataclass(frozen=True, slots=True)
class Plan:
    """A construction: relu(sum over axes of columns @ w_in + b_in) @ w_out + bias.

    Attributes:
        axes: The leaves that matter.
        w_in: For each axis, shape [columns, neurons].
        b_in: Shape [neurons].
        w_out: Shape [neurons, outputs].
        bias: Shape [outputs]: written where nothing fires, also at BOS.
    """

    axes: tuple[Axis, ...]
    w_in: tuple[FloatArray, ...]
    b_in: FloatArray
    w_out: FloatArray
    bias: FloatArray

    @property
    def neurons(self) -> int:
        """Number of neurons, one for the bias not counted."""
        return int(self.b_in.size)


def plan_table(
    leaves: Sequence[Leaf], table: Codes, rows: FloatArray, tolerance: float = JUMP_ERROR
) -> list[Plan]:
    """Constructions of a table, the fewest neurons first.

    Args:
        leaves: One for each axis of the table.
        table: Index into `rows`, -1 for None.
        rows: Shape [codes, outputs]: what each result writes.
        tolerance: Largest rounding error of all steps of a sum together.

    Returns:
        Nothing if float32 carries none of them.
    """
    padded = np.concatenate([rows, np.zeros((1, rows.shape[1]))])
    distinct, code = np.unique(padded, axis=0, return_inverse=True)
    code = code.ravel()
    merged = code[table].astype(np.int32)
    reduced = reduce_table(merged, [leaf.numerical for leaf in leaves])
    essential = tuple(
        axis
        for axis, leaf in enumerate(leaves)
        if reduced.table.shape[axis] > 1 or (leaf.may_be_none and not leaf.numerical)
    )
    kept = [leaves[axis] for axis in essential]
    classes = [reduced.classes[axis] for axis in essential]
    small = reduced.table.reshape([reduced.table.shape[axis] for axis in essential])
    zero = int(code[-1])
    plans = list(_entries(kept, classes, small, distinct, zero))
    plans += _sums(kept, classes, small, distinct, zero, tolerance)
    return sorted(plans, key=lambda plan: (plan.neurons, sum(axis.width for axis in plan.axes)))


def _entries(
    leaves: list[Leaf], classes: list[Codes], table: Codes, rows: FloatArray, zero: int
) -> Iterator[Plan]:
    if any(leaf.numerical for leaf in leaves):
        return
    if any(leaf.may_be_none for leaf in leaves):
        default = zero
    else:
        counts = np.bincount(table.ravel(), minlength=rows.shape[0])
        default = int(np.argmax(counts))
    if len(leaves) == 1 and rows.shape[1] == 1:
        yield _linear(leaves[0], classes[0], table, rows, default)
        return
    best: list[tuple[NDArray[np.bool_], ...]] = []
    outputs: list[int] = []
    for axis in range(max(len(leaves), 1)):
        terms, codes = _merged_terms(table, axis, default)
        if axis == 0 or len(codes) < len(outputs):
            best, outputs = terms, codes
    yield _from_terms(leaves, classes, table.shape, best, outputs, rows, default)


def _merged_terms(
    table: Codes, axis: int, default: int
) -> tuple[list[tuple[NDArray[np.bool_], ...]], list[int]]:
    """Boxes of equal output: one class on every axis but one, any set of classes on that."""
    if table.ndim == 0:
        return [], []
    terms: list[tuple[NDArray[np.bool_], ...]] = []
    outputs: list[int] = []
    lines = np.moveaxis(table, axis, -1)
    for place in np.ndindex(lines.shape[:-1]):
        line = lines[place]
        for code in np.unique(line):
            if code == default:
                continue
            masks = [np.arange(n) == p for n, p in zip(lines.shape[:-1], place, strict=True)]
            masks.insert(axis, line == code)
            terms.append(tuple(masks))
            outputs.append(int(code))
    return terms, outputs


def _from_terms(
    leaves: list[Leaf],
    classes: list[Codes],
    shape: tuple[int, ...],
    terms: list[tuple[NDArray[np.bool_], ...]],
    outputs: list[int],
    rows: FloatArray,
    default: int,
) -> Plan:
    axes, w_in = [], []
    b_in = np.full(len(terms), -(len(leaves) - 1.0))
    for i, leaf in enumerate(leaves):
        masks = np.array([term[i] for term in terms], dtype=bool).reshape(len(terms), shape[i])
        axis, weights, constant = _indicators(leaf, classes[i], masks)
        axes.append(axis)
        w_in.append(weights)
        b_in += constant
    w_out = rows[outputs] - rows[default] if outputs else np.zeros((0, rows.shape[1]))
    return Plan(tuple(axes), tuple(w_in), b_in, w_out, rows[default])


def _indicators(
    leaf: Leaf, classes: Codes, masks: NDArray[np.bool_]
) -> tuple[Axis, FloatArray, FloatArray]:
    """Reads sets of classes: columns for classes in use, one replaced by the constant."""
    count = masks.shape[1]
    used = masks.any(axis=0)
    constant = np.zeros(masks.shape[0])
    weights = masks.astype(np.float64)
    if used.all() and not leaf.may_be_none and count > 1:
        dropped = int(np.argmax(np.bincount(classes, minlength=count)))
        constant = weights[:, dropped].copy()
        weights = weights - weights[:, [dropped]]
        used = np.arange(count) != dropped
    column = np.full(count, -1)
    column[used] = np.arange(used.sum())
    renamed = canonical(column[classes])
    order = np.empty(used.sum(), dtype=np.intp)
    order[[c for c in renamed if c >= 0]] = [c for c in column[classes] if c >= 0]
    return Axis(leaf, renamed), weights[:, used].T[order], constant


def _linear(leaf: Leaf, classes: Codes, table: Codes, rows: FloatArray, default: int) -> Plan:
    """A number of one categorical leaf: one neuron for each sign of its difference."""
    values = rows[table, 0] - rows[default, 0]
    axis = number_axis(leaf, values[classes])
    signs = np.array([sign for sign in (1.0, -1.0) if (sign * values > 0).any()])
    return Plan((axis,), (signs[None, :],), np.zeros(signs.size), signs[:, None], rows[default])


def number_axis(leaf: Leaf, numbers: FloatArray) -> Axis:
    """Reads one number of a categorical leaf; values that count 0 need no class."""
    names: dict[float, int] = {}
    classes = tuple(
        -1 if number == 0 else names.setdefault(float(number), len(names)) for number in numbers
    )
    return Axis(leaf, classes, tuple(names))


def _sums(
    leaves: list[Leaf],
    classes: list[Codes],
    table: Codes,
    rows: FloatArray,
    zero: int,
    tolerance: float,
) -> list[Plan]:
    """The best weighted sum of which the output is a function.

    A categorical leaf that may be None has one value more, which adds nothing.
    """
    if not leaves or math.prod(leaf.size + 1 for leaf in leaves) > MAX_POINTS:
        return []
    full = table[np.ix_(*classes)]
    digits = [c.astype(np.float64) for c in classes]
    for axis, leaf in enumerate(leaves):
        if leaf.may_be_none and not leaf.numerical:
            pad = [(0, int(axis == other)) for other in range(full.ndim)]
            full = np.pad(full, pad, constant_values=zero)
            digits[axis] = np.append(digits[axis] + 1.0, 0.0)
    exact = all(not leaf.numerical for leaf in leaves)
    best: tuple[Piecewise, list[FloatArray]] | None = None
    for weights in _weightings(leaves, digits):
        made = _piecewise_sum(weights, full, rows, exact, tolerance)
        if made is not None and (best is None or made.neurons < best[0].neurons):
            best = made, weights
    if best is None:
        return []
    own = [weight[: leaf.size] for leaf, weight in zip(leaves, best[1], strict=True)]
    return [_sum_plan(leaves, best[0], own)]


def _weightings(leaves: list[Leaf], digits: list[FloatArray]) -> Iterator[list[FloatArray]]:
    """What each value of each leaf adds: its number with a sign, or a mixed-radix digit."""
    plain = not any(leaf.may_be_none and not leaf.numerical for leaf in leaves)
    if plain and all(leaf.numbers for leaf in leaves):
        for signs in product((1.0, -1.0), repeat=len(leaves) - 1):
            yield [
                sign * np.asarray(leaf.numbers)
                for sign, leaf in zip((1.0, *signs), leaves, strict=True)
            ]
    if len(leaves) > 1 or not plain:
        for order in permutations(range(len(leaves))):
            radix = _radix(leaves, digits, order)
            if radix is not None:
                yield radix


def _radix(
    leaves: list[Leaf], given: list[FloatArray], order: tuple[int, ...]
) -> list[FloatArray] | None:
    """Digits such that the sum tells all combinations apart, `order[0]` changing fastest."""
    digits: list[FloatArray] = [np.zeros(0)] * len(leaves)
    span = 0.0
    for axis in order:
        leaf = leaves[axis]
        own = np.asarray(leaf.numbers) if leaf.numerical else given[axis]
        gaps = np.diff(np.unique(own))
        if gaps.size == 0 or gaps.min() <= 0:
            return None
        scale = 1.0 if span == 0.0 else 2.0 * span / float(gaps.min())
        digits[axis] = own * scale
        span = span + scale * float(own.max() - own.min())
    return digits


def _piecewise_sum(
    weights: list[FloatArray], table: Codes, rows: FloatArray, exact: bool, tolerance: float
) -> Piecewise | None:
    total = np.zeros(table.shape)
    for axis, weight in enumerate(weights):
        line = [1] * table.ndim
        line[axis] = weight.size
        total = total + weight.reshape(line)
    z, inverse = np.unique(np.round(total.ravel(), 9), return_inverse=True)
    codes = np.empty(z.size, dtype=np.int64)
    codes[inverse.ravel()] = table.ravel()
    if not np.array_equal(codes[inverse.ravel()], table.ravel()):
        return None
    try:
        return through_points(z, rows[codes], exact, tolerance)
    except MarginError:
        return None


def _sum_plan(leaves: list[Leaf], piecewise: Piecewise, weights: list[FloatArray]) -> Plan:
    axes, w_in = [], []
    for leaf, weight in zip(leaves, weights, strict=True):
        if leaf.numerical:
            last = leaf.numbers[-1]
            scale = weight[-1] / last if last else weight[0] / leaf.numbers[0]
            axes.append(Axis(leaf, ()))
            w_in.append(scale * piecewise.slope[None, :])
        else:
            axes.append(number_axis(leaf, weight))
            w_in.append(piecewise.slope[None, :])
    return Plan(tuple(axes), tuple(w_in), piecewise.offset, piecewise.weight, piecewise.bias)
