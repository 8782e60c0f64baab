"""Which values of two variables can occur together: at one position, or at a key and a query.

What goes together at one position is known by `optitracr.graph.joint`. A key and the query that
sees it share only what both are told of the input: a position is less than the length, and no
selector selects more than there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.calls import Occurrence, Place
from optitracr.graph.joint.values import JointValues

Ask = Callable[[tuple[str, ...], Sequence[Place], bool], Occurrence | None]
"""Asks further of combinations that tables allow: of values of variables at one position, or, if
the last argument is set, at a key and a query."""

Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Occurring:
    """What is known of the values of a program's variables.

    Attributes:
        joint: What goes together at one position.
        ask: What knows more; None if nothing does.
    """

    joint: JointValues
    ask: Ask | None = None
    _pairs_of: dict[tuple[tuple[str, ...], bool], Mask | None] = field(default_factory=dict)

    def together(self, labels: Sequence[str], place: Sequence[int]) -> bool:
        """Whether variables may have these values at one position; True if not known.

        Args:
            labels: At most two variables.
            place: For each the place of a value in its set.
        """
        return not labels or self._may(tuple(labels), place, apart=False)

    def apart(self, key: str, query: str, place: Sequence[int]) -> bool:
        """Whether a key and a query that sees it may have these values; True if not known."""
        return self._may((key, query), place, apart=True)

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

    def _may(self, labels: tuple[str, ...], place: Sequence[int], apart: bool) -> bool:
        known = (labels, apart)
        if known not in self._pairs_of:
            self._pairs_of[known] = self._mask(labels, apart)
        pairs = self._pairs_of[known]
        return pairs is None or bool(pairs[tuple(place)])

    def _mask(self, labels: tuple[str, ...], apart: bool) -> Mask | None:
        """Which combinations may occur, [values of the first, values of the second]."""
        rows = self.joint.apart(*labels) if apart else self.joint.listed(labels)
        if rows is None:
            return None
        sizes = [len(self.joint.known[label].value_set.values) for label in labels]
        pairs = np.zeros(sizes, dtype=bool)
        pairs[tuple(rows[(rows >= 0).all(axis=1)].T)] = True
        return pairs
