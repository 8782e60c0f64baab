"""What a random program is made of so far, and choices among it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from optitracr import rasp

Value = Any

PALETTES: tuple[tuple[Value, ...], ...] = (
    (0, 1),
    (False, True),
    ("p", "q", "r"),
    (-1, 0, 2),
    (0.5, 1.5, -2.25),
    (True, 1),
    (1, 1.0, 2),
    (0, False, "0"),
    (0.0, -0.0, 1.0),
    ((1,), (True,), (2,)),
    ((0, "p"), (1, "q")),
    ("1", 1, 2),
    ("", 0, ()),
)
"""Values that functions give: of one type, of several, and equal ones of several."""

PLAIN_PALETTES = 5
"""So many of the palettes, the first, have no equal values of several types, or values of several
types."""

MOST_VALUES = 48
"""Values of an s-op, so that tables of two of them stay small and a program compiles in seconds."""

MOST_MEANS = 100
"""Values of a mean; such s-ops are seldom read by more than a function that is special once, so
there may be more of them."""

MOST_PAIRS = 1200
"""Entries of a function of two s-ops: about half of what two s-ops with the most values have."""


@dataclass(frozen=True, slots=True)
class Typed:
    """An s-op with all values that it can have.

    Attributes:
        sop: The s-op.
        values: A superset of its values, None left out; empty for a number.
        may_be_none: Whether it can be None.
    """

    sop: rasp.SOp
    values: tuple[Value, ...]
    may_be_none: bool = False

    @property
    def numerical(self) -> bool:
        """Whether it is held as a number, and has values that are not listed."""
        return not self.values

    @property
    def integral(self) -> bool:
        """Whether all values are integers, no booleans."""
        return bool(self.values) and all(type(value) is int for value in self.values)

    @property
    def of_numbers(self) -> bool:
        """Whether all values are numbers, so that they have means."""
        return bool(self.values) and all(isinstance(v, int | float) for v in self.values)

    @property
    def comparable(self) -> bool:
        """Whether values can be put in order."""
        return self.of_numbers or all(isinstance(value, str) for value in self.values)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A selector, and what is known of it.

    Attributes:
        selector: The selector.
        single: Whether a query selects at most one key.
        keys: The keys, where None among them is never selected.
    """

    selector: rasp.Selector
    single: bool = False
    keys: Typed | None = None


@dataclass(slots=True)
class Maker:
    """The state of making one program.

    Attributes:
        rng: Where every choice comes from.
        vocab: Tokens.
        length: Longest input.
        pool: S-ops made so far.
        unused: Places in the pool that nothing reads.
        kinds: What was drawn, in order.
    """

    rng: random.Random
    vocab: tuple[Value, ...]
    length: int
    pool: list[Typed] = field(default_factory=list)
    unused: list[int] = field(default_factory=list)
    kinds: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pool += [self.tokens, self.indices]

    @property
    def tokens(self) -> Typed:
        """The tokens."""
        return Typed(rasp.tokens, self.vocab)

    @property
    def indices(self) -> Typed:
        """The positions."""
        return Typed(rasp.indices, tuple(range(self.length)))

    def note(self, kind: str) -> None:
        """Notes that a kind of thing occurs in the program."""
        self.kinds[kind] = None

    def add(self, typed: Typed) -> Typed:
        """Adds an s-op."""
        self.unused.append(len(self.pool))
        self.pool.append(typed)
        return typed

    def chance(self, probability: float) -> bool:
        """True as often as that."""
        return self.rng.random() < probability

    def pick(self, wanted: Callable[[Typed], bool], fresh: float = 0.75) -> Typed | None:
        """An s-op of a kind, as a rule one that nothing reads yet."""
        new = [place for place in self.unused if wanted(self.pool[place])]
        every = [place for place in range(len(self.pool)) if wanted(self.pool[place])]
        choices = new if new and self.chance(fresh) else every
        if not choices:
            return None
        place = self.rng.choice(choices)
        if place in self.unused:
            self.unused.remove(place)
        return self.pool[place]

    def discrete(self, most: int = MOST_VALUES) -> Typed | None:
        """An s-op of listed values."""
        return self.pick(lambda typed: 0 < len(typed.values) <= most)

    def palette(self) -> tuple[Value, ...]:
        """Values for a function to give, in any order."""
        plain = self.chance(0.65)
        palette = self.rng.choice(PALETTES[:PLAIN_PALETTES] if plain else PALETTES[PLAIN_PALETTES:])
        if not plain:
            self.note("mixed types")
        return tuple(self.rng.sample(palette, len(palette)))

    def default_of(self, operand: Typed) -> Value:
        """A default of any type: None, a value of the operand, or something else."""
        others = (0, -1, 0.5, "none", (), (0, "x"), False, 1.0)
        kind = self.rng.randrange(4)
        if kind == 0 or not operand.values:
            return None
        if kind < 3:
            self.note("default that is a value")
            return self.rng.choice(operand.values)
        self.note("default of any type")
        return self.rng.choice(others)


def distinct(values: Iterable[Value]) -> tuple[Value, ...]:
    """The values without repetitions and None; 1, 1.0 and True are three."""
    return tuple({repr(value): value for value in values if value is not None}.values())


def results(function: Callable[..., Value], *operands: Typed) -> tuple[Value, ...] | None:
    """All values of a function; None if they are too many."""
    if len(operands) == 1:
        found = [attempt(function, value) for value in operands[0].values]
    else:
        first, second = (operand.values for operand in operands)
        if len(first) * len(second) > MOST_PAIRS:
            return None
        found = [attempt(function, x, y) for x in first for y in second]
    values = distinct(found)
    return values if 0 < len(values) <= MOST_VALUES else None


def attempt(function: Callable[..., Value], *arguments: Value) -> Value:
    """The result, None where the function raises: no input leads there."""
    try:
        return function(*arguments)
    except ValueError:
        return None
    except ZeroDivisionError:
        return None


def mean_values(values: Sequence[Value], most: int) -> tuple[Value, ...] | None:
    """All means of at most so many of some numbers; None if they are too many."""
    sums: dict[Value, None] = {0: None}
    means: list[Value] = list(values)
    for count in range(1, most + 1):
        sums = {total + value: None for total in sums for value in values}
        if len(sums) > 8 * MOST_VALUES:
            return None
        means += [total / count for total in sums if count > 1]
    found = distinct(means)
    return found if len(found) <= MOST_MEANS else None
