"""Selectors as relations: tables over the variables that decide what is selected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import LimitError
from optitracr.graph.program import (
    CompoundSelector,
    PairSelector,
    Selector,
    fold_selector,
    holds_of,
)

Table = NDArray[np.bool_]

MAX_ENTRIES = 1_000_000
"""Entries of a relation beyond which it is not looked at: counted in some hundredths of a second,
for each relation that a program may have."""


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """Which keys which queries select.

    Attributes:
        keys: Variables of the key position.
        queries: Variables of the query position.
        table: One axis a key variable, then one a query variable, each with one entry
            more than the variable has values: the last stands for None.
    """

    keys: tuple[str, ...]
    queries: tuple[str, ...]
    table: Table


def relation_of(selector: Selector) -> Relation:
    """The relation of a selector over its own keys and queries.

    Raises:
        LimitError: If its table would have more than MAX_ENTRIES entries.
    """
    return fold_selector(selector, _of_pair, _combined)


def _of_pair(selector: PairSelector) -> Relation:
    table = np.pad(holds_of(selector), (0, 1), constant_values=False)
    return Relation((selector.keys,), (selector.queries,), table)


def _combined(selector: CompoundSelector, parts: Sequence[Relation]) -> Relation:
    keys = tuple(dict.fromkeys(key for part in parts for key in part.keys))
    queries = tuple(dict.fromkeys(query for part in parts for query in part.queries))
    aligned = [_aligned(part, keys, queries) for part in parts]
    entries = np.prod(np.broadcast_shapes(*(table.shape for table in aligned)), dtype=np.float64)
    if entries > MAX_ENTRIES:
        raise LimitError(
            f"selector '{selector.label}' relates {', '.join((*keys, *queries))}, which have "
            f"{entries:,.0f} combinations of values, above the limit of {MAX_ENTRIES:,}; map "
            "its keys or queries to fewer values first"
        )
    match selector.operator:
        case "not":
            table = ~aligned[0]
        case "and":
            table = np.logical_and.reduce(np.broadcast_arrays(*aligned))
        case _:
            table = np.logical_or.reduce(np.broadcast_arrays(*aligned))
    return Relation(keys, queries, table)


def _aligned(relation: Relation, keys: tuple[str, ...], queries: tuple[str, ...]) -> Table:
    """The table with its axes in the places of `keys` and `queries`, others of length 1."""
    own = [*((0, key) for key in relation.keys), *((1, query) for query in relation.queries)]
    wanted = [*((0, key) for key in keys), *((1, query) for query in queries)]
    order = [own.index(axis) for axis in wanted if axis in own]
    moved = relation.table.transpose(order)
    sizes = iter(moved.shape)
    return moved.reshape([next(sizes) if axis in own else 1 for axis in wanted])
