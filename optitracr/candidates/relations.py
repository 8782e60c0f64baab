"""Relations over finer variables, and as conjunctions.

A selector over key and query variables is a relation over any variables of which those are
functions. Where it is a conjunction of conditions on one key variable and one query
variable each, a single head computes it: the bilinear forms of the conditions add up. Parts
that share no variable are such conjunctions each by itself, so that no table is larger than
the largest of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from optitracr.candidates.tables import FunctionTables
from optitracr.constructions.conjunctions import Condition, Table, conjunction
from optitracr.graph.relations import LOOKED_AT, Factor, Relation, axes_of, merged

MAX_SIDE = 3
"""Variables on one side of a relation: more seldom settle what another one is, and the number of
sides grows with this power."""


def over(
    relation: Relation, keys: tuple[str, ...], queries: tuple[str, ...], tables: FunctionTables
) -> Relation | None:
    """The same relation over variables of which its own are functions.

    Returns:
        None if the table of a factor would have more than LOOKED_AT entries.
    """
    found = []
    for factor in relation.factors:
        finer = _factor_over(factor, keys, queries, tables)
        if finer is None:
            return None
        found.append(finer)
    return Relation.of(merged(found))


def _factor_over(
    factor: Factor, keys: tuple[str, ...], queries: tuple[str, ...], tables: FunctionTables
) -> Factor | None:
    """A factor over those variables of which its own are functions; None if it is too large."""
    if set(factor.keys).issubset(keys) and set(factor.queries).issubset(queries):
        return factor
    keys, queries = tables.leaves(factor.keys, keys), tables.leaves(factor.queries, queries)
    sizes = [len(tables.nodes[leaf].value_set.values) + 1 for leaf in (*keys, *queries)]
    if np.prod(sizes, dtype=np.float64) > LOOKED_AT:
        return None
    index = []
    for label in factor.keys:
        codes = tables.with_none(label, keys)
        index.append(codes.reshape(codes.shape + (1,) * len(queries)))
    for label in factor.queries:
        codes = tables.with_none(label, queries)
        index.append(codes.reshape((1,) * len(keys) + codes.shape))
    table = factor.table[tuple(index)]
    return Factor(keys, queries, np.broadcast_to(table, sizes))


def conditions(
    relation: Relation, tables: FunctionTables, causal: bool = False
) -> tuple[Condition, ...] | None:
    """The conditions on pairs of variables whose conjunction the relation is.

    Parts of the relation that share no variable are looked at one by one, and so are the factors
    of a part that is too large.

    Args:
        relation: The relation.
        tables: Of the program.
        causal: Whether no query sees a later key, so that it does not matter which it selects.

    Returns:
        None if the relation is no such conjunction, or not known to be one.
    """
    found: list[Condition] = []
    for part in relation.parts():
        small = part.entries() <= LOOKED_AT
        for whole in [part] if small else [Relation.of([factor]) for factor in part.factors]:
            own = _conditions(whole, tables, causal)
            if own is None:
                return None
            found += own
    return _merged(found)


def _conditions(
    relation: Relation, tables: FunctionTables, causal: bool
) -> tuple[Condition, ...] | None:
    """The conditions of a relation as one table."""
    keys, queries, table = relation.keys, relation.queries, relation.table()
    if len(keys) == len(queries) == 1 and table.size > LOOKED_AT:
        return (Condition(keys[0], queries[0], table),)
    if table.size > LOOKED_AT:
        return None
    possible = _possible(relation, tables)
    if causal:
        possible = possible & _visible(relation, tables)
    return conjunction(keys, queries, table, possible)


def excludes(first: Relation, second: Relation) -> bool:
    """Whether no key is selected by both of two relations; False if not known."""
    return Relation.of(merged((*first.factors, *second.factors))).is_empty()


def _merged(found: Sequence[Condition]) -> tuple[Condition, ...]:
    """Conditions on the same key and query as one."""
    made: dict[tuple[str, str], Condition] = {}
    for each in found:
        pair = (each.key, each.query)
        table = made[pair].table & each.table if pair in made else each.table
        made[pair] = Condition(*pair, table)
    return tuple(made.values())


def _possible(relation: Relation, tables: FunctionTables) -> Table:
    """Which entries can occur: None only of variables that may be None."""
    axes = axes_of(relation.keys, relation.queries)
    possible = np.ones((1,) * len(axes), dtype=bool)
    for axis, (_, leaf) in enumerate(axes):
        line = np.ones(_size(tables, leaf), dtype=bool)
        line[-1] = tables.nodes[leaf].value_set.may_be_none
        shape = [1] * len(axes)
        shape[axis] = line.size
        possible = possible & line.reshape(shape)
    return possible


def _size(tables: FunctionTables, label: str) -> int:
    """Values of a variable, None among them whether it can be None or not."""
    return len(tables.nodes[label].value_set.values) + 1


def _visible(relation: Relation, tables: FunctionTables) -> Table:
    """Where the key is not after the query, as far as the relation knows of their indices."""
    count, axes = len(relation.keys), len(relation.keys) + len(relation.queries)
    visible = np.ones((1,) * axes, dtype=bool)
    for (i, key), (j, query) in product(enumerate(relation.keys), enumerate(relation.queries)):
        if key == query and tables.nodes[key].is_index:
            rows = columns = _size(tables, key)
            shape = [1] * axes
            shape[i], shape[count + j] = rows, columns
            seen = np.arange(rows)[:, None] <= np.arange(columns)[None, :]
            visible = visible & seen.reshape(shape)
    return visible


def finer(
    labels: Sequence[str], below: Callable[[str], list[tuple[str, ...]]]
) -> list[tuple[str, ...]]:
    """Ways to replace variables by those of which they are functions.

    The first of all ways is among them, whatever it takes, and of the others those by at most
    MAX_SIDE variables.
    """
    found: dict[tuple[str, ...], None] = {}
    for place, combination in enumerate(product(*(below(label) for label in labels))):
        leaves = tuple(dict.fromkeys(leaf for part in combination for leaf in part))
        if place == 0 or len(leaves) <= MAX_SIDE:
            found[leaves] = None
    return list(found)
