"""Values as integer codes, and functions of them as tables that fill up as they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import EvaluationError
from optitracr.rasp.expression import Value
from optitracr.rasp.identity import identity_key, plain

Codes = NDArray[np.intp]

RAISED = -1
"""Entry of a table where the function raises; codes are counted from 0."""

UNKNOWN = -2
"""Entry of a table that was not needed so far; neither a code nor `RAISED`."""

DENSE_ENTRIES = 1 << 22
"""Largest number of entries of a table kept as an array: 32 MB, where most are never asked for.
Larger tables are kept as the pairs that occur."""


class Interner:
    """Gives each distinct value a code, counted from 0, which is None.

    1, 1.0 and True are three; see `optitracr.rasp.identity`.
    """

    def __init__(self, values: Iterable[Value] = ()) -> None:
        self.values: list[Value] = [None]
        self._codes: dict[Any, int] = {}
        for value in values:
            self.code(value)

    def __len__(self) -> int:
        return len(self.values)

    def code(self, value: Value) -> int:
        """The code of a value.

        Raises:
            EvaluationError: If the value cannot be hashed.
        """
        if value is None:
            return 0
        key = identity_key(value)
        try:
            known = self._codes.get(key)
        except TypeError as error:
            raise EvaluationError(
                f"a function of the program returns {value!r}, which cannot be hashed; return "
                "a number, a string or a tuple"
            ) from error
        if known is None:
            known = self._codes[key] = len(self.values)
            self.values.append(value)
        return known


class MapTable:
    """A function of one coded value, called once for each distinct one. None stays None."""

    def __init__(self, function: Callable[[Any], Value], operand: Interner, out: Interner) -> None:
        self._function, self._operand, self._out = function, operand, out
        self._table = np.zeros(1, dtype=np.intp)

    def look_up(self, codes: Codes) -> Codes:
        """The codes of the results, RAISED where the function raises."""
        self._grow()
        found = self._table.take(codes)
        if found.size and found.min() == UNKNOWN:
            present = np.zeros(len(self._table), dtype=bool)
            present[codes.ravel()] = True
            values = self._operand.values
            for code in np.flatnonzero(present & (self._table == UNKNOWN)).tolist():
                self._table[code] = _result(self._out, self._function, values[code])
            found = self._table.take(codes)
        return found

    def _grow(self) -> None:
        missing = len(self._operand) - len(self._table)
        if missing > 0:
            more = np.full(missing, UNKNOWN, dtype=np.intp)
            self._table = np.concatenate([self._table, more])


class PairTable:
    """A function of two coded values, called once for each distinct pair.

    It is None, code 0, where either value is. An array of entries serves while it is
    small; beyond that, the distinct pairs are sorted out.
    """

    def __init__(
        self,
        function: Callable[[Any, Any], Value],
        operands: tuple[Interner, Interner],
        out: Interner | None,
        dtype: type[np.signedinteger[Any]] = np.intp,
    ) -> None:
        """Makes an empty table.

        Args:
            function: Called on values, never None.
            operands: What the codes of either operand stand for.
            out: Where results are coded; None if the function gives the codes itself.
            dtype: Type of the entries.
        """
        self._function, self._operands, self._out = function, operands, out
        self._table = np.zeros((1, 1), dtype=dtype)
        self._pairs: dict[int, int] = {}

    def look_up(self, fst: Codes, snd: Codes) -> NDArray[Any]:
        """The codes of the results, broadcast, RAISED where the function raises."""
        rows, columns = (len(operand) for operand in self._operands)
        if rows * columns > DENSE_ENTRIES:
            return self._look_up_sorted(fst * columns + snd, columns)
        self._grow(rows, columns)
        width = self._table.shape[1]
        places = fst * width + snd
        table = self._table.ravel()
        found: NDArray[Any] = table.take(places)
        if found.size and found.min() == UNKNOWN:
            present = np.zeros(table.size, dtype=bool)
            present[places.ravel()] = True
            for place in np.flatnonzero(present & (table == UNKNOWN)).tolist():
                table[place] = self._entry(*divmod(place, width))
            found = table.take(places)
        return found

    def _look_up_sorted(self, places: Codes, columns: int) -> NDArray[Any]:
        distinct, inverse = np.unique(places, return_inverse=True)
        pairs = [divmod(place, columns) for place in distinct.tolist()]
        entries = np.array([self._pair(*pair) for pair in pairs], dtype=self._table.dtype)
        found: NDArray[Any] = entries.take(inverse.reshape(places.shape))
        return found

    def _pair(self, fst: int, snd: int) -> int:
        key = fst << 32 | snd
        if key not in self._pairs:
            self._pairs[key] = self._entry(fst, snd) if fst and snd else 0
        return self._pairs[key]

    def _entry(self, fst: int, snd: int) -> int:
        arguments = self._operands[0].values[fst], self._operands[1].values[snd]
        return _result(self._out, self._function, *arguments)

    def _grow(self, rows: int, columns: int) -> None:
        old = self._table
        if rows <= old.shape[0] and columns <= old.shape[1]:
            return
        # Tables that grow chunk by chunk get room, so that they are copied seldom.
        room = 1 if old.size == 1 else 2
        grown = np.full(
            (max(room * rows, old.shape[0]), max(room * columns, old.shape[1])),
            UNKNOWN,
            dtype=old.dtype,
        )
        grown[0], grown[:, 0] = 0, 0
        grown[: old.shape[0], : old.shape[1]] = old
        self._table = grown


class RankTable:
    """Places of coded numbers in their order, equal ones alike, from 1; 0 is that of None."""

    def __init__(self, operand: Interner, is_number: Callable[[Value], bool]) -> None:
        """Makes an empty table.

        Args:
            operand: What the codes stand for.
            is_number: Whether a value has a place in the order.
        """
        self._operand, self._is_number = operand, is_number
        self._table = np.zeros(1, dtype=np.intp)

    def look_up(self, codes: Codes) -> Codes:
        """The places, RAISED of what is no number."""
        if len(self._table) != len(self._operand):
            self._table = self._ranked(self._operand.values)
        return self._table.take(codes)

    def _ranked(self, values: list[Value]) -> Codes:
        table = np.full(len(values), RAISED, dtype=np.intp)
        table[0] = rank = 0
        numbers = [code for code, value in enumerate(values) if self._is_number(value)]
        before: Value = None
        for code in sorted(numbers, key=lambda code: values[code]):
            rank += before is None or values[code] != before
            table[code], before = rank, values[code]
        return table


def _result(out: Interner | None, function: Callable[..., Value], *arguments: Value) -> int:
    try:
        value = plain(function(*arguments))
    except Exception:
        return RAISED
    return int(value) if out is None else out.code(value)
