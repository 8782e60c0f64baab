"""Widths of selectors that are disjoint unions of two conjunctions.

A stable order compares first by one variable and then, among equals, by another; no head
adds up to such a selector from conditions on single variables. But what it selects are two
disjoint sets, each of which a head counts, and the width is the sum of the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from optitracr.candidates.cuts import enumerate_cuts
from optitracr.candidates.definitions import Definition, Extended, define, raw_variables
from optitracr.candidates.relations import conditions, over
from optitracr.candidates.tables import FunctionTables
from optitracr.constructions.conjunctions import Condition
from optitracr.graph.composites import Listed
from optitracr.graph.program import (
    CompoundSelector,
    Elementwise,
    Node,
    PairSelector,
    Selector,
    Width,
    unused,
)
from optitracr.graph.relations import Relation, relation_of
from optitracr.graph.rewrite import SHARE


def add_unions(program: Extended) -> Extended:
    """Defines widths as sums of two where their selectors are disjoint unions.

    Returns:
        The program with the new widths and definitions.
    """
    tables = FunctionTables.of(program.graph, program.values, program.definitions)
    cuts = enumerate_cuts(program.graph, tables)
    raw = raw_variables(program.graph)
    definitions = dict(program.definitions)
    values = dict(program.values)
    nodes: list[Node] = []
    known, taken = program.graph.by_label(), set(program.graph.by_label())
    split = {
        node.operation.operands[0]: node.label
        for node in program.graph.nodes
        if isinstance(node.operation, Elementwise)
        and len(node.operation.operands) == 1
        and known[node.operation.operands[0]].part == SHARE
        and known[node.operation.operands[0]].owner == node.label
    }
    for node in program.graph.nodes:
        if isinstance(node.operation, Width) and node.label in split:
            pair = _as_union(node.operation.selector, tables, cuts, raw)
            made = [
                replace(
                    node,
                    label=unused(f"{node.label}.{place}", taken),
                    operation=Width(selector),
                    part="",
                )
                for place, selector in enumerate(pair or ())
            ]
            taken.update(part.label for part in made)
            if made:
                values |= {part.label: values[node.label] for part in made}
                names = tuple(part.label for part in made)
                table = _sum_table(len(values[node.label].values))
                define(definitions, split[node.label], Definition(names, table))
            nodes += made
        nodes.append(node)
    return Extended(replace(program.graph, nodes=tuple(nodes)), values, definitions)


def _sum_table(size: int) -> np.ndarray:
    """The width for each pair of shares 1/(count + 1), which rise as counts fall."""
    counts = np.arange(size - 1, -1, -1)
    total = counts[:, None] + counts[None, :]
    return np.where(total < size, total, -1).astype(np.int32)


def _as_union(
    selector: Selector,
    tables: FunctionTables,
    cuts: dict[str, tuple[tuple[str, ...], ...]],
    raw: frozenset[str],
) -> tuple[Selector, Selector] | None:
    """Two selectors that select disjoint sets, together those of the given one."""
    relation = relation_of(selector, tables.values)
    sides = [
        [pair for label in side for pair in _pairs(label, cuts, raw)]
        for side in (relation.keys, relation.queries)
    ]
    if isinstance(selector, CompoundSelector):
        sides = [[relation.keys], [relation.queries]]
    for keys, queries in product(*sides):
        finer = over(relation, keys, queries, tables)
        if finer is None:
            continue
        if conditions(finer, tables) is not None:
            return None
        for whole, rest in _splits(finer):
            first, second = (conditions(part, tables) for part in (whole, rest))
            if first is not None and second is not None:
                return _selector(first, tables), _selector(second, tables)
    return None


def _pairs(
    label: str, cuts: dict[str, tuple[tuple[str, ...], ...]], raw: frozenset[str]
) -> list[tuple[str, ...]]:
    return [cut for cut in cuts.get(label, ()) if len(cut) == 2 and not raw.intersection(cut)]


def _splits(relation: Relation) -> Iterator[tuple[Relation, Relation]]:
    """What one condition on two variables selects whatever the others are; and the rest."""
    table, count = relation.table, len(relation.keys)
    for i, j in product(range(count), range(len(relation.queries))):
        rest = tuple(axis for axis in range(table.ndim) if axis not in (i, count + j))
        own = (i, count + j)
        values = tuple(slice(None) if a in own else slice(0, -1) for a in range(table.ndim))
        always = table[values].all(axis=rest, keepdims=True)
        if always.any():
            whole = np.broadcast_to(always, table.shape) & table
            yield replace(relation, table=whole), replace(relation, table=table & ~whole)


def _selector(found: tuple[Condition, ...], tables: FunctionTables) -> Selector:
    """The conjunction of conditions as a selector."""
    parts = tuple(_listed(condition, tables) for condition in found)
    return parts[0] if len(parts) == 1 else CompoundSelector("and", parts, "union")


def _listed(condition: Condition, tables: FunctionTables) -> PairSelector:
    keys, queries = (tables.values[x].values for x in (condition.key, condition.query))
    pairs = frozenset(
        (keys[k], queries[q]) for k, q in np.argwhere(condition.table[:-1, :-1]).tolist()
    )
    return PairSelector(condition.key, condition.query, Listed(pairs), "union")
