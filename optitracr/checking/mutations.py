"""Inputs made of inputs: small changes, and mixtures of two."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from optitracr.inputs import Codes

Tokens = list[int]


class Mutator:
    """Changes inputs at random, by a generator that is given.

    Args:
        rng: Where the choices come from.
        vocabulary: Number of tokens.
        longest: Longest input.
    """

    def __init__(self, rng: np.random.Generator, vocabulary: int, longest: int) -> None:
        self._rng, self._vocabulary, self._longest = rng, vocabulary, longest
        self._changes: tuple[Callable[[Tokens, Tokens], Tokens], ...] = (
            self._replaced,
            self._copied,
            self._swapped,
            self._resized,
            self._spliced,
            self._mixed,
            self._inserted,
        )

    def change(self, tokens: Tokens, other: Tokens) -> Tokens:
        """A changed copy of an input, or a mixture of two: one to three changes."""
        changed = list(tokens)
        for _ in range(self._below(3) + 1):
            changed = self._changes[self._below(len(self._changes))](changed, other)
        return changed[: self._longest]

    def fresh(self, count: int) -> Codes:
        """Inputs made of nothing, of every length."""
        codes = self._rng.integers(self._vocabulary, size=(count, self._longest))
        lengths = self._rng.integers(1, self._longest + 1, size=(count, 1))
        return np.where(np.arange(self._longest) < lengths, codes, -1).astype(np.int32)

    def _below(self, end: int) -> int:
        return int(self._rng.integers(end))

    def _replaced(self, tokens: Tokens, other: Tokens) -> Tokens:
        tokens[self._below(len(tokens))] = self._below(self._vocabulary)
        return tokens

    def _copied(self, tokens: Tokens, other: Tokens) -> Tokens:
        """A token of the input once more: what is selected once is then selected twice."""
        tokens[self._below(len(tokens))] = tokens[self._below(len(tokens))]
        return tokens

    def _swapped(self, tokens: Tokens, other: Tokens) -> Tokens:
        i, j = self._below(len(tokens)), self._below(len(tokens))
        tokens[i], tokens[j] = tokens[j], tokens[i]
        return tokens

    def _resized(self, tokens: Tokens, other: Tokens) -> Tokens:
        """Cut, or made longer by its own tokens."""
        length = self._below(self._longest) + 1
        more = [tokens[self._below(len(tokens))] for _ in range(length - len(tokens))]
        return [*tokens[:length], *more]

    def _spliced(self, tokens: Tokens, other: Tokens) -> Tokens:
        cut = self._below(len(tokens) + 1)
        return [*tokens[:cut], *other[self._below(len(other)) :]][: self._longest]

    def _mixed(self, tokens: Tokens, other: Tokens) -> Tokens:
        """An input of any length that is made of the tokens of two."""
        pool = tokens + other if self._below(2) else tokens
        return [pool[self._below(len(pool))] for _ in range(self._below(self._longest) + 1)]

    def _inserted(self, tokens: Tokens, other: Tokens) -> Tokens:
        """A token of either input in between, where there is room; else one less."""
        place = self._below(len(tokens) + 1)
        if len(tokens) < self._longest:
            pool = tokens + other
            return [*tokens[:place], pool[self._below(len(pool))], *tokens[place:]]
        return [*tokens[:place], *tokens[place + 1 :]] if len(tokens) > 1 else tokens
