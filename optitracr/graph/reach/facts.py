"""What is known of a program before a question is asked: value sets and tables, as codes.

The code of a value is its place in the variable's value set; the code one past the last stands
for None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.filling import padded
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import (
    Aggregate,
    Elementwise,
    PairSelector,
    ProgramGraph,
    holds_of,
    operation_reads,
)
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.tabled import TabledNode, TabledProgram

Codes = NDArray[np.int64]

MAX_PAIRS = 4_000_000
"""Entries of one predicate's table beyond which what it selects is left open: four times what keys
and queries of 4 tokens by 256 positions have, all of which a question looks at."""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """A program as a question sees it.

    Attributes:
        nodes: The program's nodes by label, of at least all that the question reads.
        expressions: The author's s-ops by label.
        program: The s-op that is compiled.
        inputs: The inputs that matter.
        copies: Aggregates that are known to give the value of each position they select.
    """

    nodes: Mapping[str, TabledNode]
    expressions: Mapping[str, Any]
    program: Any
    inputs: Inputs
    copies: frozenset[str] = frozenset()
    _telling: dict[str, bool] = field(default_factory=dict)
    _pairs: dict[int, tuple[PairSelector, NDArray[np.bool_] | None]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        written: ProgramGraph,
        program: TabledProgram,
        inputs: Inputs,
        copies: frozenset[str] = frozenset(),
    ) -> Facts:
        """The facts of a program, as it was written and tabled."""
        known = dict(written.expressions)
        output = known[program.output]
        return cls(program.by_label(), known, output, inputs, copies)

    @property
    def tokens(self) -> str | None:
        """The label of the tokens; None if the program does not read them."""
        return next((label for label, node in self.nodes.items() if node.is_token), None)

    def ancestors(self, label: str) -> list[str]:
        """A variable and all that it is made of, operands first."""
        found = {label}
        for node in reversed(list(self.nodes.values())):
            if node.label in found:
                found.update(operation_reads(node.operation))
        return [name for name in self.nodes if name in found]

    def table(self, label: str) -> Codes | None:
        """The code of a function's result for each combination of its operands' codes.

        None if it is not listed; codes of None are left out where an operand cannot be None.
        """
        operation, own = self.nodes[label].operation, self.nodes[label].value_set
        assert isinstance(operation, Elementwise)
        if own.table is None or not all(map(self.is_listed, operation.operands)):
            return None
        full = np.full([n + 1 for n in own.table.shape], self.none(label), dtype=np.int64)
        inner = tuple(slice(0, n) for n in own.table.shape)
        full[inner] = np.where(own.table < 0, self.none(label), own.table)
        return full[tuple(self.held(operand) for operand in operation.operands)]

    def held(self, label: str) -> slice:
        """The codes that a variable can have."""
        return (
            slice(None) if self.nodes[label].value_set.may_be_none else slice(0, self.none(label))
        )

    def size(self, label: str) -> int:
        """Codes of a variable."""
        return self.none(label) + 1 if self.is_listed(label) else 1

    def entries(self, label: str) -> int:
        """Entries of a variable's table; 1 if it has none."""
        table = self.nodes[label].table if label in self.nodes else None
        return 1 if table is None else table.size

    def is_listed(self, label: str) -> bool:
        """Whether the values of a variable are listed."""
        return label in self.nodes and not self.nodes[label].value_set.exploded

    def none(self, label: str) -> int:
        """The code of None."""
        return len(self.nodes[label].value_set.values)

    def pairs(self, selector: PairSelector) -> NDArray[np.bool_] | None:
        """[key code, query code], whether the pair is selected; None if that is not known.

        Codes of None are left out where a variable cannot be None.
        """
        if id(selector) not in self._pairs:
            self._pairs[id(selector)] = (selector, self._table(selector))
        return self._pairs[id(selector)][1]

    def _table(self, selector: PairSelector) -> NDArray[np.bool_] | None:
        if not (self.is_listed(selector.keys) and self.is_listed(selector.queries)):
            return None
        if (self.none(selector.keys) + 1) * (self.none(selector.queries) + 1) > MAX_PAIRS:
            return None
        table = padded(holds_of(selector), False)
        return table[self.held(selector.keys), self.held(selector.queries)]

    def tells_index(self, label: str, axis: int) -> bool:
        """Whether a function differs at any two values of an operand, whatever the others are."""
        table = self.table(label)
        if table is None or self.nodes[label].value_set.may_be_none:
            return False
        ordered = np.sort(table, axis=axis)
        return bool((np.diff(ordered, axis=axis) > 0).all())

    def ignores_query(self, selector: PairSelector) -> bool:
        """Whether a selector selects the same keys whatever its query is."""
        table = self.pairs(selector)
        return table is not None and bool((table == table[:, :1]).all())

    def copied(self, label: str) -> Codes:
        """For each code of an Aggregate's operand its code in the Aggregate's own set.

        -1 where the set does not hold it, as for values that are no numbers under a mean.
        """
        operation = self.nodes[label].operation
        assert isinstance(operation, Aggregate)
        place = {value: i for i, value in enumerate(self.nodes[label].value_set.values)}
        own = [place.get(value, -1) for value in self.nodes[operation.operand].value_set.values]
        return np.array([*own, self.none(label)], dtype=np.int64)

    def default(self, label: str) -> int:
        """The code of an Aggregate's default."""
        operation = self.nodes[label].operation
        assert isinstance(operation, Aggregate)
        if operation.default is None:
            return self.none(label)
        return self.nodes[label].value_set.values.index(operation.default)

    def tells_position(self, label: str) -> bool:
        """Whether a function of the index differs at any two positions, and is never None."""
        if label not in self._telling:
            self._telling[label] = self._tells_position(label)
        return self._telling[label]

    def _tells_position(self, label: str) -> bool:
        operation = self.nodes[label].operation
        if not isinstance(operation, Elementwise) or self.nodes[label].value_set.may_be_none:
            return False
        table = self.table(label)
        axes = [i for i, operand in enumerate(operation.operands) if self.nodes[operand].is_index]
        if table is None or not axes:
            return False
        # Each value must come from one index alone.
        by_index = np.moveaxis(table, axes[0], 0).reshape(table.shape[axes[0]], -1)
        distinct = sum(len(np.unique(row)) for row in by_index)
        return distinct == len(np.unique(by_index))

    def is_copy(self, label: str) -> bool:
        """Whether an Aggregate gives the value of each position that it selects."""
        operation = self.nodes[label].operation
        if label in self.copies or not isinstance(operation, Aggregate):
            return label in self.copies
        return selects_at_most_one(operation.selector, self.nodes)
