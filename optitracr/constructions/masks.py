"""Conjunctions of class indicators as pre-activations of neurons."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
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


def merged_terms(
    table: Int[Codes, ...], axis: int, default: int
) -> tuple[list[tuple[NDArray[np.bool_], ...]], list[int]]:
    """Boxes of equal output: one class on every axis but one, any set of classes on that."""
    if table.ndim == 0:
        return [], []
    terms: list[tuple[NDArray[np.bool_], ...]] = []
    outputs: list[int] = []
    lines = np.moveaxis(table, axis, -1)
    single = [np.eye(n, dtype=bool) for n in lines.shape[:-1]]
    places = product(*map(range, lines.shape[:-1]))
    for place, line in zip(places, lines.reshape(-1, lines.shape[-1]), strict=True):
        codes = sorted(set(line.tolist()) - {default})
        own = [ones[p] for ones, p in zip(single, place, strict=True)] if codes else []
        terms += [(*own[:axis], line == code, *own[axis:]) for code in codes]
        outputs += codes
    return terms, outputs


def fewest_terms(table: Int[Codes, ...], default: int) -> tuple[list[Box], list[int]]:
    """Boxes of equal output, merged along whichever axis leaves the fewest."""
    counts = term_counts(table, default)
    return merged_terms(table, counts.index(min(counts)), default)


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
    axes, weights = [], []
    constant = np.full(len(boxes), -float(len(leaves)))
    for i, leaf in enumerate(leaves):
        masks = np.array([box[i] for box in boxes], dtype=bool).reshape(len(boxes), shape[i])
        axis, own, inside = indicators(leaf, classes[i], masks)
        axes.append(axis)
        weights.append(own)
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
