"""Selectors as relations: tables over the variables that decide what is selected.

A selector over key and query variables is a relation over any variables of which those are
functions. Where it is a conjunction of conditions on one key variable and one query
variable each, a single head computes it: the bilinear forms of the conditions add up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.tables import FunctionTables
from optitracr.graph.program import CompoundSelector, PairSelector, Selector

Table = NDArray[np.bool_]

MAX_ENTRIES = 1_000_000
"""Entries of a relation beyond which it is not looked at."""

MAX_SIDE = 3
"""Variables on one side of a relation."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """One factor of a conjunction: a relation of one key and one query variable.

    Attributes:
        key: The key variable.
        query: The query variable.
        table: Shape [key values + 1, query values + 1], None last.
    """

    key: str
    query: str
    table: Table


def relation_of(selector: Selector, tables: FunctionTables) -> Relation:
    """The relation of a selector over its own keys and queries."""
    if isinstance(selector, PairSelector):
        keys, queries = (tables.values[x].values for x in (selector.keys, selector.queries))
        table = np.zeros((len(keys) + 1, len(queries) + 1), dtype=bool)
        for row, key in enumerate(keys):
            for column, query in enumerate(queries):
                table[row, column] = bool(selector.predicate(key, query))
        return Relation((selector.keys,), (selector.queries,), table)
    parts = [relation_of(part, tables) for part in selector.operands]
    return _combined(selector, parts)


def _combined(selector: CompoundSelector, parts: Sequence[Relation]) -> Relation:
    keys = tuple(dict.fromkeys(key for part in parts for key in part.keys))
    queries = tuple(dict.fromkeys(query for part in parts for query in part.queries))
    aligned = [_aligned(part, keys, queries) for part in parts]
    match selector.operator:
        case "not":
            table = ~aligned[0]
        case "and":
            table = np.logical_and(*np.broadcast_arrays(*aligned))
        case _:
            table = np.logical_or(*np.broadcast_arrays(*aligned))
    return Relation(keys, queries, table)


def _aligned(relation: Relation, keys: tuple[str, ...], queries: tuple[str, ...]) -> Table:
    """The table with its axes in the places of `keys` and `queries`, others of length 1."""
    own = [*((0, key) for key in relation.keys), *((1, query) for query in relation.queries)]
    wanted = [*((0, key) for key in keys), *((1, query) for query in queries)]
    order = [own.index(axis) for axis in wanted if axis in own]
    moved = relation.table.transpose(order)
    sizes = iter(moved.shape)
    return moved.reshape([next(sizes) if axis in own else 1 for axis in wanted])


def over(
    relation: Relation, keys: tuple[str, ...], queries: tuple[str, ...], tables: FunctionTables
) -> Relation | None:
    """The same relation over variables of which its own are functions.

    Returns:
        None if its table would have more than MAX_ENTRIES entries.
    """
    sizes = [len(tables.values[leaf].values) + 1 for leaf in (*keys, *queries)]
    if np.prod(sizes, dtype=np.float64) > MAX_ENTRIES:
        return None
    index = []
    for label in relation.keys:
        codes = tables.with_none(label, keys)
        index.append(codes.reshape(codes.shape + (1,) * len(queries)))
    for label in relation.queries:
        codes = tables.with_none(label, queries)
        index.append(codes.reshape((1,) * len(keys) + codes.shape))
    table = relation.table[tuple(index)]
    return Relation(keys, queries, np.broadcast_to(table, sizes))


def conditions(relation: Relation, tables: FunctionTables) -> tuple[Condition, ...] | None:
    """The conditions on pairs of variables whose conjunction the relation is.

    Each is the projection of the relation, hence the strictest that could be meant; those
    that the others imply are left out.

    Returns:
        None if the relation is no such conjunction.
    """
    possible, table = _possible(relation, tables), relation.table
    count = len(relation.keys)
    found: list[tuple[Condition, Table]] = []
    for (i, key), (j, query) in product(enumerate(relation.keys), enumerate(relation.queries)):
        rest = tuple(axis for axis in range(table.ndim) if axis not in (i, count + j))
        projected = np.asarray((table & possible).any(axis=rest))
        shape = [1] * table.ndim
        shape[i], shape[count + j] = projected.shape
        found.append((Condition(key, query, projected), projected.reshape(shape)))
    if _differs(found, table, possible):
        return None
    for entry in sorted(found, key=lambda entry: -_classes(entry[0])):
        others = [other for other in found if other is not entry]
        if not _differs(others, table, possible):
            found = others
    return tuple(condition for condition, _ in found)


def _possible(relation: Relation, tables: FunctionTables) -> Table:
    """Which entries can occur: None only of variables that may be None."""
    possible = np.ones((1,) * relation.table.ndim, dtype=bool)
    for axis, leaf in enumerate((*relation.keys, *relation.queries)):
        size = relation.table.shape[axis]
        line = np.ones(size, dtype=bool)
        line[-1] = tables.values[leaf].may_be_none
        shape = [1] * relation.table.ndim
        shape[axis] = size
        possible = possible & line.reshape(shape)
    return possible


def _differs(found: Sequence[tuple[Condition, Table]], table: Table, possible: Table) -> bool:
    """Whether the conjunction differs from the table in an entry that can occur."""
    conjunction = np.ones((1,) * table.ndim, dtype=bool)
    for _, projected in found:
        conjunction = conjunction & projected
    return bool(((conjunction != table) & possible).any())


def _classes(condition: Condition) -> int:
    """What a condition roughly costs: its number of different rows."""
    return int(min(len(np.unique(condition.table, axis=axis)) for axis in (0, 1)))


def finer(
    labels: Sequence[str], below: Callable[[str], list[tuple[str, ...]]]
) -> list[tuple[str, ...]]:
    """All ways to replace variables by those of which they are functions."""
    found: dict[tuple[str, ...], None] = {}
    for combination in product(*(below(label) for label in labels)):
        leaves = tuple(dict.fromkeys(leaf for part in combination for leaf in part))
        if len(leaves) <= MAX_SIDE:
            found[leaves] = None
    return list(found)
