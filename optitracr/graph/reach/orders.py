"""Composite selectors as one order: keys and queries of several variables, as intervals.

An order over values and then positions is written as a disjunction, one part of which does not say
what the whole does: of equal values the later has more before it, by one part, and of different
ones the larger, by the other. Over the joint codes of all that they compare such selectors select
intervals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.program import CompoundSelector, PairSelector, fold_selector, pairs_of
from optitracr.graph.reach.facts import Facts
from optitracr.graph.reach.intervals import Intervals, intervals

MAX_JOINT = 20_000_000
"""Pairs of joint codes that are looked at: those of 100 tokens at 40 positions, in some tenths of a
second."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """A composite selector as intervals of joint codes.

    Attributes:
        keys: The variables of a key, the last varying fastest.
        queries: Those of a query.
        key_sizes: Codes of each variable of a key.
        query_sizes: The same of a query.
        found: The intervals.
    """

    keys: tuple[str, ...]
    queries: tuple[str, ...]
    key_sizes: tuple[int, ...]
    query_sizes: tuple[int, ...]
    found: Intervals


def order_of(selector: CompoundSelector, facts: Facts) -> Order | None:
    """A composite selector as an order; None if it is none, or has too many codes."""
    pairs = list(pairs_of(selector))
    keys = tuple(dict.fromkeys(pair.keys for pair in pairs))
    queries = tuple(dict.fromkeys(pair.queries for pair in pairs))
    if not all(facts.is_listed(label) for label in (*keys, *queries)):
        return None
    key_sizes, query_sizes = (
        tuple(_codes(facts, label) for label in side) for side in (keys, queries)
    )
    if np.prod([*key_sizes, *query_sizes], dtype=np.float64) > MAX_JOINT:
        return None

    whole = _table(selector, facts, keys, queries)
    if whole is None:
        return None
    shaped = np.broadcast_to(whole, (*key_sizes, *query_sizes))
    found = intervals(shaped.reshape(int(np.prod(key_sizes)), -1))
    return None if found is None else Order(keys, queries, key_sizes, query_sizes, found)


def _table(
    selector: CompoundSelector, facts: Facts, keys: tuple[str, ...], queries: tuple[str, ...]
) -> Mask | None:
    """What is selected, one axis a variable of the key, then one a variable of the query."""

    def leaf(pair: PairSelector) -> Mask | None:
        table = facts.pairs(pair)
        if table is None:
            return None
        shape = [1] * (len(keys) + len(queries))
        shape[keys.index(pair.keys)] = table.shape[0]
        shape[len(keys) + queries.index(pair.queries)] = table.shape[1]
        return table.reshape(shape)

    def combine(part: CompoundSelector, tables: tuple[Any, ...]) -> Mask | None:
        if any(table is None for table in tables):
            return None
        if part.operator == "not":
            return np.asarray(~tables[0])
        join = np.logical_and if part.operator == "and" else np.logical_or
        whole = tables[0]
        for table in tables[1:]:
            whole = join(whole, table)
        return np.asarray(whole)

    found: Mask | None = fold_selector(selector, leaf, combine)
    return found


def _codes(facts: Facts, label: str) -> int:
    """How many codes a variable can have, that of None among them if it can be that."""
    return facts.none(label) + int(facts.nodes[label].value_set.may_be_none)
