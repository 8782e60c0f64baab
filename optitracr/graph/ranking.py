"""Selectors by rank: of positions that are alike, the one of a given rank is one at most.

The rank of a position is how many of those that come before it, in an order of all positions, are
like it. Among positions that all are alike it rises from each to the next, so that a selector of
such positions that also asks for one rank selects one of them, or none. It may ask by way of a
function that tells these ranks apart, such as the number of each position that is marked, which is
None at all others; and a rank may be counted in parts, such as those that are less, and those that
are equal and before.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.asked import Asked, asked_of, is_cut, made_of, operands_of
from optitracr.graph.inputs import Inputs
from optitracr.graph.ordering import orders
from optitracr.graph.program import (
    Elementwise,
    PairSelector,
    Selector,
    Width,
    conjuncts_of,
    holds_of,
    pairs_of,
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
    outer = [part for part in outer if not is_cut(part, known)]
    below = {label for part in outer for label in made_of(part.keys, known)}
    if not any(_counts_by_index(label, known) for label in below):
        return False
    asked = [each for part in outer for each in asked_of(part, known)]
    return any(
        (each.is_one and _rises(each.label, asked, known, inputs))
        or _is_one_in_all(each, known, inputs)
        for each in asked
    )


def _counts_by_index(label: str, known: Known) -> bool:
    """Whether a variable is a count of keys that are selected by their index, beside others."""
    operation = known[label].operation
    if not isinstance(operation, Width):
        return False
    return any(known[pair.keys].is_index for pair in pairs_of(operation.selector))


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
    alike = [part for part in inner if not orders([part], known, inputs)]
    pairs = [part for part in alike if isinstance(part, PairSelector)]
    # Of two orders none may be left: before and after select nothing together.
    return pairs if len(pairs) == len(alike) == len(inner) - 1 else None


def _is_one_in_all(asked: Asked, known: Known, inputs: Inputs) -> bool:
    """Whether a query asks for one sum of counts that together are a rank among all positions."""
    node = known[asked.label]
    parts = [known[operand].operation for operand in operands_of(asked.label, known)]
    selectors = [part.selector for part in parts if isinstance(part, Width)]
    if node.table is None or len(parts) < 2 or len(selectors) < len(parts):
        return False
    counts = [np.asarray(known[x].value_set.values) for x in operands_of(asked.label, known)]
    total = reduce(np.add.outer, counts)
    # Counts of what is disjoint come to the length at most.
    within = (total <= inputs.max_seq_len) & (node.table >= 0)
    gives = np.zeros((inputs.max_seq_len + 1, len(asked.keys)), dtype=np.float32)
    gives[total[within], node.table[within]] = 1
    one = Asked("", np.asarray(gives @ asked.keys.astype(np.float32) > 0)).is_one
    return one and orders(selectors, known, inputs)


def _are_alike(pair: PairSelector, asked: list[Asked], known: Known) -> bool:
    """Whether all positions that some query selects select each other, and the same others."""
    queries = known[pair.queries].value_set
    of_itself = pair.keys == pair.queries
    if not of_itself and (len(queries.values) != 1 or queries.may_be_none):
        return False
    label, holds = pair.keys, None if is_cut(pair, known) else holds_of(pair)
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
