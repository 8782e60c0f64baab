"""Relations over finer variables, and as conjunctions.

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
from optitracr.graph.program import Input, Source
from optitracr.graph.relations import MAX_ENTRIES, Relation

Table = NDArray[np.bool_]

MAX_SIDE = 3
"""Variables on one side of a relation."""


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


def conditions(
    relation: Relation, tables: FunctionTables, causal: bool = False
) -> tuple[Condition, ...] | None:
    """The conditions on pairs of variables whose conjunction the relation is.

    Each is the projection of the relation, hence the strictest that could be meant; those
    that the others imply are left out.

    Args:
        relation: The relation.
        tables: Of the program.
        causal: Whether no query sees a later key, so that it does not matter which it selects.

    Returns:
        None if the relation is no such conjunction.
    """
    possible, table = _possible(relation, tables), relation.table
    if causal:
        possible = possible & _visible(relation, tables)
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


def _visible(relation: Relation, tables: FunctionTables) -> Table:
    """Where the key is not after the query, as far as the relation knows of their indices."""
    count = len(relation.keys)
    visible = np.ones((1,) * relation.table.ndim, dtype=bool)
    for (i, key), (j, query) in product(enumerate(relation.keys), enumerate(relation.queries)):
        operation = tables.nodes[key].operation
        indices = isinstance(operation, Input) and operation.source is Source.INDICES
        if key == query and indices:
            rows, columns = relation.table.shape[i], relation.table.shape[count + j]
            shape = [1] * relation.table.ndim
            shape[i], shape[count + j] = rows, columns
            seen = np.arange(rows)[:, None] <= np.arange(columns)[None, :]
            visible = visible & seen.reshape(shape)
    return visible


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
