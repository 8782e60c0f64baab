"""Counts that are places in an order: they differ at any two positions of an input.

A selector that of any two positions selects one for the other, and does so without circles, puts
them in a row; of each it selects those before it. How many these are is the place of a position,
which no other has. Sorting takes it so: of less, or equal and before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from optitracr.errors import LimitError
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import PairSelector, Selector, holds_of
from optitracr.graph.relations import Table, relation_of
from optitracr.graph.tabled import TabledNode

Known = Mapping[str, TabledNode]

MAX_JOINT = 20_000_000
"""Pairs of joint codes that are looked at: those of 100 tokens at 40 positions, in some tenths of a
second."""


def orders(selectors: Sequence[Selector], known: Known, inputs: Inputs) -> bool:
    """Whether selectors, none of which selects what another does, put all positions in a row.

    Args:
        selectors: The selectors, tabled.
        known: Their keys and queries at least.
        inputs: The inputs that matter.
    """
    if len(selectors) == 1 and isinstance(selectors[0], PairSelector):
        return _orders_indices(selectors[0], known, inputs)
    # A causal query does not see all that come before it in another order than that of positions.
    return not inputs.causal and _orders_values(selectors, known)


def _orders_indices(pair: PairSelector, known: Known, inputs: Inputs) -> bool:
    """Whether a selector selects all earlier positions; or all later ones, where these are seen."""
    if pair.keys != pair.queries or not known[pair.keys].is_index:
        return False
    holds = holds_of(pair)
    every = np.ones_like(holds)
    ascending = [np.triu(every, 1), np.triu(every)]
    descending = [] if inputs.causal else [np.tril(every, -1), np.tril(every)]
    return any(np.array_equal(holds, order) for order in (*ascending, *descending))


def _orders_values(selectors: Sequence[Selector], known: Known) -> bool:
    """Whether they put in a row all that positions may hold, the index among it."""
    try:
        relations = [relation_of(selector, MAX_JOINT) for selector in selectors]
    except LimitError:
        return False
    labels = tuple(dict.fromkeys(key for each in relations for key in each.keys))
    if {query for each in relations for query in each.queries} != set(labels):
        return False
    sets = [known[label].value_set for label in labels]
    if not any(known[label].is_index for label in labels):
        return False
    if any(own.may_be_none or own.exploded for own in sets):
        return False
    sizes = [len(own.values) for own in sets]
    if np.prod(sizes, dtype=np.float64) ** 2 > MAX_JOINT:
        return False
    holds = _disjoint_union([each.over(labels, labels) for each in relations], sizes)
    return holds is not None and is_row(holds)


def _disjoint_union(tables: Sequence[Table], sizes: list[int]) -> Table | None:
    """What some relations hold together, [keys, queries]; None if two hold at once.

    Args:
        tables: Axes of keys, then of queries; of length 1 where a relation does not read one, and
            else one longer than its variable has values, for None.
        sizes: Values of each variable.
    """
    found = np.zeros((int(np.prod(sizes)),) * 2, dtype=bool)
    for table in tables:
        inner = table[tuple(slice(0, max(1, n - 1)) for n in table.shape)]
        own = np.broadcast_to(inner, (*sizes, *sizes)).reshape(found.shape)
        if (found & own).any():
            return None
        found |= own
    return found


def is_row(holds: Table) -> bool:
    """Whether a relation puts all in a row: without circles, and each to itself or none.

    Of any two it relates one to the other. Then there are no circles if and only if no two are
    related to as many (Landau 1953).

    Args:
        holds: The relation, square.
    """
    itself = holds.diagonal()
    if not (itself.all() or not itself.any()):
        return False
    if ((holds ^ holds.T) == np.eye(len(holds), dtype=bool)).any():
        return False
    return len(np.unique(holds.sum(axis=0))) == len(holds)
