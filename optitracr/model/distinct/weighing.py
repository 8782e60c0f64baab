"""What a head gives each key: tables over the different queries and keys that occurred."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.model.distinct.slices import Affine, HeadSlice
from optitracr.model.distinct.tables import Codes, Growing, Pairs, Rows, TooManyError

if TYPE_CHECKING:
    from jaxtyping import Float, Int

LEAK = 2.0**-31
"""Part of a head's attention that is left out where it is spread over all other keys: less than a
hundredth of one rounding in float32. Compiled heads leak half as much at most."""

MOST_WEIGHTS = 1 << 22
"""Entries of a head's table of weights, 32 MB: a plain pass is quicker than to make more."""

TIERS = 3
"""Keys in order of attention, each of which leaves nothing to those behind it: the one selected,
BOS where there is none, and one to spare."""

FEW = 8
"""Keys that a query attends to, up to which they are added one by one."""


class Weighing:
    """The weights of a head.

    Every row of the residual stream has a query, a key and a value; equal ones have one code.
    A kind is a key together with its value; the last kind stands for what is not seen.

    Attributes:
        longest: Positions of a sequence at most.
        query: For each row its query; likewise `key`, `value` and `kind`.
        queries: The different queries; likewise `keys` and `values`.
    """

    def __init__(self, head: HeadSlice, longest: int) -> None:
        self._head = head
        self.longest = longest
        self.query, self.key, self.value, self.kind = (Growing((), np.int32) for _ in range(4))
        compared, written = head.query[0].shape[1], head.value[0].shape[1]
        self.queries, self.keys, self.values = Rows(compared), Rows(compared), Rows(written)
        self._kinds = Pairs()
        self._key_of, self._value_of = Growing((), np.int32), Growing((), np.int32)
        self._first = np.zeros(0, dtype=bool)
        self._made = (0, 0, 0)

    def add(self, rows: Float[NDArray[np.float32], "rows columns"]) -> None:
        """Takes in new rows of the residual stream."""
        self.query.add(self.queries.add(_through(self._head.query, rows))[0])
        key = self.keys.add(_through(self._head.key, rows))[0]
        value = self.values.add(_through(self._head.value, rows))[0]
        kind, new = self._kinds.add(key, value)
        self._key_of.add(key[new])
        self._value_of.add(value[new])
        for growing, codes in ((self.key, key), (self.value, value), (self.kind, kind)):
            growing.add(codes)

    def prepare(self, first: Codes) -> None:
        """Makes the tables, if there is anything new.

        Args:
            first: Rows that stand at the first position, which every query sees.

        Raises:
            TooManyError: If they become too large, or a logit is no number.
        """
        seen = np.zeros(len(self.keys.rows), dtype=bool)
        seen[: len(self._first)] = self._first
        seen[self.key.rows[first]] = True
        made = (len(self.queries.rows), self.number_of_kinds, int(np.count_nonzero(seen)))
        if made != self._made:
            self._first = seen
            self._make()
            self._made = made

    @property
    def number_of_kinds(self) -> int:
        """Different pairs of a key and its value."""
        return self._key_of.count

    def _make(self) -> None:
        queries, keys = self.queries.rows, self.keys.rows
        if len(queries) * (self.number_of_kinds + 1) > MOST_WEIGHTS:
            raise TooManyError
        logits = (queries @ keys.T / self._head.scale).astype(np.float64)
        if not np.isfinite(logits).all():
            raise TooManyError
        self._make_tiers(logits)
        by_key = np.exp(logits - logits.max(axis=1, keepdims=True))
        unseen = np.zeros((len(queries), 1))
        self.weights = np.concatenate([by_key[:, self._key_of.rows], unseen], axis=1)
        values = self.values.rows[self._value_of.rows].astype(np.float64)
        self.value_of_kind = np.concatenate([values, np.zeros((1, values.shape[1]))])
        largest = np.abs(values).max(axis=0, initial=0.0)
        self.quantum = np.exp2(np.frexp(largest)[1]) * 2.0**-32
        self._make_few(by_key)

    def _make_tiers(self, logits: Float[NDArray[np.float64], "queries keys"]) -> None:
        """The keys that leave nothing to others, most attended first; none is one beyond all."""
        count = logits.shape[1]
        margin = np.log(self.longest / LEAK)
        nothing = np.full((len(logits), TIERS + 1), logits.min(initial=0.0) - 2 * margin)
        logits = np.concatenate([logits, nothing], axis=1)
        order = np.argpartition(-logits, TIERS, axis=1)[:, : TIERS + 1]
        found = np.take_along_axis(logits, order, axis=1)
        by = np.argsort(-found, axis=1, kind="stable")
        gaps = -np.diff(np.take_along_axis(found, by, axis=1), axis=1)
        order = np.take_along_axis(order, by, axis=1)
        apart = np.logical_and.accumulate(gaps >= margin, axis=1)
        self.tiers = np.where(apart, order[:, :TIERS], count)

    def _make_few(self, by_key: Float[NDArray[np.float64], "queries keys"]) -> None:
        """The kinds that a query attends to beside what is nothing to that of the first position.

        Attributes:
            few: For each query their kinds, [queries, at most FEW]; None if there are more.
        """
        least = np.where(self._first, by_key, np.inf).min(axis=1)
        matters = self.weights * self.longest >= LEAK / FEW * least[:, None]
        matters[:, -1] = False
        most = int(np.count_nonzero(matters, axis=1).max(initial=0))
        self.few: Int[NDArray[np.intp], "queries few"] | None = None
        if most <= FEW:
            order = np.argsort(~matters, axis=1, kind="stable")[:, :most]
            kept = np.take_along_axis(matters, order, axis=1)
            self.few = np.where(kept, order, self.number_of_kinds)


def _through(affine: Affine, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    matrix, offset = affine
    found: NDArray[np.float32] = rows @ matrix + offset
    return found
