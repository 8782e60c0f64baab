"""Functions of a weighted sum of its own in each class of one category.

Where the output is no function of one weighted sum, it may be one in each class of some leaf: of
two numbers that are added, the place asks for one digit of the sum. The neurons of a class are
silent in all others, since a large negative weight holds them down there; classes with the same
function have the same neurons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.distinct import distinct_rows
from optitracr.constructions.leaves import Axis, Leaf, Plan
from optitracr.constructions.masks import columns_of
from optitracr.constructions.reduction import reduce_table
from optitracr.constructions.tasks import Task
from optitracr.constructions.weighted_sums import place_sum_plans, sum_plans
from optitracr.craft.numerics import FLOAT32_EPSILON
from optitracr.craft.piecewise import HINGE_ERROR
from optitracr.craft.spaces import FloatArray

MAX_CLASSES = 8
"""Classes beyond which none are tried: the neurons of all add up, and more seldom take fewer than
other constructions."""

LEAST_ENTRIES = 32
"""Entries below which none are tried: a smaller table has few neurons in any way."""

LEAST_NEURONS = 16
"""Neurons that the entries of a table take, below which none are tried: there is little to gain."""

MAX_ENTRIES = 4_096
"""Entries above which none are tried: sums are looked for in each class of each leaf."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The plan of some classes.

    Attributes:
        classes: Which they are.
        plan: What the other leaves have to do with it there.
        reach: Shape [neurons]: the largest pre-activation, whatever the other leaves are.
    """

    classes: NDArray[np.bool_]
    plan: Plan
    reach: FloatArray


def gated_sum_plans(task: Task) -> Iterator[Plan]:
    """The plans of all leaves that may be the gate; the others are two numbers or more."""
    if len(task.leaves) < 3 or not LEAST_ENTRIES <= task.table.size <= MAX_ENTRIES:
        return
    if task.robust or any(leaf.numerical for leaf in task.leaves):
        return
    if sum(not leaf.numbers for leaf in task.leaves) > 1:
        return
    most = min(task.boxes)
    if most < LEAST_NEURONS:
        return
    for gate, leaf in enumerate(task.leaves):
        if not leaf.may_be_none and 1 < task.table.shape[gate] <= MAX_CLASSES:
            parts = _parts(task, gate, most)
            if parts is not None:
                plan = _plan(task, gate, parts)
                if plan is not None:
                    yield plan


def _parts(task: Task, gate: int, most: int) -> list[_Part] | None:
    """A plan for each class of the gate, equal ones once; None if one has none.

    None too if they have so many neurons together as entries take.
    """
    tables = np.moveaxis(task.table, gate, 0)
    known = np.moveaxis(task.known, gate, 0)[task.first[gate]]
    found: dict[bytes, list[int]] = {}
    some_none = any(leaf.may_be_none for leaf in task.leaves)
    for place in range(len(tables)):
        if not known[place].any() and not some_none:
            continue
        found.setdefault(tables[place].tobytes() + known[place].tobytes(), []).append(place)
    parts = []
    for members in found.values():
        own = _of_class(task, gate, tables[members[0]], known[members[0]])
        plans = _sums(own) if own.leaves else [_constant(own)]
        if not plans:
            return None
        classes = np.isin(np.arange(len(tables)), members)
        parts.append(_Part(classes, plans[0], _reach(plans[0])))
        most -= plans[0].neurons
        if most <= 0:
            return None
    return parts


def _of_class(task: Task, gate: int, table: NDArray[np.int32], known: NDArray[np.bool_]) -> Task:
    """What is asked for in a class of the gate: leaves that do not matter there are gone."""
    others = [axis for axis in range(len(task.leaves)) if axis != gate]
    leaves = [task.leaves[axis] for axis in others]
    reduced = reduce_table(table, [False] * len(leaves))
    kept = tuple(
        axis
        for axis, leaf in enumerate(leaves)
        if reduced.table.shape[axis] > 1 or leaf.may_be_none
    )
    idle = tuple(axis for axis in range(len(leaves)) if axis not in kept)
    classes = [reduced.classes[axis][task.classes[others[axis]]].astype(np.int32) for axis in kept]
    return replace(
        task,
        leaves=[leaves[axis] for axis in kept],
        classes=classes,
        table=reduced.table.reshape([reduced.table.shape[axis] for axis in kept]),
        possible=None if task.possible is None else np.asarray(known.any(axis=idle)),
    )


def _sums(task: Task) -> list[Plan]:
    """The plans of a weighted sum, the fewest neurons first."""
    return sorted([*sum_plans(task), *place_sum_plans(task)], key=lambda plan: plan.neurons)


def _constant(task: Task) -> Plan:
    empty = np.zeros((0, task.rows.shape[1]))
    return Plan((), (), np.zeros(0), empty, task.rows[int(task.table.ravel()[0])])


def _reach(plan: Plan) -> FloatArray:
    """The largest pre-activation of each neuron, each leaf by itself at its worst."""
    total = plan.b_in.copy()
    for axis, own in zip(plan.axes, plan.w_in, strict=True):
        total += np.maximum(_rows(axis) @ own, 0.0).max(axis=0, initial=0.0)
    return np.maximum(total, 0.0)


def _rows(axis: Axis) -> FloatArray:
    """What is read of each class."""
    return np.asarray(axis.numbers)[:, None] if axis.numbers else np.eye(axis.width)


def _plan(task: Task, gate: int, parts: Sequence[_Part]) -> Plan | None:
    """The neurons of all classes, and what is written in each where none is on."""
    default = max(parts, key=lambda part: int(part.classes.sum())).plan.bias
    if any(leaf.may_be_none for leaf in task.leaves):
        default = task.rows[task.zero]
    based = [part for part in parts if (part.plan.bias != default).any()]
    counts = [part.plan.neurons for part in parts]
    hold = np.concatenate([*(part.reach + 1.0 for part in parts), np.ones(len(based))])
    masks = [part.classes for part, count in zip(parts, counts, strict=True) for _ in range(count)]
    masks += [part.classes for part in based]
    shape = (len(masks), task.table.shape[gate])
    weights = np.array(masks, dtype=np.float64).reshape(shape) * hold[:, None]
    gate_axis, gate_weights, inside = columns_of(task.leaves[gate], task.classes[gate], weights)
    offset = np.concatenate([*(part.plan.b_in for part in parts), np.ones(len(based))])
    w_out = np.concatenate(
        [
            *(part.plan.w_out for part in parts),
            *((part.plan.bias - default)[None] for part in based),
        ]
    )
    error = 2 * FLOAT32_EPSILON * float(max((hold[:, None] * abs(w_out)).sum(axis=0), default=0.0))
    if error > max(HINGE_ERROR, task.tolerance):
        return None
    axes: list[Axis] = []
    w_in: list[FloatArray] = []
    for place, leaf in enumerate(task.leaves):
        if place == gate:
            axes.append(gate_axis)
            w_in.append(gate_weights)
            continue
        read = _joined(leaf, parts, counts, len(based))
        if read is not None:
            axes.append(read[0])
            w_in.append(read[1])
    return Plan(tuple(axes), tuple(w_in), offset + inside - hold, w_out, default, beside=True)


def _joined(
    leaf: Leaf, parts: Sequence[_Part], counts: Sequence[int], more: int
) -> tuple[Axis, FloatArray] | None:
    """What all parts read of a leaf: one number if it is the same, else its classes."""
    found = []
    for part, count in zip(parts, counts, strict=True):
        pairs = zip(part.plan.axes, part.plan.w_in, strict=True)
        own = next(((axis, w) for axis, w in pairs if axis.leaf.label == leaf.label), None)
        found.append((own, count))
    axes = list(dict.fromkeys(own[0] for own, _ in found if own is not None))
    if not axes:
        return None
    if len(axes) == 1:
        width = axes[0].width
        weights = [own[1] if own is not None else np.zeros((width, count)) for own, count in found]
        return axes[0], np.concatenate([*weights, np.zeros((width, more))], axis=1)
    of_values = [
        np.concatenate([_rows(own[0]) @ own[1], np.zeros((1, count))])[list(own[0].classes)]
        if own is not None
        else np.zeros((leaf.size, count))
        for own, count in found
    ]
    values = np.concatenate([*of_values, np.zeros((leaf.size, more))], axis=1)
    distinct, member = distinct_rows(values)
    kept = np.flatnonzero(distinct.any(axis=1))
    column = np.full(len(distinct), -1)
    column[kept] = np.arange(kept.size)
    return _in_order(leaf, column[member.reshape(-1)], distinct[kept])


def _in_order(leaf: Leaf, member: NDArray[np.intp], rows: FloatArray) -> tuple[Axis, FloatArray]:
    """The classes of a leaf numbered by first member, and their rows in that order."""
    order = list(dict.fromkeys(int(own) for own in member if own >= 0))
    renamed = {own: place for place, own in enumerate(order)}
    classes = tuple(renamed.get(int(own), -1) for own in member)
    return Axis(leaf, classes), rows[order]
