"""Keys that a head looks at, by what they hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.symbolic.values import Assignment, OpenError

Mask = NDArray[np.bool_]

MOST_PAIRS = 1 << 22
"""Pairs of keys that are compared: four million of them, for each way in which queries look."""


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """Keys by what they hold, and how a head looks at them.

    Attributes:
        held: What they hold, the index among it.
        index: Their index.
        causal: Whether a key does not see what comes after it.
        looks: For each way in which queries look: which are above BOS, and the order of logits.
    """

    held: Assignment
    index: NDArray[np.int64]
    causal: bool
    looks: tuple[tuple[Mask, NDArray[np.int64]], ...]

    @property
    def apart(self) -> Mask:
        """Whether two of them have different indices, as two keys of one input have."""
        self._check()
        return np.asarray(self.index[:, None] != self.index)

    @property
    def seen(self) -> Mask:
        """Whether the second of two sees the first."""
        self._check()
        earlier = np.asarray(self.index[:, None] <= self.index)
        return earlier if self.causal else np.ones_like(earlier)

    def _check(self) -> None:
        if len(self.index) ** 2 > MOST_PAIRS:
            raise OpenError("a head for the best key is asked about too many keys")

    def part(self, kept: Mask) -> Keys:
        """Some of them."""
        looks = tuple((above[kept], logits[kept]) for above, logits in self.looks)
        return Keys(part_of(self.held, kept), self.index[kept], self.causal, looks)


def part_of(given: Assignment, kept: Mask) -> Assignment:
    """Some of the combinations of variables."""
    return {label: codes[kept] for label, codes in given.items()}


def distinct(given: Assignment, count: int) -> tuple[Assignment, NDArray[np.intp]]:
    """The distinct combinations of some variables, and which of them each one is."""
    if not given:
        return {}, np.zeros(count, dtype=np.intp)
    rows = np.stack(list(given.values()), axis=1)
    found, inverse = np.unique(rows, axis=0, return_inverse=True)
    return dict(zip(given, found.T, strict=True)), inverse.ravel().astype(np.intp)


def least_gap(above: Mask, logits: NDArray[np.float64], apart: Mask) -> float:
    """By how much the logits of any two keys above BOS differ at least."""
    own = logits[above]
    gaps = np.abs(own[:, None] - own)
    return float(np.where(apart[above][:, above], gaps, np.inf).min(initial=np.inf))
