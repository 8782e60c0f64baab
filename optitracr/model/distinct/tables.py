"""Integers in place of rows: equal ones get the same, in order of arrival."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from jaxtyping import Float, Int

Codes = NDArray[np.int32]

MOST_NUMBERS = 1 << 24
"""Numbers that one table holds at most: 64 MB in float32. What needs more has too many different
rows for evaluation by them to pay."""

DIRECT = 1 << 18
"""Pairs up to which all that are possible have a place in one array, of a megabyte, which stays in
the cache; beyond it they are hashed."""

FIRST_BITS = 10
"""Bits of the places of a new hash table: a few kilobytes."""

SPARE = 4
"""Places of a hash table for each key, at least, so that few keys meet another's."""

FACTOR = 0x9E3779B97F4A7C15 - (1 << 64)
"""2^64 divided by the golden ratio, as a signed integer: its multiples are spread evenly."""


class TooManyError(Exception):
    """Rows are too different, or numbers too large, for evaluation by distinct rows."""


class Growing:
    """An array to which rows are added."""

    def __init__(self, width: tuple[int, ...], dtype: Any) -> None:
        self._array = np.zeros((16, *width), dtype=dtype)
        self.count = 0

    @property
    def rows(self) -> NDArray[Any]:
        """What was added."""
        return self._array[: self.count]

    def add(self, rows: NDArray[Any]) -> None:
        """Adds rows.

        Raises:
            TooManyError: If the table became too large.
        """
        count = self.count + len(rows)
        if count > len(self._array):
            larger = np.zeros((2 * count, *self._array.shape[1:]), dtype=self._array.dtype)
            if larger.size > MOST_NUMBERS:
                raise TooManyError
            larger[: self.count] = self.rows
            self._array = larger
        self._array[self.count : count] = rows
        self.count = count


class Hashed:
    """Codes of integers of 64 bits."""

    def __init__(self) -> None:
        self.known = Growing((), np.int64)
        self._clear(FIRST_BITS)

    def _clear(self, bits: int) -> None:
        self._bits = bits
        self._keys = np.zeros(1 << bits, dtype=np.int64)
        self._codes = np.full(1 << bits, -1, dtype=np.int32)

    def _places(self, keys: Int[NDArray[np.int64], " keys"]) -> NDArray[np.intp]:
        spread = (keys * np.int64(FACTOR)).view(np.uint64) >> np.uint64(64 - self._bits)
        return spread.view(np.intp)

    def find(self, keys: Int[NDArray[np.int64], " keys"]) -> Codes:
        """The code of each key; -1 where it is unknown."""
        places = self._places(keys)
        codes = self._codes[places]
        other = np.flatnonzero((self._keys[places] != keys) & (codes >= 0))
        while other.size:
            places[other] = (places[other] + 1) & (len(self._keys) - 1)
            codes[other] = self._codes[places[other]]
            met = (self._keys[places[other]] != keys[other]) & (codes[other] >= 0)
            other = other[met]
        return codes

    def add(self, keys: Int[NDArray[np.int64], " keys"]) -> tuple[Codes, NDArray[np.intp]]:
        """The code of each key, and where each of those stands that are new, in their order."""
        codes = self.find(keys)
        unknown = np.flatnonzero(codes < 0)
        if not unknown.size:
            return codes, unknown
        new, first = np.unique(keys[unknown], return_index=True)
        before = self.known.count
        self.known.add(new)
        self._insert(before)
        codes[unknown] = self.find(keys[unknown])
        return codes, unknown[first]

    def _insert(self, before: int) -> None:
        """Gives keys a place, from the one of a code on."""
        if self.known.count * SPARE > len(self._keys):
            self._clear(int(self.known.count * SPARE).bit_length())
            before = 0
        keys = self.known.rows[before:]
        codes = np.arange(before, self.known.count, dtype=np.int32)
        places = self._places(keys)
        left = np.arange(len(keys))
        while left.size:
            free = left[self._codes[places[left]] < 0]
            self._codes[places[free]], self._keys[places[free]] = codes[free], keys[free]
            left = left[self._codes[places[left]] != codes[left]]
            places[left] = (places[left] + 1) & (len(self._keys) - 1)


