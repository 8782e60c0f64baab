"""Selectors that turn out to select the first, the last or the best of some keys.

RASP says it by counting: the last earlier key that holds the same has a count of earlier ones that
is one less than the query's. Where a selector asks a key for its *rank*, a width or its index, it
selects one key: the first of some set if it asks for the least rank, and if it asks for the number
of those that a query counts, the last of these, or the first of the others. `constructions.ranks`
says when, and tables of what selectors select prove it: nothing rests on a sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.facts import Facts
from optitracr.candidates.told import Leaves, Telling, Told, without_idle
from optitracr.candidates.ways import Source
from optitracr.constructions.ranks import Mask, Order, is_beginning, numbers_of, orders, starts_at
from optitracr.graph.program import Elementwise, Input, Selector, Share
from optitracr.graph.relations import LOOKED_AT, Factor, Relation

MOST_PLACES = 600
"""Combinations of what keys hold beyond which ranks are not looked at: their square is as many as a
table that is looked at has, and is multiplied in a few milliseconds."""


@dataclass(frozen=True, slots=True, eq=False)
class BestKey:
    """The best of the keys that a relation selects.

    Attributes:
        relation: What selects them.
        label: A variable by whose number the best is told, before the index; "" if there is none.
        numbers: For each of its values; the largest is the best.
        by_index: 1.0 if of those alike in that the last is the best, -1.0 if the first is, and 0.0
            if any is.
    """

    relation: Relation
    label: str
    numbers: NDArray[np.float64]
    by_index: float


class BestKeys(Telling):
    """What is known of the selectors of a program, each looked at when it is first asked about.

    Attributes:
        facts: The program.
    """

    def __init__(self, facts: Facts) -> None:
        """Nothing is looked at yet."""
        super().__init__(facts)
        self._found: dict[object, BestKey | None] = {}

    def of(self, selector: Selector) -> BestKey | None:
        """The best key that a selector selects; None if it is not known to select such a one."""
        key = self.facts.selector_key(selector)
        if key not in self._found:
            self._found[key] = next(self._ways(selector), None)
        return self._found[key]

    def alike(self, selector: Selector, operand: str) -> BestKey | None:
        """A best key that holds of a variable what all keys do that a selector selects.

        It is any of those that no other beats, where what beats is an order of one variable's
        values, and that variable tells the other.

        Args:
            selector: The selector.
            operand: The variable.
        """
        if self.facts.setting.causal or not any(map(self.is_count, self.leaves)):
            return None
        own, tables = self.told(selector), self.facts.tables
        if own is None or own.queries or len(own.keys) != 1 or not self.is_count(own.keys[0]):
            return None
        counts, beats = self.counts_of(own.keys[0]), self.told_of(own.keys[0])
        if beats is None or counts is None or not np.array_equal(own.holds, counts == 0):
            return None
        if len(beats.keys) != 1 or beats.keys != beats.queries:
            return None
        if tables.leaves((operand,), self.leaves) != beats.keys:
            return None
        numbers = numbers_of(beats.holds, np.arange(len(beats.holds)))
        return None if numbers is None else BestKey(Relation.of(()), beats.keys[0], -numbers, 0.0)

    def held_at(self, selector: Selector, operand: str) -> Source | None:
        """An input that tells what a variable holds at each key that a selector selects.

        Args:
            selector: The selector.
            operand: The variable.

        Returns:
            The input, and for each of its values the place of the variable's, -1 for any that is
            never selected; None if no input does it.
        """
        own, tables = self.told(selector), self.facts.tables
        read = tables.leaves((operand,), self.leaves)
        if own is None or any(self.facts.nodes[x].value_set.exploded for x in read):
            return None
        keys = tuple(dict.fromkeys((*own.keys, *read)))
        sizes = [self.size(x) for x in keys]
        if np.prod(sizes, dtype=float) > LOOKED_AT:
            return None
        chosen = own.holds.any(axis=tuple(range(len(own.keys), own.holds.ndim)))
        chosen = chosen.reshape([*chosen.shape, *(1,) * (len(keys) - len(own.keys))])
        place = np.nonzero(np.broadcast_to(chosen, sizes))
        held = tables.with_none(operand, keys)[place]
        for label in keys:
            if isinstance(self.facts.operation(label), Input):
                codes = place[keys.index(label)]
                told = np.full(self.size(label), -1, dtype=np.int64)
                told[codes] = held
                if np.array_equal(told[codes], held):
                    return label, told
        return None

    def _ways(self, selector: Selector) -> Iterator[BestKey]:
        if not any(self.counts_of(x) is not None for x in self._below(selector)):
            return
        own = self.told(selector)
        index = next((x for x, node in self.facts.nodes.items() if node.is_index), None)
        if own is None or index is None:
            return
        for rank in own.keys:
            if self.counts_of(rank) is not None:
                asked = _Asked(self, own, rank, index)
                yield from asked.ways()

    def _below(self, selector: Selector) -> list[str]:
        """The leaves of a selector's keys."""
        return list(self.facts.tables.leaves(self.facts.relation(selector).keys, self.leaves))


