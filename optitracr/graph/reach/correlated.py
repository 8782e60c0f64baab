"""Which values of two variables can occur together: at one position, or at a key and a query.

Value sets are listed one variable at a time, so that a pair of values may be one that no input
leads to: a position beyond the length, say, or a token that is not the one that a map of it
was made of. Both variables are traced back to what they are functions of, and these are known
to be related: a position is less than the length, and no selector selects more than there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.calls import Occurrence, Place
from optitracr.graph.program import Elementwise, Input, PairSelector, Source, Width, holds_of
from optitracr.graph.tabled import TabledNode

Ask = Callable[[tuple[str, ...], Sequence[Place], bool], Occurrence | None]
"""Asks further of combinations that tables allow: of values of variables at one position, or, if
the last argument is set, at a key and a query."""

MAX_CELLS = 1 << 20
"""Combinations of what two variables are functions of, beyond which any pair may occur: an array of
a megabyte, made in some milliseconds, for each pair of variables that is asked about."""

Mask = NDArray[np.bool_]
Root = tuple[str, int]
"""A variable that is no function of others, and the side that it stands on: 0 for the key, or
for the one position that both are at, 1 for the query."""


@dataclass(slots=True)
class Occurring:
    """What is known of the values of a program's variables.

    Attributes:
        known: Those that are asked about, and all below them, in order.
        ask: What knows more; None if nothing does.
    """

    known: Mapping[str, TabledNode]
    ask: Ask | None = None
    _pairs_of: dict[tuple[str, str, bool], Mask | None] = field(default_factory=dict)

    def together(self, labels: Sequence[str], place: Sequence[int]) -> bool:
        """Whether variables may have these values at one position; True if not known.

        Args:
            labels: At most two variables.
            place: For each the place of a value in its set.
        """
        if not labels:
            return True
        if len(labels) == 1:
            labels, place = (*labels, *labels), (*place, *place)
        return self._may(labels[0], labels[1], place, apart=False)

    def apart(self, key: str, query: str, place: Sequence[int]) -> bool:
        """Whether a key and a query that sees it may have these values; True if not known."""
        return self._may(key, query, place, apart=True)

    def first_together(self, labels: tuple[str, ...], places: Sequence[Place]) -> Occurrence | None:
        """The first of some combinations of values that may occur at one position."""
        left = [place for place in places if self.together(labels, place)]
        return self._first(labels, left, apart=False)

    def first_apart(self, key: str, query: str, places: Sequence[Place]) -> Occurrence | None:
        """The first of some pairs that may occur at a key and a query that sees it."""
        left = [place for place in places if self.apart(key, query, place)]
        return self._first((key, query), left, apart=True)

    def _first(
        self, labels: tuple[str, ...], places: Sequence[Place], apart: bool
    ) -> Occurrence | None:
        if not places or self.ask is None or not labels:
            return Occurrence(places[0]) if places else None
        return self.ask(labels, places, apart)

    def _may(self, first: str, second: str, place: Sequence[int], apart: bool) -> bool:
        known = (first, second, apart)
        if known not in self._pairs_of:
            self._pairs_of[known] = self._pairs(first, second, apart)
        pairs = self._pairs_of[known]
        return pairs is None or bool(pairs[place[0], place[1]])

    def _pairs(self, first: str, second: str, apart: bool) -> Mask | None:
        """Which pairs may occur, [values of the first, values of the second]."""
        sides = ((first, 0), (second, int(apart)))
        below = [self._below(label) for label, _ in sides]
        roots = list(
            dict.fromkeys(
                (label, side)
                for (_, side), found in zip(sides, below, strict=True)
                for label in found
                if self._is_root(label)
            )
        )
        sizes = [len(self.known[label].value_set.values) + 1 for label, _ in roots]
        if np.prod(sizes, dtype=np.float64) > MAX_CELLS or self._unknown(roots):
            return None
        rows, columns = (
            self._codes(label, side, found, roots)
            for (label, side), found in zip(sides, below, strict=True)
        )
        shape = tuple(sizes)
        allowed = np.broadcast_to(self._allowed(roots), shape)
        rows, columns = np.broadcast_to(rows, shape), np.broadcast_to(columns, shape)
        inside = allowed & (rows >= 0) & (columns >= 0)
        pairs = np.zeros(
            (len(self.known[first].value_set.values), len(self.known[second].value_set.values)),
            dtype=bool,
        )
        pairs[rows[inside], columns[inside]] = True
        return pairs

    def _is_root(self, label: str) -> bool:
        operation = self.known[label].operation
        return not isinstance(operation, Elementwise) or self.known[label].table is None

    def _unknown(self, roots: Sequence[Root]) -> bool:
        return any(self.known[label].value_set.exploded for label, _ in roots)

    def _below(self, label: str) -> list[str]:
        """A variable and what it is a function of, operands first."""
        found, stack = {label}, [label]
        while stack:
            one = stack.pop()
            operation = self.known[one].operation
            if isinstance(operation, Elementwise) and not self._is_root(one):
                stack += [operand for operand in operation.operands if operand not in found]
                found.update(operation.operands)
        return [one for one in self.known if one in found]

    def _codes(
        self, label: str, side: int, below: Sequence[str], roots: Sequence[Root]
    ) -> NDArray[Any]:
        """The place of a variable's value, -1 for None, for each combination of the roots'."""
        codes: dict[str, NDArray[Any]] = {}
        for one in below:
            operation, table = self.known[one].operation, self.known[one].table
            if self._is_root(one) or table is None or not isinstance(operation, Elementwise):
                own = np.append(np.arange(len(self.known[one].value_set.values)), -1)
                codes[one] = _line(own, roots.index((one, side)), len(roots))
                continue
            if table.ndim == 0:
                codes[one] = table.astype(np.intp)
                continue
            padded = np.pad(table, [(0, 1)] * table.ndim, constant_values=-1)
            codes[one] = np.asarray(padded[tuple(codes[x] for x in operation.operands)])
        return codes[label]

    def _allowed(self, roots: Sequence[Root]) -> Mask:
        """Which combinations may occur."""
        count = len(roots)
        allowed = np.ones((1,) * count, dtype=bool)
        for axis, (label, _) in enumerate(roots):
            own = np.ones(len(self.known[label].value_set.values) + 1, dtype=bool)
            own[-1] = self.known[label].value_set.may_be_none
            allowed = allowed & _line(own, axis, count)
        for axis, one in enumerate(roots):
            for other_axis, other in enumerate(roots):
                if one != other and self._below_length(one, other):
                    least = self._numbers(one[0])
                    if isinstance(self.known[one[0]].operation, Input):
                        least = least + 1
                    length = self._numbers(other[0])
                    bounded = _line(least, axis, count) <= _line(length, other_axis, count)
                    allowed = allowed & bounded
        return allowed

    def _numbers(self, label: str) -> NDArray[np.float64]:
        """The values of positions and counts, which are never None."""
        return np.array([*self.known[label].value_set.values, np.nan], dtype=np.float64)

    def _below_length(self, one: Root, other: Root) -> bool:
        """Whether the first is a position or a count, and the second a length that bounds it.

        That of a query bounds what a key that it sees can be, in the causal reading too, where
        the length is the number of tokens so far; that of a key bounds nothing at a query.
        """
        operation = self.known[one[0]].operation
        position = isinstance(operation, Input) and operation.source is Source.INDICES
        counted = position or isinstance(operation, Width)
        return counted and one[1] <= other[1] and self._is_length(other[0])

    def _is_length(self, label: str) -> bool:
        """Whether a variable counts every token."""
        operation = self.known[label].operation
        if not isinstance(operation, Width) or not isinstance(operation.selector, PairSelector):
            return False
        selector = operation.selector
        keys, queries = self.known[selector.keys].value_set, self.known[selector.queries].value_set
        sure = not any(x.may_be_none or x.exploded for x in (keys, queries))
        return sure and bool(holds_of(selector).all())


def _line(values: NDArray[Any], axis: int, count: int) -> NDArray[Any]:
    """Values along one of several axes."""
    shape = [1] * count
    shape[axis] = -1
    return values.reshape(shape)
