"""Relations as conjunctions of conditions on one key and one query variable each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.distinct import classes_of_slices

if TYPE_CHECKING:
    from jaxtyping import Bool

Table = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """One factor of a conjunction: a relation of one key and one query variable.

    Attributes:
        key: The key variable.
        query: The query variable.
        table: Shape [key values + 1, query values + 1], None last.
    """

    key: str
    query: str
    table: Bool[Table, "keys queries"]

    @property
    def classes(self) -> int:
        """Keys or queries that it tells apart, of the side on which these are fewer."""
        return min(len(classes_of_slices(table)[1]) for table in (self.table, self.table.T))


def conjunction(
    keys: Sequence[str], queries: Sequence[str], table: Bool[Table, ...], possible: Bool[Table, ...]
) -> tuple[Condition, ...] | None:
    """The conditions on pairs of variables whose conjunction a relation is.

    Each is the projection of the relation, hence the strictest that could be meant; those
    that the others imply are left out.

    Args:
        keys: Variables of the key position.
        queries: Variables of the query position.
        table: One axis a key variable, then one a query variable.
        possible: Which entries can occur; what the others say does not matter.

    Returns:
        None if the relation is no such conjunction.
    """
    found: list[tuple[Condition, Table]] = []
    for (i, key), (j, query) in product(enumerate(keys), enumerate(queries)):
        own = (i, len(keys) + j)
        rest = tuple(axis for axis in range(table.ndim) if axis not in own)
        projected = np.asarray((table & possible).any(axis=rest))
        shape = [1] * table.ndim
        shape[own[0]], shape[own[1]] = projected.shape
        found.append((Condition(key, query, projected), projected.reshape(shape)))
    if _differs(found, table, possible):
        return None
    for entry in sorted(found, key=lambda entry: -entry[0].classes):
        others = [other for other in found if other is not entry]
        if not _differs(others, table, possible):
            found = others
    return tuple(condition for condition, _ in found)


def _differs(found: Sequence[tuple[Condition, Table]], table: Table, possible: Table) -> bool:
    """Whether the conjunction differs from the table in an entry that can occur."""
    conjunction = np.ones((1,) * table.ndim, dtype=bool)
    for _, projected in found:
        conjunction = conjunction & projected
    return bool(((conjunction != table) & possible).any())
