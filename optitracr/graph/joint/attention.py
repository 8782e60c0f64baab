"""The rows of what attention gives: means, copies and counts, beside what their queries hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.inputs import Inputs
from optitracr.graph.joint.given import UNKNOWN, Given, copies, counts, means
from optitracr.graph.joint.links import COUNT, LENGTH, Links, selects_all, widths_of
from optitracr.graph.joint.rows import NO_COLUMNS, Codes, Rows, distinct, joined
from optitracr.graph.joint.selections import (
    MAX_CASES,
    MAX_PAIRS,
    Selecting,
    conjuncts,
    count_cases,
    selecting,
)
from optitracr.graph.joint.sums import Sums
from optitracr.graph.program import Aggregate, Selector, Width
from optitracr.graph.rewrites.merging import selector_key
from optitracr.graph.selecting import always_selects, selects_at_most_one
from optitracr.graph.tabled import TabledNode

Together = Callable[[Sequence[str]], Rows | None]
"""The rows of some variables and their columns, at one position."""


@dataclass(frozen=True, slots=True, eq=False)
class Attended:
    """What attention gives for each query.

    Attributes:
        selecting: Queries and keys.
        given: The values.
    """

    selecting: Selecting
    given: Given


class Attention:
    """What the heads of a program give.

    Attributes:
        known: The variables.
        inputs: The inputs that matter.
        links: What columns say of each other.
        together: Asks for rows of what queries and keys hold.
        is_column: Whether a name is that of a column.
    """

    def __init__(
        self,
        known: Mapping[str, TabledNode],
        inputs: Inputs,
        links: Links,
        together: Together,
        is_column: Callable[[str], bool],
    ) -> None:
        """Nothing is looked at yet."""
        self.known, self.inputs, self.links = known, inputs, links
        self.together, self.is_column = together, is_column
        self._attended: dict[int, tuple[object, Attended | None]] = {}
        self._counts: dict[object, str] = {}

    # -- what is given ---------------------------------------------------------

    def attended(self, operation: Aggregate | Width, numerical: bool) -> Attended | None:
        """What an operation gives; None if there is too much to look at.

        Args:
            operation: An Aggregate or a width, with tables in place of predicates.
            numerical: Whether an Aggregate takes the mean of numbers; it copies otherwise.
        """
        key = id(operation)
        if key not in self._attended:
            self._attended[key] = operation, self._look(operation, numerical)
        return self._attended[key][1]

    def _look(self, operation: Aggregate | Width, numerical: bool) -> Attended | None:
        operand = operation.operand if isinstance(operation, Aggregate) else ""
        found = self._selecting(operation.selector, operand)
        if found is None:
            return None
        longest, causal = self.inputs.max_seq_len, self.inputs.causal
        one = selects_at_most_one(operation.selector, self.known)
        given: Given | None
        if isinstance(operation, Width):
            given = counts(found, one, longest, causal)
        elif not numerical:
            given = copies(found, operand, longest, causal)
        else:
            numbers = Sums(self.known[operand].value_set.values)
            given = means(found, operand, numbers, one, longest, causal) if numbers.fits else None
        return None if given is None else Attended(found, given)

    def _selecting(self, selector: Selector, operand: str) -> Selecting | None:
        """Queries and keys, with as much of what they are made of as fits."""
        parts, _ = conjuncts(selector)
        index = self.links.index
        for kept in (parts, []):
            sides = [dict.fromkeys(x.queries for x in kept), dict.fromkeys(x.keys for x in kept)]
            queries = self.together(tuple(sides[0]))
            held = tuple(dict.fromkeys((*sides[1], *filter(None, (operand,)))))
            keys = self.together(held)
            if queries is None or keys is None:
                continue
            keys = keys.project([x for x in keys.labels if x in held or x == index])
            for narrow in (False, True):
                own = queries.project(tuple(sides[0])) if narrow else queries
                found = selecting(selector, own, keys, kept, index)
                found = None if found is None else self._of_any_query(found)
                if found is not None and count_cases(found, self.inputs.max_seq_len) <= MAX_CASES:
                    return found
        return None

    def _of_any_query(self, found: Selecting) -> Selecting:
        """The same with one query for all where all select alike: its rows are then far fewer."""
        alike = len(found.holds) > 1 and bool((found.holds == found.holds[0]).all())
        if not alike or self.inputs.causal:
            return found
        return replace(found, queries=NO_COLUMNS, holds=found.holds[:1], own=None)

    # -- as rows ---------------------------------------------------------------

    def rows(self, node: TabledNode) -> Rows | None:
        """A head's variable beside the columns of its query; None if nothing is known."""
        operation = node.operation
        assert isinstance(operation, Aggregate | Width)
        if isinstance(operation, Width) and selects_all(node, self.known):
            return self._every(node)
        if isinstance(operation, Aggregate) and self._may_take_none(operation, node):
            return None
        found = self.attended(operation, node.is_numerical)
        if found is None:
            return None
        values, beside = found.given.table()
        codes = self._codes(node, operation, values)
        if codes is None:
            return None
        if isinstance(operation, Aggregate):
            empty = self.empty(operation, found.given)
            codes = np.concatenate([codes, np.full(len(empty), _default(node, operation))])
            beside = np.concatenate([beside, np.pad(empty, ((0, 0), (0, 1)))])
        return self._beside(node, codes, beside, found.selecting.queries)

    def empty(self, operation: Aggregate, given: Given) -> Codes:
        """The queries that may select nothing, and what they see, [n, 2]."""
        never = not given.empty or always_selects(operation.selector, self.known)
        return np.array([] if never else given.empty, dtype=np.int32).reshape(-1, 2)

    def _every(self, node: TabledNode) -> Rows:
        """A width of everything: how many positions a query sees."""
        widths = widths_of(node)
        own = np.flatnonzero(widths > 0).astype(np.int32)
        return Rows((node.label, LENGTH), np.stack([own, widths[own].astype(np.int32)], axis=1))

    def _may_take_none(self, operation: Aggregate, node: TabledNode) -> bool:
        """Whether it may be None since what it takes the mean of is."""
        of_none = self.known[operation.operand].value_set.may_be_none
        return of_none and node.is_numerical and not operation.skips_none

    def _codes(
        self, node: TabledNode, operation: Aggregate | Width, values: NDArray[np.float64]
    ) -> Codes | None:
        """The codes of what is given; None if some of it is not among the variable's values."""
        if isinstance(operation, Aggregate) and not node.is_numerical:
            own = {value: i for i, value in enumerate(node.value_set.values)}
            told = [own.get(x, UNKNOWN) for x in self.known[operation.operand].value_set.values]
            codes = np.array([*told, -1], dtype=np.int32)[values.astype(np.int64)]
        else:
            held = widths_of(node) if isinstance(operation, Width) else _floats(node)
            order = np.argsort(held, kind="stable")
            place = np.searchsorted(held[order], values).clip(0, max(len(held) - 1, 0))
            if not len(held):
                return None
            found = order[place]
            codes = np.where(held[found] == values, found, UNKNOWN).astype(np.int32)
        return None if (codes == UNKNOWN).any() else codes

    def _beside(self, node: TabledNode, own: Codes, beside: Codes, queries: Rows) -> Rows:
        """Codes beside the columns of their queries, what these see and how many they select."""
        columns = [x for x in queries.labels if self.is_column(x)]
        told = {x: queries.column(x)[beside[:, 0]] for x in columns}
        told.setdefault(LENGTH, beside[:, 1])
        told[self._count(node)] = beside[:, 2]
        told = {x: held for x, held in told.items() if not (held == UNKNOWN).any()}
        codes = np.column_stack([own, *told.values()]).astype(np.int32)
        rows = Rows((node.label, *told), distinct(codes))
        return self._without_idle(rows)

    def _without_idle(self, rows: Rows) -> Rows:
        """The rows without the columns that say nothing of the variable, which is the first."""
        for label in reversed(rows.labels[1:]):
            rest = rows.without([label])
            alone = Rows((label,), np.unique(rows.column(label))[:, None])
            whole = joined(rest, alone, MAX_PAIRS)
            if whole is not None and len(self.links.kept(whole)) == len(rows):
                rows = rest
        return rows

    def _count(self, node: TabledNode) -> str:
        assert isinstance(node.operation, Aggregate | Width)
        key = selector_key(node.operation.selector)
        return self._counts.setdefault(key, f"{COUNT}{len(self._counts)}")


def _default(node: TabledNode, operation: Aggregate) -> int:
    """The code of what is given where nothing is selected."""
    return -1 if operation.default is None else node.value_set.values.index(operation.default)


def _floats(node: TabledNode) -> NDArray[np.float64]:
    """A number's values."""
    return np.array(node.value_set.values, dtype=np.float64)
