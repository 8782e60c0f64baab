"""Composite selectors as one order: keys and queries of several variables, as intervals.

An order over values and then positions is written as a disjunction, one part of which does not say
what the whole does: of equal values the later has more before it, by one part, and of different
ones the larger, by the other. Over the joint codes of all that they compare such selectors select
intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optitracr.errors import LimitError
from optitracr.graph.ordering import MAX_JOINT
from optitracr.graph.program import CompoundSelector, selector_reads
from optitracr.graph.reach.facts import Facts
from optitracr.graph.reach.intervals import Intervals, intervals
from optitracr.graph.relations import relation_of


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
    if not all(facts.is_listed(label) for label in selector_reads(selector)):
        return None
    try:
        relation = relation_of(selector, MAX_JOINT)
    except LimitError:
        return None
    keys, queries = relation.keys, relation.queries
    if relation.entries() > MAX_JOINT:
        return None
    key_sizes, query_sizes = (
        tuple(_codes(facts, label) for label in side) for side in (keys, queries)
    )
    sizes = (*key_sizes, *query_sizes)
    whole = relation.table()[tuple(map(slice, sizes))]
    found = intervals(whole.reshape(int(np.prod(key_sizes)), -1))
    return None if found is None else Order(keys, queries, key_sizes, query_sizes, found)


def _codes(facts: Facts, label: str) -> int:
    """How many codes a variable can have, that of None among them if it can be that."""
    return facts.none(label) + int(facts.nodes[label].value_set.may_be_none)
