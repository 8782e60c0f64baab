"""Which values of some variables occur together at one position.

Each variable is traced back to what it is a function of, its *columns*: inputs, means and widths,
and for these in turn what their queries are made of, as far as that says something. So a mean
over a prefix stands beside the index, and two functions of one token beside that token. What
this comes to is a superset of what occurs: columns are left out where there are too many rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from optitracr.filling import padded
from optitracr.graph.inputs import Inputs
from optitracr.graph.joint.attention import Attention
from optitracr.graph.joint.links import LENGTH, Links
from optitracr.graph.joint.rows import NO_COLUMNS, Codes, Rows, distinct, joined, one_column
from optitracr.graph.program import Best, Elementwise, Input, operation_reads, selector_reads
from optitracr.graph.tabled import TabledNode, TabledProgram

MAX_ROWS = 50_000
"""Rows that are kept of one variable, and looked at for two: joined in some milliseconds, and there
may be a thousand variables."""


class JointValues:
    """What is known of the values of a program's variables.

    Attributes:
        known: The variables, operands before what reads them; may grow.
        inputs: The inputs that matter.
    """

    def __init__(self, known: Mapping[str, TabledNode], inputs: Inputs) -> None:
        """Nothing is looked at yet."""
        self.known, self.inputs = known, inputs
        self.links = Links(known, inputs)
        self.attention = Attention(known, inputs, self.links, self.together, self.is_column)
        self._of: dict[str, Rows | None] = {}
        self._below: dict[str, int] = {}
        self._bits: dict[str, int] = {}
        self._opaque: set[str] = set()

    @classmethod
    def of_program(cls, program: TabledProgram, inputs: Inputs) -> JointValues:
        """What is known of a program, made once: who asks next finds what was looked at."""
        if (cls, inputs) not in program.remembered:
            program.remembered[cls, inputs] = cls(program.by_label(), inputs)
        known = program.remembered[cls, inputs]
        assert isinstance(known, JointValues)
        return known

    def forget(self, label: str) -> None:
        """Forgets a variable that nothing reads."""
        self._of.pop(label, None)
        self._below.pop(label, None)
        self._opaque.discard(label)

    def rows(self, labels: Sequence[str]) -> Codes | None:
        """The combinations of values that may occur, [rows, labels]; -1 is None.

        None if nothing is known but each variable's own values.
        """
        return self.listed(labels) if self._related(tuple(dict.fromkeys(labels))) else None

    def listed(self, labels: Sequence[str]) -> Codes | None:
        """The same rows, of a single variable or of unrelated ones too; None if too many."""
        each = tuple(dict.fromkeys(labels))
        found = self.together(each)
        return None if found is None else found.project(each).columns(labels)

    def apart(self, key: str, query: str) -> Codes | None:
        """The pairs of values that a key and a query that sees it may hold, [rows, 2].

        None if nothing is known but each variable's own values.
        """
        key_rows, query_rows = self.of(key), self.of(query)
        if key_rows is None or query_rows is None:
            return None
        keys, queries = self.links.told(key_rows, key), self.links.told(query_rows, query)
        if len(keys) * len(queries) > MAX_ROWS:
            return None
        seen = self.links.seen(keys, queries)
        first, second = np.nonzero(seen)
        pairs = [keys.column(key)[first], queries.column(query)[second]]
        return distinct(np.stack(pairs, axis=1))

    def _related(self, labels: Sequence[str]) -> bool:
        """Whether some variables may have anything in common."""
        seen = 0
        for label in labels:
            below = self._ancestors(label)
            if seen & below:
                return True
            seen |= below
        return self.links.relate(x for x, bit in self._bits.items() if seen & bit)

    def _ancestors(self, label: str) -> int:
        """What a variable is a function of at its own position, as bits."""
        stack = [label]
        while stack:
            one = stack[-1]
            reads = self._beside(one)
            missing = [x for x in reads if x not in self._below]
            stack += missing
            if not missing:
                if one not in self._below:
                    found = self._bits.setdefault(one, 1 << len(self._bits))
                    for other in reads:
                        found |= self._below[other]
                    self._below[one] = found
                stack.pop()
        return self._below[label]

    def _beside(self, label: str) -> tuple[str, ...]:
        """What an operation reads at the position that it writes."""
        operation = self.known[label].operation
        if isinstance(operation, Input | Elementwise):
            return operation_reads(operation)
        return selector_reads(operation.selector)[1::2]

    def is_column(self, label: str) -> bool:
        """Whether a name is that of a column: of what is no function of others."""
        node = self.known.get(label)
        return node is None or not isinstance(node.operation, Elementwise) or label in self._opaque

    def together(self, labels: Sequence[str]) -> Rows | None:
        """The rows of some variables and their columns; None if not known or too many."""
        found: list[Rows] = []
        for label in labels:
            one = self.of(label)
            if one is None:
                return None
            found.append(one)
        whole = self._joined(found)
        return whole if whole is not None else self._joined(self._needed(found, labels))

    def _joined(self, parts: Sequence[Rows]) -> Rows | None:
        whole: Rows | None = NO_COLUMNS
        for part in parts:
            whole = None if whole is None else joined(whole, part, MAX_ROWS)
            whole = None if whole is None else self.links.kept(whole)
        return whole

    def _needed(self, parts: Sequence[Rows], labels: Sequence[str]) -> list[Rows]:
        """The rows without the columns that stand in one of them alone."""
        count: dict[str, int] = {}
        for part in parts:
            for label in part.labels:
                count[label] = count.get(label, 0) + 1
        common = {label for label, times in count.items() if times > 1}
        kept = {*labels, *common, LENGTH, self.links.index}
        return [part.project([x for x in part.labels if x in kept]) for part in parts]

    def of(self, label: str) -> Rows | None:
        """The rows of a variable and its columns; None if its values are not listed."""
        stack = [label]
        while stack:
            one = stack[-1]
            missing = [x for x in self._first(one) if x not in self._of]
            stack += missing
            if not missing:
                if one not in self._of:
                    self._of[one] = self._made(one)
                stack.pop()
        return self._of[label]

    def _first(self, label: str) -> tuple[str, ...]:
        """What has to be known before a variable is."""
        node = self.known[label]
        return () if node.value_set.exploded else operation_reads(node.operation)

    def _made(self, label: str) -> Rows | None:
        node = self.known[label]
        own = node.value_set
        if own.exploded:
            return None
        alone = one_column(label, len(own.values), own.may_be_none)
        match node.operation:
            case Input():
                return alone
            case Elementwise() as operation if own.table is not None:
                found = self._function(label, operation, own.table)
            case Elementwise():
                found = None
            case Best():
                return alone
            case _:
                attended = self.attention.rows(node)
                return alone if attended is None else attended
        if found is None:
            self._opaque.add(label)
        return alone if found is None else found

    def _function(self, label: str, operation: Elementwise, table: Codes) -> Rows | None:
        """The rows of a function, over the columns of what it reads."""
        operands = tuple(dict.fromkeys(operation.operands))
        found = self.together(operands)
        if found is None:
            return None
        if table.ndim:
            own = padded(table)[tuple(found.column(x) for x in operation.operands)].astype(np.int32)
        else:
            own = np.full(len(found), int(table), dtype=np.int32)
        columns = [x for x in found.labels if self.is_column(x)]
        rows = Rows((label, *columns), np.column_stack([own, found.columns(columns)]))
        return _small(Rows(rows.labels, distinct(rows.codes)), label)


def _small(rows: Rows, label: str) -> Rows:
    """The rows with as many columns as the limit leaves, those of most values gone first."""
    while len(rows) > MAX_ROWS:
        sizes = {x: n for x, n in rows.sizes().items() if x != label}
        rows = rows.without([max(sizes, key=lambda x: sizes[x])])
    return rows
