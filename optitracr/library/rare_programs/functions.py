"""Functions and predicates that do something special at one argument, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Value = Any


@dataclass(frozen=True, slots=True)
class Special:
    """One result at one value, another elsewhere."""

    at: Value
    hit: Value
    miss: Value

    def __call__(self, value: Value) -> Value:
        """The result."""
        return self.hit if value == self.at else self.miss


@dataclass(frozen=True, slots=True)
class Replaced:
    """The value itself, but another in place of one."""

    at: Value
    other: Value

    def __call__(self, value: Value) -> Value:
        """The result."""
        return self.other if value == self.at else value


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table; what is not in it gives the last result."""

    arguments: tuple[Value, ...]
    results: tuple[Value, ...]

    def __call__(self, value: Value) -> Value:
        """The result."""
        for argument, result in zip(self.arguments, self.results, strict=True):
            if value == argument:
                return result
        return self.results[-1]


@dataclass(frozen=True, slots=True)
class SpecialPair:
    """One result at one pair, another elsewhere; without another, the first argument."""

    first: Value
    second: Value
    hit: Value
    miss: Value = None
    keep: bool = False

    def __call__(self, first: Value, second: Value) -> Value:
        """The result."""
        if first == self.first and second == self.second:
            return self.hit
        return first if self.keep else self.miss


@dataclass(frozen=True, slots=True)
class Modular:
    """A weighted sum modulo a number."""

    factors: tuple[int, int]
    modulus: int

    def __call__(self, first: int, second: int = 1) -> int:
        """The result."""
        return (self.factors[0] * first + self.factors[1] * second) % self.modulus


@dataclass(frozen=True, slots=True)
class Paired:
    """The pair of two values."""

    def __call__(self, first: Value, second: Value) -> Value:
        """The result."""
        return (first, second)


@dataclass(frozen=True, slots=True)
class Written:
    """A value as text, which tells True, 1 and 1.0 apart."""

    def __call__(self, value: Value) -> str:
        """The result."""
        return repr(value)


@dataclass(frozen=True, slots=True)
class Affine:
    """A factor times a number, and a summand."""

    factor: float
    summand: float

    def __call__(self, number: float) -> float:
        """The result."""
        return self.factor * number + self.summand


@dataclass(frozen=True, slots=True)
class Above:
    """Whether a number is larger than another."""

    least: float

    def __call__(self, number: float) -> bool:
        """The result."""
        return number > self.least


@dataclass(frozen=True, slots=True)
class Opposite:
    """The position counted from the end."""

    def __call__(self, length: int, index: int) -> int:
        """The result."""
        return length - index - 1


@dataclass(frozen=True, slots=True)
class Ordered:
    """One number for a token and its position, the token first."""

    order: tuple[Value, ...]
    positions: int

    def __call__(self, token: Value, index: int) -> int:
        """The result."""
        return self.order.index(token) * self.positions + index


@dataclass(frozen=True, slots=True)
class Share:
    """A quotient that no input divides by zero: positions are smaller than the length."""

    def __call__(self, length: int, index: int) -> int:
        """The result."""
        return length // (length - index)


@dataclass(frozen=True, slots=True)
class FromZero:
    """Raises below zero, as a look-up of positions from the end would."""

    modulus: int

    def __call__(self, number: int) -> int:
        """The result."""
        if number < 0:
            raise ValueError(f"{number} is no position")
        return number % self.modulus


@dataclass(frozen=True, slots=True)
class NotFirst:
    """The first argument; raises at position 0, where nothing stands before."""

    def __call__(self, previous: Value, index: int) -> Value:
        """The result."""
        if index == 0:
            raise ValueError("nothing stands before the first position")
        return previous


# -- predicates ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PairIs:
    """Holds for one key and one query."""

    key: Value
    query: Value

    def __call__(self, key: Value, query: Value) -> bool:
        """Whether the query selects the key."""
        return bool(key == self.key and query == self.query)


@dataclass(frozen=True, slots=True)
class KeyIs:
    """Holds for one key, or for all others."""

    key: Value
    holds: bool = True

    def __call__(self, key: Value, query: Value) -> bool:
        """Whether the query selects the key."""
        return (key == self.key) is self.holds


@dataclass(frozen=True, slots=True)
class QueryIs:
    """Holds for one query."""

    query: Value

    def __call__(self, key: Value, query: Value) -> bool:
        """Whether the query selects the key."""
        return bool(query == self.query)


@dataclass(frozen=True, slots=True)
class KeyIn:
    """Holds for some keys."""

    keys: tuple[Value, ...]

    def __call__(self, key: Value, query: Value) -> bool:
        """Whether the query selects the key."""
        return key in self.keys


@dataclass(frozen=True, slots=True)
class Near:
    """Holds for numbers that are no farther apart."""

    distance: int

    def __call__(self, key: int, query: int) -> bool:
        """Whether the query selects the key."""
        return abs(key - query) <= self.distance


@dataclass(frozen=True, slots=True)
class Shifted:
    """Holds for the position that is so far from the query's."""

    shift: int

    def __call__(self, key: int, query: int) -> bool:
        """Whether the query selects the key."""
        return key == query + self.shift


@dataclass(frozen=True, slots=True)
class Before:
    """Holds for the position so far before, or the first."""

    steps: int

    def __call__(self, key: int, query: int) -> bool:
        """Whether the query selects the key."""
        return key == max(query - self.steps, 0)


@dataclass(frozen=True, slots=True)
class Divides:
    """Whether a position counted from the end is divided; it is never negative."""

    by: int

    def __call__(self, key: int, query: int) -> bool:
        """Whether the query selects the key."""
        if key < 0:
            raise ValueError(f"{key} is no position")
        return key % self.by == 0
