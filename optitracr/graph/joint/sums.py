"""Sums of one number from each of some sets, and of how many of one set there may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.values import MAX_COMBINATIONS, MAX_VALUES
from optitracr.rasp.exact import over_common_denominator

Value = Any
Integers = NDArray[np.int64]

LARGEST = 1 << 40
"""Integers up to this size may be added a million times before 64 bits are full."""


@dataclass(slots=True)
class Sums:
    """Sums of the numbers of one s-op, as integers over their common denominator.

    Attributes:
        values: The numbers, as the value set has them.
        summands: The integer of each.
        denominator: What they are divided by.
    """

    values: Sequence[Value]
    summands: list[int] = field(init=False)
    denominator: int = field(init=False)
    _of: dict[tuple[bytes, ...], Integers | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.summands, self.denominator = over_common_denominator(self.values)

    @property
    def fits(self) -> bool:
        """Whether sums are small enough to be added as arrays."""
        return max(map(abs, self.summands), default=0) <= LARGEST

    def of(self, sets: Sequence[NDArray[np.bool_]]) -> Integers | None:
        """Every sum of one number from each of some sets; None if there are too many.

        Args:
            sets: For each set which of the values it holds.
        """
        key = tuple(sorted(one.tobytes() for one in sets))
        # Sums of the first few sets are kept: the next position adds one set to them.
        known = len(key)
        while known and key[:known] not in self._of:
            known -= 1
        found = self._of[key[:known]] if known else np.zeros(1, dtype=np.int64)
        for place in range(known, len(key)):
            held = np.frombuffer(key[place], dtype=bool)
            found = self._plus(found, held)
            self._of[key[: place + 1]] = found
        return found

    def _plus(self, sums: Integers | None, held: NDArray[np.bool_]) -> Integers | None:
        own = np.array([x for x, there in zip(self.summands, held, strict=True) if there], np.int64)
        if sums is None or len(sums) * len(own) > MAX_COMBINATIONS:
            return None
        found = np.unique(np.add.outer(sums, own))
        return found if len(found) <= MAX_VALUES * 64 else None

    def means(self, sums: Integers, count: int) -> NDArray[np.float64]:
        """The means with these sums of so many numbers, each the nearest float."""
        divisor = count * self.denominator
        if divisor <= LARGEST and abs(sums).max(initial=0) <= LARGEST * 256:
            return sums / divisor
        return np.array([float(Fraction(int(total), divisor)) for total in sums])
