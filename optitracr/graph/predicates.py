"""Predicates as tables: each is called once for a pair of values, and never afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from optitracr.graph.calls import CallTable, call_table, user_predicate
from optitracr.graph.program import Pairs, Predicate, TabledSelector
from optitracr.memory import check_memory

Value = Any

PAIR_BYTES = 9
"""What a pair of a key and a query takes: a boolean in the table, and a place in a list while the
table is made."""


@dataclass(frozen=True, slots=True, eq=False)
class PredicateTable:
    """A predicate over lists of keys and queries.

    Attributes:
        selector: The selector by this table, which selects no pair on which it is undefined.
        calls: What it gave, and what it raised.
    """

    selector: TabledSelector
    calls: CallTable


def predicate_table(
    selector: Predicate, keys: tuple[Value, ...], queries: tuple[Value, ...]
) -> PredicateTable:
    """The predicate of a selector over keys and queries.

    Raises:
        ProgramError: If the predicate gives two results for one pair.
        LimitError: If there are so many pairs that their table does not fit in memory.
    """
    check_memory(
        f"the relation of {len(keys):,} keys and {len(queries):,} queries of selector "
        f"{selector.describe()}",
        PAIR_BYTES * len(keys) * len(queries),
        "give fewer tokens, lower max_seq_len, or map its keys or queries to fewer values",
    )
    calls = call_table(user_predicate(selector), (keys, queries))
    holds = np.array([bool(result) for result in calls.results], dtype=bool)
    pairs = Pairs(holds.reshape(len(keys), len(queries)))
    told = TabledSelector(
        selector.keys,
        selector.queries,
        selector.label,
        selector.source,
        at_most_one=selector.at_most_one,
        pairs=pairs,
    )
    return PredicateTable(told, calls)
