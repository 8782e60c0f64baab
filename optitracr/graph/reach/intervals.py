"""Selectors whose keys are intervals, in some order of the codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.reach.facts import Codes

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """A predicate whose selected keys are, in some order, an interval for each query.

    Attributes:
        keys: The place of each key code in the order of keys.
        queries: The place of each query code in the order of queries.
        first: For each place of a query the first place of a key that it selects.
        after: The first place after the last.
    """

    keys: Codes
    queries: Codes
    first: Codes
    after: Codes


def intervals(table: Mask) -> Intervals | None:
    """The intervals of a predicate, in the order of codes or in that of how many select them.

    The second order is the one of a total order on values, up or down, in which the larger is
    selected by fewer; keys and queries of one variable then have the same places.

    Args:
        table: Shape [keys, queries].
    """
    rows, columns = (np.arange(n) for n in table.shape)
    by_count = (
        np.argsort(-table.sum(axis=1), kind="stable"),
        np.argsort(table.sum(axis=0), kind="stable"),
    )
    for keys, queries in ((rows, columns), by_count):
        ends = _ends(table[np.ix_(keys, queries)])
        if ends is not None:
            return Intervals(np.argsort(keys), np.argsort(queries), *ends)
    return None


def _ends(table: Mask) -> tuple[Codes, Codes] | None:
    """For each query the first selected key and the first after it, if all between are selected.

    A query that selects nothing gets an interval that lies within every other.
    """
    count, any_key = table.sum(axis=0), table.any(axis=0)
    first = table.argmax(axis=0)
    last = len(table) - table[::-1].argmax(axis=0)
    if (any_key & (last - first != count)).any():
        return None
    return np.where(any_key, first, len(table)), np.where(any_key, last, 0)
