"""Counts of other positions as counts of all: whether a position selects itself, it knows.

To select all positions but one's own a head needs a column for each position but one. Who counts
the own one too needs none of them, and takes it off again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from optitracr.candidates.relations import conditions
from optitracr.candidates.tables import FunctionTables
from optitracr.candidates.unions import selector_of, share_of, widths
from optitracr.constructions.conjunctions import Condition
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Share
from optitracr.graph.relations import LOOKED_AT, Factor, relation_of
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.tabled import Definition, TabledNode, TabledProgram
from optitracr.graph.values import ValueSet

MOST_LEAVES = 2
"""Variables by which a position may know whether it selects itself: with the count they are what an
MLP reads, of three variables at most."""


@dataclass(frozen=True, slots=True)
class CountOthers(Pass):
    """Defines widths of selectors that leave out one's own position by those of all positions.

    The new head's output stands before the one that it is made for.
    """

    name = "counts of others"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program with the new counts and definitions."""
        definitions, names = program.definitions, program.names()
        tables, of_share = FunctionTables.of(program), widths(program)
        nodes: list[TabledNode] = []
        for node in program.nodes:
            label = of_share.get(node.label)
            if label is not None and isinstance(node.operation, Share):
                found = _all_but_own(program, node.operation, tables)
                if found is not None:
                    rest, own = found
                    name = names.fresh(f"{node.label}.all")
                    made = share_of(node, self.name, name, selector_of(rest))
                    made = _with_own(made, own, inputs.max_seq_len)
                    values = program.node(label).value_set.values
                    new = Definition((name, *own.keys), _less_own(made, own, values))
                    definitions = {**definitions, label: (*definitions.get(label, ()), new)}
                    nodes.append(made)
            nodes.append(node)
        return program.with_nodes(nodes).with_definitions(definitions)


def _all_but_own(
    program: TabledProgram, share: Share, tables: FunctionTables
) -> tuple[tuple[Condition, ...], Factor] | None:
    """The conditions beside that of not being oneself, and whether a position fulfils them itself.

    Returns:
        None if there are none, or if that takes too much to know.
    """
    known = program.by_label()
    relation = relation_of(share.selector)
    found = conditions(relation, tables)
    if found is None:
        return None
    rest = tuple(each for each in found if not _is_other(each, known[each.key].is_index))
    if len(rest) != len(found) - 1:
        return None
    if not rest:
        (other,) = found
        rest = (replace(other, table=np.pad(np.ones_like(other.table[:-1, :-1]), (0, 1))),)
    own = _own(rest)
    if own is None or any(known[x].value_set.may_be_none for x in own.keys):
        return None
    return rest, own


def _is_other(condition: Condition, is_index: bool) -> bool:
    """Whether a condition is fulfilled by every position but the query's."""
    table = condition.table[:-1, :-1]
    same = condition.key == condition.query and is_index
    return same and np.array_equal(table, ~np.eye(len(table), dtype=bool))


def _own(rest: Sequence[Condition]) -> Factor | None:
    """Whether a position fulfils conditions itself, by the variables on which that depends."""
    labels = tuple(dict.fromkeys(x for each in rest for x in (each.key, each.query)))
    sizes = {x: n for c in rest for x, n in zip((c.key, c.query), c.table.shape, strict=True)}
    if np.prod([sizes[x] for x in labels], dtype=float) > LOOKED_AT:
        return None
    place = np.indices([sizes[x] - 1 for x in labels])
    table = np.ones(place.shape[1:], dtype=bool)
    for each in rest:
        key, query = (place[labels.index(x)] for x in (each.key, each.query))
        table &= each.table[key, query]
    for axis in reversed(range(table.ndim)):
        if (table == table.take([0], axis=axis)).all():
            table = np.asarray(table.take(0, axis=axis))
            labels = (*labels[:axis], *labels[axis + 1 :])
    return Factor(labels, (), table) if len(labels) <= MOST_LEAVES else None


def _with_own(share: TabledNode, own: Factor, positions: int) -> TabledNode:
    """A head's output that counts a position itself, which is one more of so many as there are."""
    most = min(round(1.0 / share.value_set.values[0]) - 1 + int(own.table.any()), positions)
    shares = tuple(1.0 / (count + 1) for count in range(most, int(own.table.all()) - 1, -1))
    return replace(share, value_set=ValueSet(shares, False, shares))


def _less_own(share: TabledNode, own: Factor, values: Sequence[int]) -> np.ndarray:
    """The place of a width for each count of all, and what tells whether that has its own in it."""
    counts = np.rint(1.0 / np.asarray(share.value_set.values)).astype(np.intp) - 1
    left = counts.reshape(-1, *(1,) * own.table.ndim) - own.table[None]
    place = np.full(int(max(counts.max(), values[-1])) + 2, -1, dtype=np.int32)
    place[np.array(values, dtype=np.intp)] = np.arange(len(values))
    # The last one is for -1, which no count is.
    return np.asarray(place[left])
