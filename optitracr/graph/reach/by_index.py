"""What variables can be, and what selectors say, by the indices of positions alone.

Read off tables, operands first, in the causal reading: a function of the index has the results of
that index; a mean over earlier positions lies between the least and the largest value that these
hold, and a width is no more than the keys that may be selected. All of it is a superset of what
occurs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.joint.links import widths_of
from optitracr.graph.program import (
    Aggregate,
    Best,
    CompoundSelector,
    Elementwise,
    PairSelector,
    Selector,
    Width,
    fold_selector,
)
from optitracr.graph.reach.facts import Facts

if TYPE_CHECKING:
    from jaxtyping import Bool

Mask = NDArray[np.bool_]

MAX_WORK = 1 << 20
"""Entries that one table and the indices may have together, looked at in some milliseconds; of what
is larger nothing is known here."""


@dataclass(frozen=True, slots=True)
class Says:
    """What a selector says of pairs of positions, by their indices or the same of all.

    Attributes:
        may: Whether it may select the key.
        must: Whether it does so on every input that has both positions.
    """

    may: Bool[Mask, "keys queries"]
    must: Bool[Mask, "keys queries"]


UNKNOWN = Says(np.ones((1, 1), dtype=bool), np.zeros((1, 1), dtype=bool))
"""What is said of a selector of which nothing is known."""


@dataclass(frozen=True, slots=True)
class ByIndex:
    """A program by the indices of positions.

    Attributes:
        facts: The program, as its causal reading was tabled.
    """

    facts: Facts
    _held: dict[str, Mask | None] = field(default_factory=dict)
    _says: dict[int, tuple[Selector, Says]] = field(default_factory=dict)

    def may_select_later(self, selector: Selector) -> bool:
        """Whether a query that saw them might select a key with a larger index."""
        longest = self.facts.inputs.max_seq_len
        if longest**2 > MAX_WORK:
            return True
        return bool((self.says(selector).may & np.tri(longest, k=-1, dtype=bool)).any())

    def says(self, selector: Selector) -> Says:
        """What a selector says of pairs of indices, seen or not."""
        if id(selector) not in self._says:
            found: Says = fold_selector(selector, self._pair, _compound)
            self._says[id(selector)] = selector, found
        return self._says[id(selector)][1]

    def _pair(self, selector: PairSelector) -> Says:
        table = self.facts.pairs(selector)
        keys, queries = (self.held(label) for label in (selector.keys, selector.queries))
        if table is None or keys is None or queries is None:
            return UNKNOWN
        if max(len(keys), len(queries)) * table.size > MAX_WORK:
            return UNKNOWN
        selected, passed = (_product(_product(keys, pairs), queries.T) for pairs in (table, ~table))
        return Says(selected, ~passed)

    def held(self, label: str) -> Mask | None:
        """[index or one for all, code], whether a variable may have it; None if not listed."""
        for name in self.facts.ancestors(label):
            if name not in self._held:
                self._held[name] = self._found(name) if self.facts.is_listed(name) else None
        return self._held[label]

    def _found(self, label: str) -> Mask:
        facts = self.facts
        node, found = facts.nodes[label], None
        if node.is_index:
            return np.eye(facts.inputs.max_seq_len, dtype=bool)
        if isinstance(node.operation, Elementwise):
            found = self._function(label, node.operation)
        elif facts.inputs.max_seq_len * max(facts.size(label), facts.inputs.max_seq_len) > MAX_WORK:
            found = None
        elif isinstance(node.operation, Width):
            found = self._width(label, node.operation)
        elif isinstance(node.operation, Aggregate):
            found = self._aggregate(label, node.operation)
        elif isinstance(node.operation, Best):
            found = self._best(node.operation)
        every = np.ones((1, facts.size(label)), dtype=bool) if found is None else found
        return every[:, facts.held(label)]

    def _function(self, label: str, operation: Elementwise) -> Mask | None:
        """The results of a function over what its operands may be at each index."""
        table, operands = self.facts.table(label), [self._held[x] for x in operation.operands]
        known = [held for held in operands if held is not None]
        if table is None or len(known) < len(operands) or all(len(held) == 1 for held in known):
            return None
        count = max(len(held) for held in known)
        if count * table.size > MAX_WORK:
            return None
        combinations = np.broadcast_to(reduce(_both, known), (count, table.size))
        codes = table.ravel()
        order = np.argsort(codes, kind="stable")
        results, first = np.unique(codes[order], return_index=True)
        found = np.zeros((count, self.facts.size(label)), dtype=bool)
        found[:, results] = np.logical_or.reduceat(combinations[:, order], first, axis=1)
        return found

    def _width(self, label: str, operation: Width) -> Mask:
        """The counts between the keys that must be selected and those that may be."""
        says = self.says(operation.selector)
        least, most = (self._seen(x).sum(axis=0)[:, None] for x in (says.must, says.may))
        counts = widths_of(self.facts.nodes[label])
        found = np.zeros((len(least), self.facts.size(label)), dtype=bool)
        found[:, : len(counts)] = (least <= counts) & (counts <= most)
        return found

    def _best(self, operation: Best) -> Mask:
        """The index of a key that may be selected, or None."""
        may = self._seen(self.says(operation.selector).may)
        return np.pad(may.T, ((0, 0), (0, 1)), constant_values=True)

    def _aggregate(self, label: str, operation: Aggregate) -> Mask | None:
        """The numbers between the least and the largest that may be selected, and the default."""
        facts = self.facts
        held, may = self._held[operation.operand], self._seen(self.says(operation.selector).may)
        operand, own = (_numbers(facts, name) for name in (operation.operand, label))
        if held is None or operand is None or own is None or len(may) * held.shape[1] > MAX_WORK:
            return None
        selected = _product(may.T, np.broadcast_to(held, (len(may), held.shape[1])))
        chosen = selected[:, : len(operand)]
        least = np.where(chosen, operand, np.inf).min(axis=1, initial=np.inf)[:, None]
        most = np.where(chosen, operand, -np.inf).max(axis=1, initial=-np.inf)[:, None]
        found = np.ones((len(may), facts.size(label)), dtype=bool)
        found[:, : len(own)] = ~((own < least) | (own > most))
        if operation.default in facts.nodes[label].value_set.values:
            found[:, facts.default(label)] = True
        return found

    def _seen(self, pairs: Mask) -> Mask:
        """[key index, query index], of the pairs of which the query sees the key."""
        longest = self.facts.inputs.max_seq_len
        seen: Mask = pairs & np.tri(longest, dtype=bool).T
        return seen


def _numbers(facts: Facts, label: str) -> NDArray[np.float64] | None:
    """The values of a variable; None if some are no numbers, or none that a float can hold."""
    values = facts.nodes[label].value_set.values
    if not all(isinstance(value, int | float) for value in values):
        return None
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError:
        return None


def _product(first: Mask, second: Mask) -> Mask:
    """Whether some middle one is in both: the product of two relations."""
    positive: Mask = (first.astype(np.float32) @ second.astype(np.float32)) > 0
    return positive


def _both(first: Mask, second: Mask) -> Mask:
    """[index, combinations], the values of the second varying fastest."""
    pairs: Mask = first[:, :, None] & second[:, None, :]
    return pairs.reshape(len(pairs), -1)


def _compound(compound: CompoundSelector, parts: tuple[Says, ...]) -> Says:
    if compound.operator == "not":
        return Says(~parts[0].must, ~parts[0].may)
    joined = np.logical_and if compound.operator == "and" else np.logical_or
    return Says(
        reduce(joined, [part.may for part in parts]),
        reduce(joined, [part.must for part in parts]),
    )
