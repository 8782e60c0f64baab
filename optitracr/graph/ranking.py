"""Selectors by rank: of positions that are alike, the one of a given rank is one at most.

The rank of a position is how many earlier ones are like it. Among positions that all are alike it
rises from each to the next, so that a selector of such positions that also asks for one rank
selects one of them, or none. It may ask by way of a function that tells these ranks apart, such as
the number of each position that is marked, which is None at all others.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.asked import Asked, asked_of, made_of
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import (
    Elementwise,
    PairSelector,
    Selector,
    Width,
    conjuncts_of,
    holds_of,
)
from optitracr.graph.relations import LOOKED_AT
from optitracr.graph.tabled import TabledNode

Known = Mapping[str, TabledNode]


def selects_by_rank(selector: Selector, known: Known, inputs: Inputs) -> bool:
    """Whether no query selects two positions, since it asks for one rank; False if not known.

    Args:
        selector: The selector, tabled.
        known: Its keys and queries at least, and what these are computed from.
        inputs: The inputs that matter.
    """
    outer = [part for part in conjuncts_of(selector) if isinstance(part, PairSelector)]
    outer = [part for part in outer if not _is_cut(part, known)]
    below = {label for part in outer for label in made_of(part.keys, known)}
    ranks = {label for label in below if _alike_of(label, known, inputs) is not None}
    if not ranks:
        return False
    asked = [each for part in outer for each in asked_of(part, known)]
    return any(
        each.label in ranks and each.is_one and _rises(each.label, asked, known, inputs)
        for each in asked
    )


def _is_cut(pair: PairSelector, known: Known) -> bool:
    """Whether the table of a selector leaves out values that its key or query can have."""
    return any(known[label].value_set.exploded for label in (pair.keys, pair.queries))


def _rises(rank: str, asked: list[Asked], known: Known, inputs: Inputs) -> bool:
    """Whether a count rises from each position to the next of all that a query selects."""
    alike = _alike_of(rank, known, inputs)
    return alike is not None and all(_are_alike(part, asked, known) for part in alike)


def _alike_of(label: str, known: Known, inputs: Inputs) -> list[PairSelector] | None:
    """By what positions are alike that a rank counts; None if a variable is no rank."""
    operation = known[label].operation
    if not isinstance(operation, Width):
        return None
    inner = list(conjuncts_of(operation.selector))
    pairs = [part for part in inner if isinstance(part, PairSelector)]
    alike = [part for part in pairs if not _orders(part, known, inputs)]
    return None if len(pairs) < len(inner) or len(alike) == len(pairs) else alike


def _orders(pair: PairSelector, known: Known, inputs: Inputs) -> bool:
    """Whether a selector selects all earlier positions; or all later ones, where these are seen."""
    if pair.keys != pair.queries or not known[pair.keys].is_index:
        return False
    holds = holds_of(pair)
    every = np.ones_like(holds)
    orders = [np.triu(every, 1), np.triu(every)]
    if not inputs.causal:
        orders += [np.tril(every, -1), np.tril(every)]
    return any(np.array_equal(holds, order) for order in orders)


def _are_alike(pair: PairSelector, asked: list[Asked], known: Known) -> bool:
    """Whether all positions that some query selects select each other, and the same others."""
    queries = known[pair.queries].value_set
    of_itself = pair.keys == pair.queries
    if not of_itself and (len(queries.values) != 1 or queries.may_be_none):
        return False
    label, holds = pair.keys, None if _is_cut(pair, known) else holds_of(pair)
    while holds is not None and not any(each.label == label for each in asked):
        label, holds = _by_operand(label, holds, of_itself, known)
    if holds is None:
        return False
    found = [each.keys for each in asked if each.label == label]
    if of_itself:
        return any(_is_one_class(holds, keys) for keys in found)
    return any(not keys[~holds[:, 0]].any() for keys in found)


def _by_operand(
    label: str, holds: NDArray[np.bool_], of_itself: bool, known: Known
) -> tuple[str, NDArray[np.bool_] | None]:
    """A relation by a function of one variable as one by that variable; None if it is none."""
    operation, table = known[label].operation, known[label].table
    if not isinstance(operation, Elementwise) or len(operation.operands) != 1 or table is None:
        return label, None
    (operand,) = operation.operands
    if known[operand].value_set.exploded or table.size * max(holds.shape) > LOOKED_AT:
        return operand, None
    holds = np.pad(holds, ((0, 1), (0, int(of_itself))))[table]
    return operand, holds[:, table] if of_itself else holds


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
