"""Predicates as tables: each is called once for a pair of values, and never afterwards.

One that is made of comparisons is not called at all where Python compares values in a known way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optitracr.graph.calls import Place, call_table, user_predicate
from optitracr.graph.comparisons import Holds, compared
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
        errors: What it raised, by the places of key and query, other than an ArithmeticError.
    """

    selector: TabledSelector
    errors: Mapping[Place, Exception]


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
    errors: Mapping[Place, Exception] = {}
    holds = compared(selector.call, keys, queries)
    if holds is None:
        holds, errors = _called(selector, keys, queries)
    told = TabledSelector(
        selector.keys,
        selector.queries,
        selector.label,
        selector.source,
        at_most_one=selector.at_most_one,
        pairs=Pairs(holds),
    )
    return PredicateTable(told, errors)


def _called(
    selector: Predicate, keys: tuple[Value, ...], queries: tuple[Value, ...]
) -> tuple[Holds, Mapping[Place, Exception]]:
    """What a predicate gives where it is called for each pair, and what it raised."""
    calls = call_table(user_predicate(selector), (keys, queries))
    # None stands where it is undefined; there it selects nothing.
    holds = np.array(calls.results, dtype=bool)
    return holds.reshape(len(keys), len(queries)), calls.errors
