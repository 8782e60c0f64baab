"""Selectors by rank: of positions that are alike, the one of a given rank is one at most.

The rank of a position is how many earlier ones are like it. Among positions that all are alike it
rises from each to the next, so that a selector of such positions that also asks for one rank
selects one of them, or none.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.inputs import Inputs
from optitracr.graph.program import (
    CompoundSelector,
    Input,
    PairSelector,
    Selector,
    Source,
    Width,
    conjuncts_of,
    holds_of,
)
from optitracr.graph.tabled import TabledNode

Known = Mapping[str, TabledNode]


def selects_by_rank(selector: Selector, known: Known, inputs: Inputs) -> bool:
    """Whether no query selects two positions, since it asks for one rank; False if not known.

    Args:
        selector: The selector, tabled.
        known: Its keys and queries at least, and what these are computed from.
        inputs: The inputs that matter.
    """
    if not isinstance(selector, CompoundSelector):
        return False
    outer = [part for part in conjuncts_of(selector) if isinstance(part, PairSelector)]
    outer = [part for part in outer if not _is_cut(part, known)]
    return any(
        bool((holds_of(part).sum(axis=0) <= 1).all()) and _rises(part.keys, outer, known, inputs)
        for part in outer
    )


def _is_cut(pair: PairSelector, known: Known) -> bool:
    """Whether the table of a selector leaves out values that its key or query can have."""
    return any(known[label].value_set.exploded for label in (pair.keys, pair.queries))


def _rises(rank: str, outer: list[PairSelector], known: Known, inputs: Inputs) -> bool:
    """Whether a count rises from each position to the next of all that a query selects."""
    operation = known[rank].operation
    if not isinstance(operation, Width):
        return False
    inner = list(conjuncts_of(operation.selector))
    pairs = [part for part in inner if isinstance(part, PairSelector)]
    ordered = [part for part in pairs if _orders(part, known, inputs)]
    if not ordered or len(pairs) < len(inner):
        return False
    return all(any(part is x for x in ordered) or _are_alike(part, outer, known) for part in pairs)


def _orders(pair: PairSelector, known: Known, inputs: Inputs) -> bool:
    """Whether a selector selects all earlier positions; or all later ones, where these are seen."""
    operation = known[pair.keys].operation
    if pair.keys != pair.queries or not isinstance(operation, Input):
        return False
    if operation.source is not Source.INDICES:
        return False
    holds = holds_of(pair)
    every = np.ones_like(holds)
    orders = [np.triu(every, 1), np.triu(every)]
    if not inputs.causal:
        orders += [np.tril(every, -1), np.tril(every)]
    return any(np.array_equal(holds, order) for order in orders)


def _are_alike(pair: PairSelector, outer: list[PairSelector], known: Known) -> bool:
    """Whether all positions that some query selects select each other, and the same others."""
    if _is_cut(pair, known):
        return False
    asked = [holds_of(part) for part in outer if part.keys == pair.keys]
    holds = holds_of(pair)
    if pair.keys == pair.queries:
        return any(_is_one_class(holds, keys) for keys in asked)
    queries = known[pair.queries].value_set
    if len(queries.values) != 1 or queries.may_be_none:
        return False
    return any(not keys[~holds[:, 0]].any() for keys in asked)


def _is_one_class(holds: NDArray[np.bool_], keys: NDArray[np.bool_]) -> bool:
    """Whether the values that each query asks for are related to each other and all alike.

    Args:
        holds: The relation, shape [values, values].
        keys: What each query asks for, shape [values, queries].
    """
    asked = keys.astype(np.int64)
    related = holds.astype(np.int64) @ asked
    size = asked.sum(axis=0)
    return bool((related[keys] == np.broadcast_to(size, keys.shape)[keys]).all()) and bool(
        ((related == 0) | (related == size)).all()
    )
