"""The inputs of a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optitracr.domain.language import Language


@dataclass(frozen=True, slots=True)
class Inputs:
    """Which inputs a program has to be right on.

    Attributes:
        vocabulary: The tokens, sorted.
        max_seq_len: Longest input.
        causal: Whether no query selects a later key.
        domain: The inputs among them that matter; None if all do.
    """

    vocabulary: tuple[Any, ...]
    max_seq_len: int
    causal: bool = False
    domain: Language | None = None

    @property
    def lengths(self) -> tuple[int, ...]:
        """The lengths of the inputs that matter, ascending."""
        if self.domain is not None:
            return self.domain.lengths
        return tuple(range(1, self.max_seq_len + 1))

    def contain(self, tokens: Sequence[Any]) -> bool:
        """Whether an input over the vocabulary, of a length that may be, is one that matters."""
        return self.domain is None or self.domain.contains(tokens)
