"""Plans of stored networks: written for a table's own order, and evaluated on all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from optitracr.constructions.leaves import Axis, Leaf, Plan, number_axis
from optitracr.constructions.masks import columns_of
from optitracr.constructions.networks.canonical import Canonical, Colouring
from optitracr.constructions.networks.points import Points, points_of
from optitracr.constructions.networks.stored import (
    Stored,
    may_be_known,
    shape_of,
    shapes,
    stored,
)
from optitracr.constructions.reduction import Codes
from optitracr.constructions.tasks import Task
from optitracr.constructions.weighted_sums import allowed_to_pass
from optitracr.craft.numerics import FLOAT32_EPSILON, INPUT_ERROR
from optitracr.craft.piecewise import HINGE_ERROR
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float

MAX_ENTRIES = 1_000
"""Entries of a table, and combinations, beyond which no network is looked up: none of the stored
ones has so many, and those that are found have some hundreds at most."""

EXACT = 1e-9
"""What a network may be off by in float64, relative to outputs above 1: far below what float32
keeps."""

PROPORTIONAL = 1e-9
"""Share by which weights may differ from multiples of each other that are read as one number."""


def network_plans(task: Task) -> Iterator[Plan]:
    """The stored networks of a table, if it has some that float32 carries."""
    if task.robust:
        return
    points, colouring, found = looked_up(task)
    if points is None or colouring is None or not found:
        return
    order = colouring.ordered()
    for one in found:
        plan = plan_of(task, points, order, one)
        if plan is not None:
            yield plan


Looked = tuple[Points | None, Colouring | None, tuple[Stored, ...]]
"""A table as points and their colours, as far as they had to be made, and its networks."""


def looked_up(task: Task) -> Looked:
    """The stored networks of a table, whether float32 carries them or not."""
    if not 1 < task.table.size <= MAX_ENTRIES or task.known.size > MAX_ENTRIES:
        return None, None, ()
    if not may_be_known(task):
        return None, None, ()
    points = points_of(task)
    if shape_of(points) not in shapes():
        return points, None, ()
    colouring = Colouring.of(points)
    return points, colouring, stored().get(colouring.key, ())


def plan_of(task: Task, points: Points, order: Canonical, one: Stored) -> Plan | None:
    """A network as a plan; None if it does not compute the table, or not in float32.

    Args:
        task: The table.
        points: The same as points.
        order: Its canonical order.
        one: The network of the canonical table.
    """
    if not _fits(order, points, one):
        return None
    weights = list(_in_order(order, points, one))
    read = np.tile(one.b_in, (len(points.places), 1))
    size = abs(read)
    noise = np.zeros_like(read)
    for side, own, place in zip(points.sides, weights, points.places.T, strict=True):
        part = np.asarray(side)[place, None] * own if side else own[place]
        read, size = read + part, size + abs(part)
        noise += abs(part) * INPUT_ERROR if side else 0.0
    written = _written(np.maximum(read, 0.0), points.outputs)
    if written is None:
        return None
    w_out, bias = written
    rounded = ((read > -noise) * size * FLOAT32_EPSILON) @ abs(w_out)
    passed = _passed(read, noise, points, weights, w_out)
    passes = bool((passed > 0.0).any())
    allowed = np.full(len(read), min(HINGE_ERROR, task.tolerance))
    if passes:
        allowed = allowed_to_pass(task, points.outputs)
    if ((rounded + passed).max(axis=1, initial=0.0) > allowed).any():
        return None
    axes, w_in, constant = _read(task, points, weights)
    return Plan(axes, w_in, one.b_in + constant, w_out, bias, passes=passes, beside=True)


def is_calm(plan: Plan, rows: FloatArray) -> bool:
    """Whether nothing larger than the rows is written at BOS, where no class is read.

    A raw number may be anything there between zero and its largest; a code that is far larger than
    those of values would outweigh what a head adds at BOS.
    """
    read = plan.b_in[None]
    for axis, own in zip(plan.axes, plan.w_in, strict=True):
        if axis.leaf.numerical:
            ends = np.array([0.0, *axis.leaf.numbers])
            read = (read[:, None] + np.outer(ends, own[0])).reshape(-1, plan.neurons)
    written = np.maximum(read, 0.0) @ plan.w_out + plan.bias
    largest = np.linalg.norm(rows, axis=1).max(initial=0.0)
    return bool((np.linalg.norm(written, axis=1) <= largest * (1.0 + EXACT)).all())


def _fits(order: Canonical, points: Points, one: Stored) -> bool:
    """Whether what is read has as many classes in both orders: symmetries may be picked apart."""
    place = np.argsort(order.leaves)
    read = [len(one.w_in[place[leaf]]) for leaf in range(len(place))]
    return read == [
        1 if side else size for side, size in zip(points.sides, points.sizes, strict=True)
    ]


def _in_order(order: Canonical, points: Points, one: Stored) -> Iterator[FloatArray]:
    """What each class of each leaf adds to the neurons, in the order of the table."""
    place = np.argsort(order.leaves)
    for leaf, (side, values) in enumerate(zip(points.sides, order.values, strict=True)):
        given = one.w_in[place[leaf]]
        own = np.empty_like(given)
        own[slice(None) if side else values] = given
        yield own


def _written(
    hidden: FloatArray, outputs: Float[FloatArray, "points outputs"]
) -> tuple[FloatArray, FloatArray] | None:
    """What neurons have to write, and the constant beside it; None if nothing does."""
    with_one = np.concatenate([hidden, np.ones((len(hidden), 1))], axis=1)
    found = np.linalg.lstsq(with_one, outputs, rcond=None)[0].round(12) + 0.0
    wrong = abs(with_one @ found - outputs)
    if (wrong > EXACT * np.maximum(1.0, abs(outputs))).any():
        return None
    return found[:-1], found[-1]


def _passed(
    read: FloatArray,
    noise: FloatArray,
    points: Points,
    weights: Sequence[FloatArray],
    w_out: FloatArray,
) -> Float[FloatArray, "points outputs"]:
    """What raw numbers being off makes of what is written.

    Neurons that are on whatever the noise add up to one slope; those that may be on or off count
    each by itself.
    """
    total = np.zeros((len(read), w_out.shape[1]))
    on, unsure = read > noise, abs(read) <= noise
    for side, own, place in zip(points.sides, weights, points.places.T, strict=True):
        if side:
            wrong = abs(np.asarray(side)[place, None]) * INPUT_ERROR
            slope = abs((on * own) @ w_out) + (unsure * abs(own)) @ abs(w_out)
            total += wrong * slope
    return total


def _read(
    task: Task, points: Points, weights: Sequence[FloatArray]
) -> tuple[tuple[Axis, ...], tuple[FloatArray, ...], FloatArray]:
    """What is read of each leaf, with which weights, and what is added for what is not read."""
    axes, parts, constant = [], [], np.zeros(weights[0].shape[1])
    for leaf, member, own in zip(task.leaves, task.classes, weights, strict=True):
        if leaf.numerical:
            axis, part, more = Axis(leaf, ()), own, np.zeros_like(constant)
        else:
            axis, part, more = _of_classes(leaf, member, own)
        axes.append(axis)
        parts.append(part)
        constant = constant + more
    return tuple(axes), tuple(parts), constant


def _of_classes(
    leaf: Leaf, member: Codes, weights: Float[FloatArray, "classes neurons"]
) -> tuple[Axis, FloatArray, FloatArray]:
    """The same of a category: as one number if all neurons read multiples of the same one."""
    none = weights[-1] if leaf.may_be_none else np.zeros(weights.shape[1])
    own = weights[: int(member.max(initial=-1)) + 1] - none
    # One class, which the constant stands for, need not be read: the commonest.
    base = np.zeros_like(none)
    if not leaf.may_be_none:
        base = own[int(np.argmax(np.bincount(member)))]
    moved = own - base
    row = int(np.argmax(abs(moved).max(axis=1)))
    column = int(np.argmax(abs(moved[row])))
    pivot = moved[row, column]
    if pivot != 0.0:
        numbers = moved[:, column] / pivot
        if (abs(np.outer(numbers, moved[row]) - moved) <= PROPORTIONAL * abs(moved).max()).all():
            return number_axis(leaf, numbers[member]), moved[row][None, :], none + base
    axis, part, more = columns_of(leaf, member, own.T)
    return axis, part, none + more
