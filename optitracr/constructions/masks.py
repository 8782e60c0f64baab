"""Conjunctions of class indicators as pre-activations of neurons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.leaves import Axis, Leaf
from optitracr.constructions.needs import canonical
from optitracr.constructions.reduction import Codes
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

Box = tuple[NDArray[np.bool_], ...]
"""A set of classes for each leaf."""

Masks = NDArray[np.bool_]
"""The classes of one leaf in each of some boxes, [boxes, classes]."""


def merged_terms(
    table: Int[Codes, ...], axis: int, default: int
) -> tuple[list[Masks], Int[Codes, " boxes"]]:
    """Boxes of equal output: one class on every axis but one, any set of classes on that.

    Returns:
        For each axis the classes of each box; and the output of each.
    """
    if table.ndim == 0:
        return [], np.zeros(0, dtype=np.int32)
    moved = np.moveaxis(table, axis, -1)
    held = np.sort(moved, axis=-1)
    own = held != default
    own[..., 1:] &= held[..., 1:] != held[..., :-1]
    at = own.nonzero()
    codes, lines = held[at], at[:-1]
    masks = [np.arange(n) == one[:, None] for n, one in zip(moved.shape, lines, strict=False)]
    masks.insert(axis, moved[lines] == codes[:, None])
    return masks, codes


def fewest_terms(table: Int[Codes, ...], default: int) -> tuple[list[Box], list[int]]:
    """Boxes of equal output, merged along whichever axis leaves the fewest."""
    counts = term_counts(table, default)
    masks, codes = merged_terms(table, counts.index(min(counts)), default)
    return list(zip(*masks, strict=True)), codes.tolist()


def term_counts(table: Int[Codes, ...], default: int) -> list[int]:
    """How many boxes there are, merged along each axis, without making one."""
    counts = []
    is_default = table == default
    for axis in range(table.ndim):
        lines = table.swapaxes(axis, -1).copy()
        lines.sort(axis=-1)
        changes = np.count_nonzero(lines[..., 1:] != lines[..., :-1])
        of_default = np.count_nonzero(is_default.any(axis=axis))
        counts.append(int(changes + table.size // max(table.shape[axis], 1) - of_default))
    return counts or [0]


def and_weights(
    leaves: Sequence[Leaf],
    classes: Sequence[Int[Codes, " _"]],
    shape: tuple[int, ...],
    boxes: Sequence[Box],
) -> tuple[list[Axis], list[Float[FloatArray, "_ boxes"]], Float[FloatArray, " boxes"]]:
    """Reads that are 0 where all leaves are in a box, and at most -1 elsewhere.

    Returns:
        An axis a leaf; for each the weights of its columns; the constant.
    """
    count = len(boxes)
    masks = [
        np.array([box[axis] for box in boxes], dtype=bool).reshape(count, shape[axis])
        for axis in range(len(leaves))
    ]
    return reads_within(leaves, classes, masks, count)


def reads_within(
    leaves: Sequence[Leaf],
    classes: Sequence[Int[Codes, " _"]],
    masks: Sequence[Masks],
    count: int,
) -> tuple[list[Axis], list[Float[FloatArray, "_ boxes"]], Float[FloatArray, " boxes"]]:
    """The same of so many boxes, given for each leaf as the classes of all."""
    axes, weights = [], []
    constant = np.full(count, -float(len(leaves)))
    for leaf, member, own in zip(leaves, classes, masks, strict=True):
        axis, read, inside = indicators(leaf, member, own)
        axes.append(axis)
        weights.append(read)
        constant += inside
    return axes, weights, constant


def indicators(
    leaf: Leaf,
    classes: Int[Codes, " values"],
    masks: Bool[NDArray[np.bool_], "boxes classes"],
) -> tuple[Axis, Float[FloatArray, "columns boxes"], Float[FloatArray, " boxes"]]:
    """Reads sets of classes: columns for classes in use, one replaced by the constant."""
    return columns_of(leaf, classes, masks.astype(np.float64))


def columns_of(
    leaf: Leaf,
    classes: Int[Codes, " values"],
    weights: Float[FloatArray, "neurons classes"],
) -> tuple[Axis, Float[FloatArray, "columns neurons"], Float[FloatArray, " neurons"]]:
    """Reads any number for each class: columns for those in use, one replaced by the constant."""
    count = weights.shape[1]
    used = weights.any(axis=0)
    constant = np.zeros(weights.shape[0])
    if used.all() and not leaf.may_be_none and count > 1:
        dropped = int(np.bincount(classes, minlength=count).argmax())
        constant = weights[:, dropped].copy()
        weights = weights - weights[:, [dropped]]
        used = weights.any(axis=0)
    column = np.full(count, -1)
    column[used] = np.arange(np.count_nonzero(used))
    held = column[classes].tolist()
    renamed = canonical(held)
    order = list(dict.fromkeys(c for c in held if c >= 0))
    return Axis(leaf, renamed), weights[:, used].T[order], constant
