"""What selectors select, told by variables that are no functions of others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.facts import Facts
from optitracr.candidates.relations import over
from optitracr.graph.program import Selector, Share
from optitracr.graph.relations import LOOKED_AT, Relation

Mask = NDArray[np.bool_]
Leaves = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What a selector selects, by variables that are no functions of others.

    Attributes:
        keys: Variables of the key.
        queries: Variables of the query.
        holds: One axis for each, keys first; None last where a variable can be None.
    """

    keys: Leaves
    queries: Leaves
    holds: Mask


def without_idle(told: Told) -> Told:
    """The same without the variables that make no difference."""
    table = told.holds
    axes = [*((0, x) for x in told.keys), *((1, x) for x in told.queries)]
    for axis in reversed(range(table.ndim)):
        if (table == table.take([0], axis=axis)).all():
            table = np.asarray(table.take(0, axis=axis))
            del axes[axis]
    keys, queries = (tuple(x for own, x in axes if own == side) for side in (0, 1))
    return Told(keys, queries, table)


class Telling:
    """What is told of the selectors of a program.

    Attributes:
        facts: The program.
    """

    def __init__(self, facts: Facts) -> None:
        """Nothing is looked at yet."""
        self.facts = facts
        self._leaves: Leaves | None = None

    def told(self, selector: Selector) -> Told | None:
        """What a selector selects by leaves; None if that is too much to look at."""
        relation = self.facts.relation(selector)
        tables, leaves = self.facts.tables, self.leaves
        key = tables.leaves(relation.keys, leaves)
        query = tables.leaves(relation.queries, leaves)
        if any(self.facts.nodes[x].value_set.exploded for x in (*key, *query)):
            return None
        found = over(relation, key, query, tables)
        if found is None or found.entries() > LOOKED_AT:
            return None
        cut = tuple(slice(0, self.size(x)) for x in (*found.keys, *found.queries))
        return without_idle(Told(found.keys, found.queries, found.table()[cut]))

    @property
    def leaves(self) -> Leaves:
        """The variables that are no functions of others."""
        if self._leaves is None:
            tables = self.facts.tables
            self._leaves = tuple(x for x in self.facts.nodes if not tables.definitions(x))
        return self._leaves

    def is_count(self, label: str) -> bool:
        """Whether a variable is how many keys something selects, as its head writes it."""
        return isinstance(self.facts.operation(label), Share)

    def told_of(self, count: str) -> Told | None:
        """What is counted."""
        return self.told(self._selector_of(count))

    def relation_of(self, count: str) -> Relation:
        """The same as a relation."""
        return self.facts.relation(self._selector_of(count))

    def _selector_of(self, count: str) -> Selector:
        operation = self.facts.operation(count)
        assert isinstance(operation, Share), f"'{count}' counts nothing"
        return operation.selector

    def size(self, label: str) -> int:
        """Values of a variable, None among them if it can be None."""
        own = self.facts.nodes[label].value_set
        return len(own.values) + int(own.may_be_none)

    def counts_of(self, label: str) -> NDArray[np.int64] | None:
        """What a rank is for each value of a variable; None if it is none."""
        node = self.facts.nodes[label]
        if node.is_index:
            return np.arange(len(node.value_set.values))
        if not isinstance(node.operation, Share):
            return None
        return np.rint(1.0 / np.asarray(node.value_set.values)).astype(np.int64) - 1