class _Asked:
    """A selector that asks a key for a rank."""

    def __init__(self, best: BestKeys, own: Told, rank: str, index: str) -> None:
        self.best, self.own, self.rank, self.index = best, own, rank, index
        self.facts = best.facts

    def ways(self) -> Iterator[BestKey]:
        """The best key that it selects, in each way to see it."""
        counted = self._counted()
        if counted is None:
            return
        for count in (None, *(x for x in self.own.queries if self.best.is_count(x))):
            split = self._split(count)
            part = None if count is None else self.best.told_of(count)
            if split is None or (count is not None and part is None):
                continue
            members, difference = split
            further = () if part is None else part.keys
            places = self._places((*members.keys, *counted.keys, *counted.queries, *further))
            if places is not None:
                yield from self._in_orders(places, counted, members, part, difference, count)

    def _counted(self) -> Told | None:
        """Which keys ranks count."""
        if not self.facts.nodes[self.rank].is_index:
            return self.best.told_of(self.rank)
        size = self.best.size(self.index)
        earlier = np.triu(np.ones((size, size), dtype=bool), 1)
        return Told((self.index,), (self.index,), earlier)

    def _places(self, labels: Leaves) -> Leaves | None:
        """The variables of a key, its index among them; None if they have too many values."""
        found = tuple(dict.fromkeys((*labels, self.index)))
        return found if self._count(found) <= MOST_PLACES else None

    def _count(self, labels: Leaves) -> float:
        return float(np.prod([self.best.size(x) for x in labels], dtype=float))

    def _in_orders(
        self,
        keys: Leaves,
        counted: Told,
        members: Told,
        part: Told | None,
        difference: int,
        count: str | None,
    ) -> Iterator[BestKey]:
        """The best key in each order that ranks may be counted in.

        Args:
            keys: What keys are told by.
            counted: Which keys ranks count.
            members: Which keys are selected, if their rank is what is asked for.
            part: Which keys the query counts to which it compares the rank; None for a number.
            difference: By how much the rank that is asked for exceeds that count, or the number.
            count: What the query counts.
        """
        codes = self._codes(keys)
        index = codes[keys.index(self.index)]
        related = self._spread(counted, keys, keys)
        queries = tuple(dict.fromkeys((*members.queries, *(part.queries if part else ()))))
        if self._count(queries) > MOST_PLACES:
            return
        whole = self._spread(members, keys, queries)
        some = None if part is None else self._spread(part, keys, queries)
        for order in orders(related, codes, keys.index(self.index)):
            if self.facts.setting.causal and (order.axis is not None or order.by_index < 0):
                # A causal query does not see all that come before it in another order.
                continue
            start = starts_at(related, whole, order, index)
            if some is None and start == difference:
                yield from self._best(keys, order, self._relation(members), first=True)
            if some is None or start is None or difference != start - 1:
                continue
            if is_beginning(some, whole, order, index):
                assert count is not None, "a part is what a query counts"
                yield from self._best(keys, order, self.best.relation_of(count), first=False)

    def _codes(self, labels: Leaves) -> NDArray[np.int64]:
        """What each combination holds, [labels, combinations]."""
        sizes = [self.best.size(x) for x in labels]
        return np.indices(sizes, dtype=np.int64).reshape(len(sizes), int(np.prod(sizes)))

    def _spread(self, told: Told, keys: Leaves, queries: Leaves) -> Mask:
        """What is selected by combinations of more variables, [keys, queries]."""
        key, query = self._codes(keys), self._codes(queries)
        places = [key[keys.index(x)][:, None] for x in told.keys]
        places += [query[queries.index(x)][None, :] for x in told.queries]
        found = told.holds[tuple(places)] if places else told.holds
        return np.broadcast_to(found, (key.shape[1], query.shape[1]))

    def _split(self, count: str | None) -> tuple[Told, int] | None:
        """The selector without what it asks of the rank, and that.

        Args:
            count: The query's count to which it compares the rank; None for a number.

        Returns:
            Who is a member, and by how much the rank exceeds the count. None if it asks for
            anything else.
        """
        own = self.own
        keys = tuple(x for x in own.keys if x != self.rank)
        queries = tuple(x for x in own.queries if x != count)
        axes = (*own.keys, *(f"?{x}" for x in own.queries))
        last = [axes.index(self.rank), *([] if count is None else [axes.index(f"?{count}")])]
        rest = [axis for axis in range(len(axes)) if axis not in last]
        holds = own.holds.transpose([*rest, *last])
        ranks = self.best.counts_of(self.rank)
        counts = np.zeros(1, dtype=np.int64) if count is None else self.best.counts_of(count)
        assert ranks is not None, "it was asked before"
        assert counts is not None, "it was asked before"
        holds = holds.reshape(-1, len(ranks), len(counts))
        members = np.asarray(holds.any(axis=(1, 2)))
        if not members.any():
            return None
        _, rank, counted = (int(place[0]) for place in holds.nonzero())
        difference = int(ranks[rank] - counts[counted])
        equal = ranks[:, None] == counts + difference
        if not np.array_equal(holds, members[:, None, None] & equal):
            return None
        shape = [own.holds.shape[axis] for axis in rest]
        return Told(keys, queries, members.reshape(shape)), difference

    def _best(
        self, keys: Leaves, order: Order, relation: Relation | None, first: bool
    ) -> Iterator[BestKey]:
        """The first or the last of what is selected, in an order."""
        if relation is None:
            return
        sign = -1.0 if first else 1.0
        label = "" if order.axis is None else keys[order.axis]
        found = BestKey(relation, label, sign * order.ranks, sign * order.by_index)
        yield found if label else self._unbeaten(found)

    def _relation(self, told: Told) -> Relation | None:
        """The same as a relation, over variables that can be read."""
        told = without_idle(told)
        keys, queries, table = told.keys, told.queries, told.holds
        sides = [[self._readable(x) for x in side] for side in (keys, queries)]
        if any(x is None for side in sides for x in side):
            return None
        read = [x for side in sides for x in side if x is not None]
        for axis, (_, order) in enumerate(read):
            table = np.asarray(table.take(order, axis=axis))
        for axis, label in enumerate((*keys, *queries)):
            if not self.facts.nodes[label].value_set.may_be_none:
                table = np.insert(table, table.shape[axis], False, axis=axis)
        names = tuple(label for label, _ in read)
        return Relation.of([self._with_both(names[: len(keys)], names[len(keys) :], table)])

    def _with_both(self, keys: Leaves, queries: Leaves, table: Mask) -> Factor:
        """A factor with a key and a query: conditions of heads are on one of each."""
        every = np.ones(self.best.size(self.index) + 1, dtype=bool)
        if keys and not queries:
            return Factor(keys, (self.index,), table[..., None] & every)
        if queries and not keys:
            shape = (-1, *(1,) * table.ndim)
            return Factor((self.index,), queries, every.reshape(shape) & table)
        return Factor(keys, queries, table)

    def _readable(self, label: str) -> tuple[str, NDArray[np.intp]] | None:
        """A variable that heads can read by classes, and the value of this one for each of its."""
        own = self.facts.nodes[label]
        if not isinstance(own.operation, Share):
            return label, np.arange(self.best.size(label))
        for node in self.facts.nodes.values():
            operation, table = node.operation, node.table
            if not isinstance(operation, Elementwise) or operation.operands != (label,):
                continue
            if table is not None and np.array_equal(np.sort(table), np.arange(len(table))):
                return node.label, np.argsort(table)
        return None

    def _unbeaten(self, found: BestKey) -> BestKey:
        """The first or last of those that no key beats, as the best of all by what beats.

        It stays as it is if it is not of that kind.
        """
        relation = found.relation
        if self.facts.setting.causal or len(relation.factors) != 1:
            return found
        (factor,) = relation.factors
        if len(factor.keys) != 1 or factor.queries != (self.index,):
            return found
        beaten = self.facts.tables.leaves(factor.keys, self.best.leaves)
        if len(beaten) != 1 or not self.best.is_count(beaten[0]):
            return found
        counts = self.best.counts_of(beaten[0])
        assert counts is not None, "it is a count"
        codes = self.facts.tables.table(factor.keys[0], beaten)
        if (factor.table[codes] != np.equal(counts, 0)[:, None]).any():
            return found
        told = self.best.told_of(beaten[0])
        if told is None or told.keys != told.queries or len(told.keys) != 1:
            return found
        numbers = numbers_of(told.holds, np.arange(len(told.holds)))
        if numbers is None:
            return found
        return replace(found, relation=Relation.of(()), label=told.keys[0], numbers=-numbers)
