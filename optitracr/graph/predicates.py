"""Predicates as tables: each is called once for a pair of values, and never afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.calls import check_pure
from optitracr.graph.program import PairSelector, Selector, selector_parts
from optitracr.memory import check_memory

Value = Any

PAIR_BYTES = 9
"""What a pair of a key and a query takes: a boolean in the table, and a place in a list while the
table is made."""


@dataclass(frozen=True, slots=True, eq=False)
class PredicateTable:
    """A predicate over lists of keys and queries.

    Attributes:
        keys: The keys, one a row.
        queries: The queries, one a column.
        holds: Which pairs it selects; False where it is undefined.
        errors: What it raised, by place, other than an ArithmeticError.
    """

    keys: tuple[Value, ...]
    queries: tuple[Value, ...]
    holds: NDArray[np.bool_]
    errors: Mapping[tuple[int, int], Exception]


def predicate_table(
    selector: PairSelector, keys: tuple[Value, ...], queries: tuple[Value, ...]
) -> PredicateTable:
    """The predicate of a selector over keys and queries, made once for the same lists.

    Raises:
        ProgramError: If the predicate gives two results for one pair.
        LimitError: If there are so many pairs that their table does not fit in memory.
    """
    # By identity, since equal values need not be the same; the table keeps the lists alive.
    known = (id(selector.predicate), id(keys), id(queries))
    if known not in selector.tables:
        selector.tables[known] = _made(selector, keys, queries)
    table: PredicateTable = selector.tables[known]
    return table


def _made(
    selector: PairSelector, keys: tuple[Value, ...], queries: tuple[Value, ...]
) -> PredicateTable:
    check_memory(
        f"the relation of {len(keys):,} keys and {len(queries):,} queries of selector "
        f"{selector.describe()}",
        PAIR_BYTES * len(keys) * len(queries),
        "give fewer tokens, lower max_seq_len, or map its keys or queries to fewer values",
    )
    predicate = selector.predicate
    holds = np.zeros((len(keys), len(queries)), dtype=bool)
    errors: dict[tuple[int, int], Exception] = {}
    results: list[bool | None] = []
    for row, key in enumerate(keys):
        for column, query in enumerate(queries):
            selected: bool | None = None
            try:
                selected = holds[row, column] = bool(predicate(key, query))
            except ArithmeticError:
                pass
            except Exception as error:
                errors[row, column] = error.with_traceback(None)
            results.append(selected)
    what = f"the predicate of selector {selector.describe()}"
    check_pure(what, lambda key, query: bool(predicate(key, query)), (keys, queries), results)
    return PredicateTable(keys, queries, holds, errors)


def pairs_of(selector: Selector) -> Iterator[PairSelector]:
    """The selectors by a predicate that a selector is made of, each once."""
    for part in selector_parts(selector):
        if isinstance(part, PairSelector):
            yield part
