"""The inputs of one compilation: a domain's, for a vocabulary and a longest input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from optitracr import arguments
from optitracr.domain.automaton import Automaton, everything
from optitracr.domain.occurrence import Occurrence
from optitracr.domain.rows import Codes, Filter, Rows
from optitracr.domain.words import Words
from optitracr.errors import InputError
from optitracr.rasp.identity import is_same, plain

Token = Any

MAX_ASKED = 100_000
"""Inputs up to which a predicate is asked about each, so that it is known like any other promise:
some tenths of a second for a quick predicate."""


@dataclass(frozen=True, eq=False)
class Language:
    """Which inputs a model has to be right on.

    A sequence is a list of tokens without BOS, or a text of one-letter tokens.

    Attributes:
        vocabulary: The tokens, sorted.
        longest: Longest input.
        automaton: What tells these inputs from others, up to predicates.
        text: The domain as it was written; "" if nothing was promised.
        passes: What a predicate says beside the automaton; None if the automaton tells all.
        bos: The BOS token; it may begin a sequence.
    """

    vocabulary: tuple[Token, ...]
    longest: int
    automaton: Automaton
    text: str = ""
    passes: Filter | None = None
    bos: Token = None
    _places: dict[Token, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", places_of(self.vocabulary))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Language) and self._known() == other._known()

    def __hash__(self) -> int:
        return hash((self.vocabulary, self.longest, self.text))

    def _known(self) -> tuple[Any, ...]:
        """All but what a predicate says."""
        own = self.automaton
        arrays = tuple(x.tobytes() for x in (own.classes, own.step, own.accepting))
        return (self.vocabulary, self.longest, self.text, self.bos, self.is_exact, arrays)

    def __repr__(self) -> str:
        return f"<Language {self}>"

    def __str__(self) -> str:
        return self.text or f"every input of 1 to {self.longest} tokens"

    @property
    def is_exact(self) -> bool:
        """Whether the automaton tells all, and no predicate has to be asked."""
        return self.passes is None

    # -- single inputs -------------------------------------------------------

    def contains(self, tokens: Sequence[Token]) -> bool:
        """Whether a sequence is one of these inputs; BOS may stand first.

        Raises:
            InputError: If it is no sequence, or the predicate raises or gives no bool.
        """
        listed = arguments.sequence("tokens", tokens)
        if listed and type(listed[0]) is type(self.bos) and listed[0] == self.bos:
            listed = listed[1:]
        codes = self._codes(listed)
        if codes is None or not 1 <= len(codes) <= self.longest:
            return False
        return bool(self.rows.contain(codes[None])[0])

    def _codes(self, tokens: Sequence[Token]) -> Codes | None:
        """The places of tokens; None if one is not in the vocabulary."""
        found = [place_of(self._places, self.vocabulary, token) for token in tokens]
        return None if None in found else np.array(found, dtype=np.int32)

    # -- all inputs ------------------------------------------------------------

    @cached_property
    def rows(self) -> Rows:
        """These inputs as arrays."""
        return Rows(self.vocabulary, Words(self.automaton, self.longest), self.passes)

    @cached_property
    def occurrence(self) -> Occurrence:
        """What stands where in them, and how often."""
        return Occurrence(self.rows.words)

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """The lengths of inputs, ascending; where a predicate is asked, those that may be."""
        return tuple(self.rows.words.lengths.tolist())

    def count(self, length: int | None = None) -> int:
        """How many inputs there are, of one length or of all.

        Args:
            length: The length; by default they are all counted.

        Raises:
            InputError: If the length is none, or a predicate would have to be asked about too
                many inputs.
        """
        if not self.is_exact:
            raise InputError(
                f"the domain {self.text} holds a predicate, so that its inputs are not counted; "
                "write it by domain.matches and the like, or lower max_seq_len"
            )
        counts = self.rows.words.counts()
        if length is None:
            return sum(counts)
        return counts[arguments.integer("length", length, least=0, most=self.longest)]

    def enumerate(self, limit: int) -> Iterator[list[Token]]:
        """Inputs, the shortest first, then in the order of the vocabulary.

        Args:
            limit: At most so many. A predicate is asked about the first `MAX_ASKED` of each
                length, and about twice as many as there may be of them.

        Raises:
            InputError: If the limit is no number, or the predicate raises.
            LimitError: If so many do not fit in memory.
        """
        return self._enumerated(arguments.integer("limit", limit, least=0))

    def _enumerated(self, left: int) -> Iterator[list[Token]]:
        for length in self.lengths:
            if left <= 0:
                return
            asked = left if self.is_exact else max(MAX_ASKED, 2 * left)
            for row in self.rows.first(length, asked)[:left]:
                yield self.rows.tokens(row)
                left -= 1


def every_input(vocabulary: tuple[Token, ...], longest: int, bos: Token = None) -> Language:
    """Every sequence over a vocabulary, up to a length."""
    return Language(vocabulary, longest, everything(len(vocabulary)), bos=bos)


def places_of(vocabulary: tuple[Token, ...]) -> dict[Token, int]:
    """The place of each token."""
    return {token: place for place, token in enumerate(vocabulary)}


def place_of(places: dict[Token, int], vocabulary: tuple[Token, ...], token: Token) -> int | None:
    """The place of a token; None if it is not in the vocabulary."""
    try:
        found = places[plain(token)]
        # Equal values are one output, but not one token.
        return found if is_same(vocabulary[found], plain(token)) else None
    except Exception:
        return None
