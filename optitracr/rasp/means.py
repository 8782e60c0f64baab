"""The mean of what a query selects, for a batch: sums equal the interpreter's bit for bit.

Numbers are added key by key in order of position. Integers small enough for float64 to add
exactly, and floats, are added as arrays; anything else (huge integers, fractions) is added
as coded values, once for each distinct partial sum and summand.
"""

from __future__ import annotations

import operator
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.rasp.tables import RAISED, Codes, Interner, MapTable, PairTable

Mask = NDArray[np.bool_]

EXACT = 1 << 53
"""Integers up to this size are float64 numbers."""

DENSE_SUMS = 1 << 16
"""Largest number of pairs of sum and count that are told apart by a table."""


class MeanTable:
    """Means of one s-op's values."""

    def __init__(self, operand: Interner, out: Interner) -> None:
        self._operand, self._out = operand, out
        self._numbers = np.zeros(0)
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
        """Notes which of the values are numbers, and whether float64 adds them exactly."""
        fresh = self._operand.values[len(self._numbers) :]
        if not fresh:
            return
        bound = EXACT // max(seq, 1)
        is_number = [isinstance(x, Number) for x in fresh]
        plain = [_is_plain(x, bound) for x in fresh]
        if any(n and not p for n, p in zip(is_number, plain, strict=True)):
            self._plain = False
        numbers = [float(x) if p else 0.0 for x, p in zip(fresh, plain, strict=True)]
        self._numbers = np.concatenate([self._numbers, numbers])
        self._is_number = np.concatenate([self._is_number, is_number])

    def _sums(self, chosen: Mask, codes: Codes) -> NDArray[np.float64]:
        # Adding -0.0 changes no number, not even 0.0 and -0.0.
        total = np.full(chosen.shape[1:], -0.0)
        numbers = self._numbers.take(codes)
        with np.errstate(over="ignore", invalid="ignore"):
            for key, selected in enumerate(chosen):
                total += np.where(selected, numbers[:, key, None], -0.0)
        return total

    def _quotients(self, sums: NDArray[np.float64], counts: Codes, seq: int) -> Codes:
        low, high = self._range(seq)
        if high is not None and (high - low + 1) * (seq + 1) <= DENSE_SUMS:
            places = (sums.astype(np.intp) - low) * (seq + 1) + counts
            present = np.zeros((high - low + 1) * (seq + 1), dtype=bool)
            present[places] = True
            table = np.zeros(len(present), dtype=np.intp)
            for place in np.flatnonzero(present).tolist():
                total, count = divmod(place, seq + 1)
                table[place] = self._out.code((total + low) / count)
            return table.take(places)
        with np.errstate(over="ignore", invalid="ignore"):
            means = sums / counts
        # Compared by their bits, so that 0.0 and -0.0 stay two.
        bits, inverse = np.unique(means.view(np.int64), return_inverse=True)
        codes = [self._out.code(value) for value in bits.view(np.float64).tolist()]
        return np.array(codes, dtype=np.intp).take(inverse)

    def _range(self, seq: int) -> tuple[int, int | None]:
        """Bounds of the sums of integers; no upper one if some value is no integer."""
        numbers = self._numbers
        integral = np.isfinite(numbers).all() and (numbers == np.floor(numbers)).all()
        if not integral or (np.signbit(numbers) & (numbers == 0)).any():
            return 0, None
        return min(0, int(numbers.min()) * seq), max(0, int(numbers.max()) * seq)

    def _folded(self, chosen: Mask, counts: Codes, codes: Codes) -> Codes:
        """The same for any numbers: sums as coded values."""
        partial = self._partial = self._partial or Interner()
        start = MapTable(lambda x: x, self._operand, partial)
        add = PairTable(operator.add, (partial, self._operand), partial)
        state = np.zeros(counts.shape, dtype=np.intp)
        raised = np.zeros(counts.shape, dtype=bool)
        for key, selected in enumerate(chosen):
            column = np.where(selected, codes[:, key, None], 0)
            added = np.where(state == 0, start.look_up(column), add.look_up(state, column))
            state = np.where(selected, added, state)
            raised |= state == RAISED
            state[raised] = 0
        divide = PairTable(
            operator.truediv, (partial, Interner(range(1, len(chosen) + 1))), self._out
        )
        result: Codes = divide.look_up(state, counts)
        result[raised] = RAISED
        return result


def _is_plain(value: Any, bound: int) -> bool:
    """Whether float64 arithmetic on it is Python's."""
    if type(value) is float:
        return True
    return type(value) in (int, bool) and -bound < value < bound
