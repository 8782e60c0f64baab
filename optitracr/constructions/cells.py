"""One number within the cells of categorical leaves: what occurs in each, and how it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.leaves import Axis, Leaf
from optitracr.constructions.masks import Box, and_weights
from optitracr.constructions.reduction import Codes
from optitracr.constructions.tasks import Task
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int


@dataclass(frozen=True, slots=True)
class Cells:
    """A table of one number beside categorical leaves.

    Attributes:
        leaf: The number.
        axis: Its place among the leaves.
        numbers: Its values.
        others: The other leaves.
        classes: The class of each of their values.
        table: Shape [classes of each of them, values of the number].
        known: Of the same shape: which entries occur.
    """

    leaf: Leaf
    axis: int
    numbers: Float[FloatArray, " values"]
    others: Sequence[Leaf]
    classes: Sequence[Int[Codes, " _"]]
    table: Int[Codes, ...]
    known: Bool[NDArray[np.bool_], ...]


@lru_cache(maxsize=1)
def cells_of(task: Task) -> Cells | None:
    """The cells of a task; None if it reads not one number beside others.

    Several constructions ask for those of one task, one after the other.
    """
    numerical = [axis for axis, leaf in enumerate(task.leaves) if leaf.numerical]
    if len(numerical) != 1 or len(task.leaves) < 2:
        return None
    axis = numerical[0]
    leaf = task.leaves[axis]
    classes = [c for i, c in enumerate(task.classes) if i != axis]
    table = np.moveaxis(task.table, axis, -1)[..., task.classes[axis]]
    known = np.moveaxis(task.known, axis, -1)
    for place, first in enumerate(task.first[:axis] + task.first[axis + 1 :]):
        known = known.take(first, axis=place)
    return Cells(
        leaf=leaf,
        axis=axis,
        numbers=np.asarray(leaf.numbers),
        others=[other for i, other in enumerate(task.leaves) if i != axis],
        classes=classes,
        table=table,
        known=known,
    )


def read_in_cells(
    cells: Cells,
    masks: Sequence[Box],
    slope: Float[FloatArray, " neurons"],
    offset: Float[FloatArray, " neurons"],
    hold: Float[FloatArray, " neurons"],
) -> tuple[tuple[Axis, ...], tuple[FloatArray, ...], Float[FloatArray, " neurons"]]:
    """What neurons read that are slope * x + offset in their cells and lower by `hold` elsewhere.

    Returns:
        The axes, the weights of each, and what is added.
    """
    shape = cells.table.shape[:-1]
    axes, weights, inside = and_weights(cells.others, cells.classes, shape, masks)
    parts = [own * hold for own in weights]
    parts.insert(cells.axis, slope[None, :])
    axes.insert(cells.axis, Axis(cells.leaf, ()))
    return tuple(axes), tuple(parts), offset + hold * inside
