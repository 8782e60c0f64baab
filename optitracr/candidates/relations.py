"""Relations over finer variables, and as conjunctions.

A selector over key and query variables is a relation over any variables of which those are
functions. Where it is a conjunction of conditions on one key variable and one query
variable each, a single head computes it: the bilinear forms of the conditions add up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from optitracr.candidates.tables import FunctionTables
from optitracr.constructions.conjunctions import Condition, Table, conjunction
from optitracr.graph.program import Input, Source
from optitracr.graph.relations import MAX_ENTRIES, Relation

MAX_SIDE = 3
"""Variables on one side of a relation: more seldom settle what another one is, and the number of
sides grows with this power."""


def over(
    relation: Relation, keys: tuple[str, ...], queries: tuple[str, ...], tables: FunctionTables
) -> Relation | None:
    """The same relation over variables of which its own are functions.

    Returns:
        None if its table would have more than MAX_ENTRIES entries.
    """
    sizes = [len(tables.nodes[leaf].value_set.values) + 1 for leaf in (*keys, *queries)]
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

    Args:
        relation: The relation.
        tables: Of the program.
        causal: Whether no query sees a later key, so that it does not matter which it selects.

    Returns:
        None if the relation is no such conjunction.
    """
    possible = _possible(relation, tables)
    if causal:
        possible = possible & _visible(relation, tables)
    return conjunction(relation.keys, relation.queries, relation.table, possible)


def _possible(relation: Relation, tables: FunctionTables) -> Table:
    """Which entries can occur: None only of variables that may be None."""
    possible = np.ones((1,) * relation.table.ndim, dtype=bool)
    for axis, leaf in enumerate((*relation.keys, *relation.queries)):
        size = relation.table.shape[axis]
        line = np.ones(size, dtype=bool)
        line[-1] = tables.nodes[leaf].value_set.may_be_none
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