class Pairs:
    """Codes of pairs of codes."""

    def __init__(self) -> None:
        self._hashed = Hashed()
        self._direct: NDArray[np.int32] | None = np.full((1, 1), -1, dtype=np.int32)

    @property
    def count(self) -> int:
        """How many are known."""
        return self._hashed.known.count

    def add(self, one: Codes, other: Codes) -> tuple[Codes, NDArray[np.intp]]:
        """The code of each pair, and where each of those stands that are new, in their order."""
        self._enlarge(int(one.max(initial=0)), int(other.max(initial=0)))
        if self._direct is None:
            return self._hashed.add(_joined(one, other))
        places = one.astype(np.intp) * self._direct.shape[1] + other
        codes = self._direct.ravel()[places]
        unknown = np.flatnonzero(codes < 0)
        if not unknown.size:
            return codes, unknown
        codes[unknown], new = self._hashed.add(_joined(one[unknown], other[unknown]))
        self._direct.ravel()[places[unknown]] = codes[unknown]
        return codes, unknown[new]

    def _enlarge(self, one: int, other: int) -> None:
        if self._direct is None or (one < self._direct.shape[0] and other < self._direct.shape[1]):
            return
        shape = tuple(1 << max(n.bit_length(), 1) for n in (one, other))
        shape = tuple(map(max, shape, self._direct.shape))
        self._direct = None
        if shape[0] * shape[1] <= DIRECT:
            self._direct = np.full(shape, -1, dtype=np.int32)
            known = self._hashed.known.rows
            self._direct[known >> 32, known & 0xFFFFFFFF] = np.arange(len(known))


def _joined(one: Codes, other: Codes) -> NDArray[np.int64]:
    return (one.astype(np.int64) << 32) | other


class Rows:
    """Codes of rows of numbers, and the rows."""

    def __init__(self, width: int) -> None:
        self._codes: dict[bytes, int] = {}
        self._rows = Growing((width,), np.float32)

    @property
    def rows(self) -> Float[NDArray[np.float32], "rows width"]:
        """The different ones."""
        return self._rows.rows

    def add(self, rows: Float[NDArray[np.float32], "rows width"]) -> tuple[Codes, NDArray[np.intp]]:
        """The code of each row, and where each of those stands that are new, in their order.

        Raises:
            TooManyError: If a row holds anything that is no number.
        """
        if not np.isfinite(rows).all():
            raise TooManyError
        rows = np.ascontiguousarray(rows + np.float32(0.0))
        before = len(self._codes)
        codes = np.fromiter(
            (self._codes.setdefault(row.tobytes(), len(self._codes)) for row in rows),
            np.int32,
            len(rows),
        )
        new, first = np.unique(codes, return_index=True)
        first = first[new >= before]
        self._rows.add(rows[first])
        return codes, first


class Mixtures:
    """Codes of what heads give: rows of numbers that are told apart to a quantum."""

    def __init__(self, width: int) -> None:
        self._numbers = [Hashed() for _ in range(width)]
        self._pairs = [Pairs() for _ in range(width - 1)]
        self._rows = Growing((width,), np.float32)

    @property
    def rows(self) -> Float[NDArray[np.float32], "rows width"]:
        """The different ones."""
        return self._rows.rows

    def add(self, rows: Float[NDArray[np.float64], "rows width"]) -> Codes:
        """The code of each row."""
        columns = [np.ascontiguousarray(column) for column in (rows + 0.0).T]
        codes, new = self._numbers[0].add(columns[0].view(np.int64))
        for numbers, pairs, column in zip(self._numbers[1:], self._pairs, columns[1:], strict=True):
            codes, new = pairs.add(codes, numbers.add(column.view(np.int64))[0])
        self._rows.add(rows[new].astype(np.float32))
        return codes
