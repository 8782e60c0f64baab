"""Promises about inputs, before anything is known of a vocabulary.

They are data: what they mean for a vocabulary and a length is worked out when a program is
compiled (`optitracr.domain.binding`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from optitracr import arguments

Token = Any
Predicate = Callable[[list[Token]], bool]


class Domain:
    """Inputs that matter: those for which a promise holds.

    `first & second` are the inputs of both, `first | second` those of either. It prints as it is
    written.
    """

    __slots__ = ()

    def __and__(self, other: Domain) -> Domain:
        """The inputs of both."""
        return Both(self, other) if isinstance(other, Domain) else NotImplemented

    def __or__(self, other: Domain) -> Domain:
        """The inputs of either."""
        return Either(self, other) if isinstance(other, Domain) else NotImplemented


@dataclass(frozen=True, slots=True)
class Counted(Domain):
    """A token stands at so many positions.

    Attributes:
        token: The token.
        least: At least so many.
        most: At most so many; None for any number.
        name: How that is written.
    """

    token: Token
    least: int
    most: int | None
    name: str

    def __str__(self) -> str:
        return f"{self.name}({arguments.shown(self.token)})"


@dataclass(frozen=True, slots=True)
class Matching(Domain):
    """The spellings of the tokens, joined, match a regular expression.

    Attributes:
        pattern: The expression.
    """

    pattern: str

    def __str__(self) -> str:
        return f"matches({self.pattern!r})"


@dataclass(frozen=True, slots=True)
class OfLength(Domain):
    """There are so many tokens.

    Attributes:
        lengths: The lengths, ascending.
    """

    lengths: range | tuple[int, ...]

    def __str__(self) -> str:
        if isinstance(self.lengths, range):
            return f"lengths({self.lengths[0]}, {self.lengths[-1]})"
        return f"lengths({arguments.shown(list(self.lengths))})"


@dataclass(frozen=True, slots=True, eq=False)
class Listed(Domain):
    """Some inputs and no others.

    Attributes:
        sequences: The inputs.
    """

    sequences: tuple[tuple[Token, ...], ...]

    def __str__(self) -> str:
        if len(self.sequences) == 1:
            return f"listed({arguments.shown([list(self.sequences[0])])})"
        return f"listed({len(self.sequences):,} inputs)"


@dataclass(frozen=True, slots=True)
class Where(Domain):
    """A predicate holds of the list of tokens.

    Attributes:
        predicate: The predicate.
    """

    predicate: Predicate

    def __str__(self) -> str:
        return f"where({getattr(self.predicate, '__qualname__', None) or 'a predicate'})"


@dataclass(frozen=True, slots=True)
class Both(Domain):
    """What two domains have in common.

    Attributes:
        first: One.
        second: The other.
    """

    first: Domain
    second: Domain

    def __str__(self) -> str:
        parts = (self.first, self.second)
        return " & ".join(f"({x})" if isinstance(x, Either) else str(x) for x in parts)


@dataclass(frozen=True, slots=True)
class Either(Domain):
    """What is in one of two domains.

    Attributes:
        first: One.
        second: The other.
    """

    first: Domain
    second: Domain

    def __str__(self) -> str:
        return f"{self.first} | {self.second}"
