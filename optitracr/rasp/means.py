"""The mean of what a query selects, for a batch: it equals the interpreter's bit for bit.

Numbers with a small common denominator are added as integers, as arrays; anything else (huge
integers, fractions of many denominators) is added as coded values, once for each distinct
partial sum and summand.
"""

from __future__ import annotations

import math
from fractions import Fraction
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.rasp import exact
from optitracr.rasp.tables import RAISED, Codes, Interner, MapTable, PairTable

Mask = NDArray[np.bool_]

EXACT = 1 << 53
"""Integers up to this size are float64 numbers, and their quotients are rounded once."""

DENSE_SUMS = 1 << 16
"""Largest number of pairs of sum and count that are told apart by a table: half a megabyte, filled
and read more quickly than sums are sorted."""


class MeanTable:
    """Means of one s-op's values."""

    def __init__(self, operand: Interner, out: Interner) -> None:
        self._operand, self._out = operand, out
        self._exact: list[Fraction] = []
        self._numbers = np.zeros(0, dtype=np.int64)
        self._denominator = 1
        self._is_number = np.zeros(0, dtype=bool)
        self._plain = True
        self._partial: Interner | None = None

    def mean(self, chosen: Mask, counts: Codes, codes: Codes) -> Codes:
        """The code of each mean of several values.

        Args:
            chosen: What is selected, [key, row, query].
            counts: How many keys are selected, [row, query].
            codes: The values, [row, key].

        Returns:
            [row, query]: 0 where fewer than two are selected, RAISED where the selected
            values have no mean.
        """
        self._learn(chosen.shape[0])
        several = counts > 1
        result = np.zeros(several.shape, dtype=np.intp)
        odd = ~self._is_number.take(codes)
        if odd.any():
            wrong = several & (chosen & odd.T[:, :, None]).any(axis=0)
            result[wrong] = RAISED
            several &= ~wrong
        if self._plain:
            sums = self._sums(chosen, codes)[several]
            result[several] = self._quotients(sums, counts[several], chosen.shape[0])
        else:
            result[several] = self._folded(chosen, counts, codes)[several]
        return result

    def _learn(self, seq: int) -> None:
        """Notes which of the values are numbers, and as which integers they add up exactly."""
        fresh = self._operand.values[len(self._exact) :]
        if not fresh:
            return
        is_number = [isinstance(x, Number) for x in fresh]
        plain = [_is_plain(x) for x in fresh]
        if any(n and not p for n, p in zip(is_number, plain, strict=True)):
            self._plain = False
        self._is_number = np.concatenate([self._is_number, is_number])
        zero = Fraction(0)
        self._exact += [_rational(x) if p else zero for x, p in zip(fresh, plain, strict=True)]
        self._denominator = exact.common_denominator(self._exact)
        scaled = [int(x * self._denominator) for x in self._exact]
        most = max([self._denominator, *map(abs, scaled)]) * max(seq, 1)
        if most >= EXACT:
            self._plain = False
        else:
            self._numbers = np.array(scaled, dtype=np.int64)

    def _sums(self, chosen: Mask, codes: Codes) -> NDArray[np.int64]:
        total = np.zeros(chosen.shape[1:], dtype=np.int64)
        numbers = self._numbers.take(codes)
        for key, selected in enumerate(chosen):
            total += np.where(selected, numbers[:, key, None], 0)
        return total

    def _quotients(self, sums: NDArray[np.int64], counts: Codes, seq: int) -> Codes:
        low = min(0, int(self._numbers.min())) * seq
        high = max(0, int(self._numbers.max())) * seq
        if (high - low + 1) * (seq + 1) > DENSE_SUMS:
            distinct, inverse = np.unique(sums / (counts * self._denominator), return_inverse=True)
            codes = [self._out.code(value) for value in distinct.tolist()]
            return np.array(codes, dtype=np.intp).take(inverse)
        places = (sums - low) * (seq + 1) + counts
        present = np.zeros((high - low + 1) * (seq + 1), dtype=bool)
        present[places] = True
        table = np.zeros(len(present), dtype=np.intp)
        for place in np.flatnonzero(present).tolist():
            total, count = divmod(place, seq + 1)
            table[place] = self._out.code((total + low) / (count * self._denominator))
        return table.take(places)

    def _folded(self, chosen: Mask, counts: Codes, codes: Codes) -> Codes:
        """The same for any numbers: sums as coded values."""
        partial = self._partial = self._partial or Interner()
        start = MapTable(exact.start, self._operand, partial)
        add = PairTable(exact.add, (partial, self._operand), partial)
        state = np.zeros(counts.shape, dtype=np.intp)
        raised = np.zeros(counts.shape, dtype=bool)
        for key, selected in enumerate(chosen):
            column = np.where(selected, codes[:, key, None], 0)
            added = np.where(state == 0, start.look_up(column), add.look_up(state, column))
            state = np.where(selected, added, state)
            raised |= state == RAISED
            state[raised] = 0
        divide = PairTable(exact.finish, (partial, Interner(range(1, len(chosen) + 1))), self._out)
        result: Codes = divide.look_up(state, counts)
        result[raised] = RAISED
        return result


def _is_plain(value: Any) -> bool:
    """Whether it adds as the rational that it stands for."""
    if type(value) is float:
        return math.isfinite(value)
    return type(value) in (int, bool)


def _rational(value: Any) -> Fraction:
    return exact.rational(value) if isinstance(value, float) else Fraction(value)
