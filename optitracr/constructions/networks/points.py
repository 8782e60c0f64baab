"""A task as points: what is read at each combination that occurs, and which code is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.tasks import Task
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float, Int


@dataclass(frozen=True, slots=True)
class Points:
    """The combinations of classes that occur, None of a category as one class more, the last.

    Attributes:
        sides: For each leaf its numbers if it is a raw number, else ().
        sizes: For each leaf how many values or classes it has.
        places: Shape [points, leaves]: which of them.
        codes: Shape [points]: what is written, an index into `rows`.
        rows: Shape [codes, outputs]: the rows of the codes that occur.
    """

    sides: tuple[tuple[float, ...], ...]
    sizes: tuple[int, ...]
    places: Int[NDArray[np.intp], "points leaves"]
    codes: Int[NDArray[np.intp], " points"]
    rows: Float[FloatArray, "codes outputs"]

    @property
    def outputs(self) -> Float[FloatArray, "points outputs"]:
        """What is written at each point."""
        return self.rows[self.codes]


def points_of(task: Task) -> Points:
    """The points of a task."""
    table, possible = task.with_none
    members = []
    for leaf, member in zip(task.leaves, task.classes, strict=True):
        own = np.arange(leaf.size) if leaf.numerical else member.astype(np.intp)
        if leaf.may_be_none and not leaf.numerical:
            own = np.append(own, own.max(initial=-1) + 1)
        members.append(own)
    known = np.broadcast_to(True if possible is None else possible, table.shape)
    at = known.nonzero()
    sizes = tuple(int(own.max(initial=-1)) + 1 for own in members)
    flat = np.zeros(at[0].size, dtype=np.intp)
    for own, place, size in zip(members, at, sizes, strict=True):
        flat = flat * size + own[place]
    flat, first = np.unique(flat, return_index=True)
    present, codes = np.unique(table[at][first], return_inverse=True)
    return Points(
        sides=tuple(leaf.numbers if leaf.numerical else () for leaf in task.leaves),
        sizes=sizes,
        places=np.stack(np.unravel_index(flat, sizes), axis=1).astype(np.intp),
        codes=codes.reshape(-1),
        rows=task.rows[present],
    )
