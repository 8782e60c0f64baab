"""What columns say of each other wherever they stand in one row.

A position lies before the length, no selector selects more positions than there are, and in a
causal model none beyond the query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.inputs import Inputs
from optitracr.graph.joint.rows import Codes, Rows
from optitracr.graph.program import PairSelector, Share, Width, holds_of
from optitracr.graph.tabled import TabledNode

if TYPE_CHECKING:
    from optitracr.domain.language import Language

LENGTH = ":length"
"""The column of how many positions a query sees: all of the input, or in a causal model those up to
its own. A label has no colon."""

COUNT = ":count"
"""What the column of how many positions a selector selects begins with."""


def widths_of(node: TabledNode) -> NDArray[np.int64]:
    """How many positions each value of a width or a share stands for."""
    values = np.asarray(node.value_set.values, dtype=np.float64)
    if isinstance(node.operation, Share):
        values = np.round(1.0 / values - 1.0)
    return values.astype(np.int64)


def selects_all(node: TabledNode, known: Mapping[str, TabledNode]) -> bool:
    """Whether a width counts every position that its query sees."""
    operation = node.operation
    if not isinstance(operation, Width) or not isinstance(operation.selector, PairSelector):
        return False
    sides = (operation.selector.keys, operation.selector.queries)
    sets = [known[label].value_set for label in sides]
    sure = not any(own.may_be_none or own.exploded for own in sets)
    return sure and bool(holds_of(operation.selector).all())


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """The links between columns of one program."""

    known: Mapping[str, TabledNode]
    inputs: Inputs
    _labels: dict[str, str] = field(default_factory=dict)

    @property
    def index(self) -> str:
        """The label of the index; "" if the program does not read it."""
        return self._label("index", lambda node: node.is_index)

    @property
    def tokens(self) -> str:
        """The label of the tokens; "" if the program does not read them."""
        return self._label("tokens", lambda node: node.is_token)

    def _label(self, which: str, is_it: Callable[[TabledNode], bool]) -> str:
        """The label of what the embedding supplies: once it is known it stays."""
        if which not in self._labels:
            found = next((label for label, node in self.known.items() if is_it(node)), "")
            if not found:
                return ""
            self._labels[which] = found
        return self._labels[which]

    def relate(self, labels: Iterable[str]) -> bool:
        """Whether some of these variables are linked."""
        found = set(labels)
        if self.inputs.domain is not None and {self.tokens, self.index} <= found:
            return True
        widths = [x for x in found if isinstance(self.known[x].operation, Width)]
        if not widths:
            return False
        if self.inputs.causal and self.index in found:
            return True
        return any(selects_all(self.known[x], self.known) for x in widths)

    def kept(self, rows: Rows) -> Rows:
        """The rows that no link rules out."""
        allowed = np.ones(len(rows), dtype=bool)
        for least, most in self._ordered(rows):
            allowed &= least <= most
        if self.inputs.domain is not None:
            allowed &= self._promised(rows, self.inputs.domain)
        return rows.where(allowed)

    def _promised(self, rows: Rows, domain: Language) -> NDArray[np.bool_]:
        """Which rows some input of the domain may have."""
        allowed = np.ones(len(rows), dtype=bool)
        tokens, index = self.tokens, self.index
        if tokens in rows.labels and index in rows.labels:
            places = domain.occurrence.places
            inside = rows.column(index) < len(places)
            place = np.where(inside, rows.column(index), 0)
            allowed &= inside & places[place, rows.column(tokens)]
        if LENGTH in rows.labels and not self.inputs.causal:
            allowed &= np.isin(rows.column(LENGTH), domain.lengths)
        return allowed

    def told(self, rows: Rows, label: str) -> Rows:
        """A variable beside the columns that say something of other positions."""
        kept = {label, LENGTH, self.index}
        return rows.project([x for x in rows.labels if x in kept or self._is_width(x)])

    def seen(self, keys: Rows, queries: Rows) -> NDArray[np.bool_]:
        """[keys, queries]: whether a query may see a key.

        How many positions a query sees bounds where a key that it sees can be, and how many
        positions the key selects.
        """
        index = self.index
        bound = queries.column(LENGTH) if LENGTH in queries.labels else None
        if self.inputs.causal and index in queries.labels:
            bound = queries.column(index) + 1
        if bound is None:
            return np.ones((len(keys), len(queries)), dtype=bool)
        least = np.ones(len(keys), dtype=np.int32)
        if index in keys.labels:
            least = np.maximum(least, keys.column(index) + 1)
        for label in filter(self._is_width, keys.labels):
            least = np.maximum(least, self._widths(label)[keys.column(label)])
        if LENGTH in keys.labels and self.inputs.causal:
            least = np.maximum(least, keys.column(LENGTH))
        seen: NDArray[np.bool_] = least[:, None] <= bound[None, :]
        if LENGTH in keys.labels and LENGTH in queries.labels and not self.inputs.causal:
            seen &= keys.column(LENGTH)[:, None] == queries.column(LENGTH)[None, :]
        return seen

    def _is_width(self, label: str) -> bool:
        node = self.known.get(label)
        return node is not None and isinstance(node.operation, Width)

    def _widths(self, label: str) -> Codes:
        return widths_of(self.known[label]).astype(np.int32)

    def _ordered(self, rows: Rows) -> Iterator[tuple[Codes, Codes]]:
        """Pairs of columns of which the first is at most the second."""
        index = self.index
        position = rows.column(index) + 1 if index in rows.labels else None
        length = rows.column(LENGTH) if LENGTH in rows.labels else None
        if position is not None and length is not None:
            yield position, length
            if self.inputs.causal:
                yield length, position
        bound = position if length is None and self.inputs.causal else length
        if bound is None:
            return
        for label in filter(self._is_width, rows.labels):
            yield self._widths(label)[rows.column(label)], bound
