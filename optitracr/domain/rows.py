"""The inputs of a domain as arrays: told from others, listed, drawn, and mended.

Arrays hold the places of tokens in the vocabulary, one row an input; -1 pads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.domain.words import Words

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

Token = Any
Codes = NDArray[np.int32]
Filter = Callable[[list[Token]], bool]

ATTEMPTS = 64
"""Draws for each input that a predicate has to let pass. A predicate that holds for fewer than one
in so many gets fewer inputs than were asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The inputs of a domain.

    Attributes:
        vocabulary: The tokens, sorted.
        words: What the domain's automaton accepts.
        passes: What a predicate says beside it; None if the automaton tells all.
    """

    vocabulary: tuple[Token, ...]
    words: Words
    passes: Filter | None

    def contain(self, codes: NDArray[np.integer[Any]]) -> Bool[NDArray[np.bool_], " count"]:
        """Which of many sequences, of 1 to `longest` tokens each, are among these inputs.

        Args:
            codes: Shape [count, at most longest].
        """
        inside = self.words.automaton.accepts(codes)
        inside[inside] = self._passing(codes[inside])
        return inside

    def tokens(self, row: NDArray[np.integer[Any]]) -> list[Token]:
        """The tokens of one row."""
        return [self.vocabulary[code] for code in row.tolist() if code >= 0]

    def first(self, length: int, count: int) -> Int[Codes, "count longest"]:
        """The first so many sequences of a length, but for those that a predicate leaves out."""
        found = self.words.of_length(length, count)
        return found[self._passing(found)]

    def of_length(self, length: int) -> Int[Codes, "count longest"]:
        """All inputs of a length.

        Raises:
            LimitError: If they do not fit in memory.
        """
        found = self.words.of_length(length)
        return found[self._passing(found)]

    def exhausted(self, limit: int) -> int:
        """The longest length such that all inputs up to it number at most so many."""
        return self.words.exhausted(limit)

    def sample(
        self, rng: np.random.Generator, count: int, lengths: Sequence[int] | None = None
    ) -> Int[Codes, "count longest"]:
        """Inputs at random: a length, then each input of it as likely as another.

        Args:
            rng: Of the draw.
            count: Number of inputs; a predicate that rarely holds gives fewer.
            lengths: Lengths to draw from, each as likely as another; all by default.
        """
        known = self.words.lengths
        allowed = known if lengths is None else np.intersect1d(known, np.array(lengths, dtype=int))
        kept = [np.zeros((0, self.words.longest), dtype=np.int32)]
        left = count if len(allowed) else 0
        tries = left if self.passes is None else left * ATTEMPTS
        while left > 0 and tries > 0:
            size = min(left, tries)
            drawn = self.words.drawn(rng, rng.choice(allowed, size=size))
            kept.append(drawn[self._passing(drawn)])
            tries, left = tries - size, left - len(kept[-1])
        return np.concatenate(kept)

    def mended(
        self, rng: np.random.Generator, codes: NDArray[np.integer[Any]]
    ) -> Int[Codes, "count longest"]:
        """Inputs that are like given sequences, none twice; those that are inputs stay.

        Args:
            rng: For tokens that cannot stay.
            codes: Shape [count, longest], of at least one token each.
        """
        lengths = self.words.lengths
        if not len(lengths):
            return np.zeros((0, self.words.longest), dtype=np.int32)
        given = (codes >= 0).sum(axis=1)
        nearest = lengths[np.abs(given[:, None] - lengths).argmin(axis=1)]
        found = self.words.mended(rng, codes, nearest)
        _, first = np.unique(found, axis=0, return_index=True)
        found = found[np.sort(first)]
        return found[self._passing(found)]

    def _passing(self, codes: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
        """Which accepted sequences the predicate lets pass."""
        if self.passes is None:
            return np.ones(len(codes), dtype=bool)
        return np.array([self.passes(self.tokens(row)) for row in codes], dtype=bool)
