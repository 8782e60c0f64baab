"""Random well-typed RASP programs of any size, the same for the same seed.

    made = random_program(seed=0, size=100)
    compile_rasp_to_model(made.program, made.vocab, made.max_seq_len)

Every s-op is used: what nothing reads is folded into the output. Value sets stay small, so
that programs of a thousand s-ops compile; every selector of a categorical Aggregate selects
at most one position, so that no output is undefined.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from optitracr import rasp
from optitracr.rasp import Comparison

Value = Any

LETTERS = "abcdefgh"


class Feature(StrEnum):
    """What a random program may contain, besides tables over tokens and indices."""

    WIDTHS = "widths"
    COPIES = "copies"
    MEANS = "means"
    SUMS = "sums"
    NONE = "none"
    COMPOSITES = "composites"
    DEFAULTS = "defaults"
    CONSTANTS = "constants"


STANDARD_FEATURES = frozenset({Feature.WIDTHS, Feature.COPIES, Feature.MEANS, Feature.SUMS})
"""Features that the standard lowering compiles, so that levels can be compared."""


@dataclass(frozen=True, slots=True)
class RandomProgram:
    """A random program and the setting that it is for.

    Attributes:
        program: The output.
        vocab: Tokens.
        max_seq_len: Longest input, BOS not counted.
        seed: What it was made from.
        size: S-ops, tokens and indices not counted.
        features: What occurs in it.
    """

    program: rasp.SOp
    vocab: tuple[str, ...]
    max_seq_len: int
    seed: int
    size: int
    features: frozenset[Feature]


@dataclass(frozen=True, slots=True)
class Table:
    """A function of one or two arguments as a table."""

    entries: tuple[tuple[Value, Value], ...]

    def __call__(self, *arguments: Value) -> Value:
        """The entry of the arguments."""
        wanted = arguments[0] if len(arguments) == 1 else arguments
        for given, result in self.entries:
            if given == wanted:
                return result
        raise KeyError(wanted)


@dataclass(frozen=True, slots=True)
class _Typed:
    """An s-op with all values that it can have."""

    sop: rasp.SOp
    values: tuple[Value, ...]
    numerical: bool = False
    may_be_none: bool = False


@dataclass(slots=True)
class _Maker:
    rng: random.Random
    vocab: tuple[str, ...]
    length: int
    features: frozenset[Feature]
    pool: list[_Typed] = field(default_factory=list)
    unused: list[int] = field(default_factory=list)
    used: set[Feature] = field(default_factory=set)
    count: int = 0

    def add(self, typed: _Typed) -> _Typed:
        """Adds an s-op that reads what `pick` gave."""
        self.count += 1
        self.unused.append(len(self.pool))
        self.pool.append(typed)
        return typed

    def pick(self, wanted: Callable[[_Typed], bool] = lambda typed: True) -> _Typed | None:
        """An s-op of a kind, as a rule one that nothing reads yet."""
        fresh = [i for i in self.unused if wanted(self.pool[i])]
        recent = [i for i in range(len(self.pool)) if wanted(self.pool[i])]
        choices = fresh if fresh and self.rng.random() < 0.7 else recent[-40:]
        if not choices:
            return None
        index = self.rng.choice(choices)
        if index in self.unused:
            self.unused.remove(index)
        return self.pool[index]

    def discrete(self, most: int = 12) -> _Typed | None:
        """A categorical s-op of few values."""
        return self.pick(lambda t: not t.numerical and 1 < len(t.values) <= most)

    def mean_of(self) -> _Typed | None:
        """A number that is a mean: sums of sums have too many values."""
        return self.pick(lambda t: t.numerical and isinstance(t.sop, rasp.Aggregate))

    def number(self) -> _Typed | None:
        """A numerical s-op."""
        return self.pick(lambda t: t.numerical)

    # -- s-ops -------------------------------------------------------------

    def table(self) -> _Typed | None:
        """A function of one s-op."""
        operand = self.discrete()
        if operand is None:
            return None
        results = self.results()
        entries = [(value, self.rng.choice(results)) for value in operand.values]
        gone = Feature.NONE in self.features and self.rng.random() < 0.2
        if gone:
            self.used.add(Feature.NONE)
            lost = self.rng.randrange(len(entries))
            entries[lost] = (entries[lost][0], None)
        sop = rasp.Map(Table(tuple(entries)), operand.sop)
        values = _distinct([result for _, result in entries])
        return self.add(_Typed(sop, values, False, operand.may_be_none or gone))

    def results(self) -> tuple[Value, ...]:
        """A few values of one type."""
        count = self.rng.randint(2, 4)
        kinds = (tuple(range(count)), (False, True), tuple(LETTERS[:count]))
        return self.rng.choice(kinds)

    def pair(self) -> _Typed | None:
        """A function of two s-ops, structured or random."""
        first = self.discrete()
        second = self.discrete(8)
        if first is None or second is None:
            return None
        shape = self.rng.randrange(3)
        results = self.results()
        entries = []
        for i, a in enumerate(first.values):
            for j, b in enumerate(second.values):
                sums = results[(i + j) % len(results)]
                greater = results[i > j]
                entries.append(((a, b), (sums, greater, self.rng.choice(results))[shape]))
        sop = rasp.SequenceMap(Table(tuple(entries)), first.sop, second.sop)
        values = _distinct([result for _, result in entries])
        return self.add(_Typed(sop, values, False, first.may_be_none or second.may_be_none))

    def selector(self, depth: int = 0) -> rasp.Selector | None:
        """Any selector."""
        composite = Feature.COMPOSITES in self.features and depth < 2
        if composite and self.rng.random() < 0.35:
            first, second = self.selector(depth + 1), self.selector(depth + 1)
            if first is None or second is None:
                return first or second
            self.used.add(Feature.COMPOSITES)
            return (first & second, first | second, ~first)[self.rng.randrange(3)]
        keys = self.discrete()
        if keys is None:
            return None
        alike = type(keys.values[0])
        queries = self.pick(
            lambda t: (
                not t.numerical and 1 <= len(t.values) <= 12 and isinstance(t.values[0], alike)
            )
        )
        if queries is None:
            return None
        comparison = self.rng.choice([Comparison.EQ, Comparison.LEQ, Comparison.GT])
        if keys.may_be_none or queries.may_be_none:
            comparison = Comparison.EQ
        return rasp.Select(keys.sop, queries.sop, comparison)

    def width(self) -> _Typed | None:
        """How many positions a selector selects."""
        selector = self.selector()
        if selector is None:
            return None
        self.used.add(Feature.WIDTHS)
        return self.add(_Typed(rasp.SelectorWidth(selector), tuple(range(self.length + 1))))

    def copy(self) -> _Typed | None:
        """What stands at one other position."""
        operand = self.discrete()
        if operand is None:
            return None
        self.used.add(Feature.COPIES)
        one, empty = self.one_position()
        default = None
        if empty and Feature.DEFAULTS in self.features and self.rng.random() < 0.5:
            self.used.add(Feature.DEFAULTS)
            default = self.rng.choice(operand.values)
        sop = rasp.Aggregate(one, operand.sop, default=default)
        none = (empty and default is None) or operand.may_be_none
        return self.add(_Typed(sop, operand.values, False, none))

    def one_position(self) -> tuple[rasp.Selector, bool]:
        """A selector of at most one position, and whether it may select none."""
        if Feature.NONE not in self.features or self.rng.random() < 0.5:
            steps: list[rasp.Predicate] = [_Before(1), _Before(2), _Before(self.length), _Half()]
            place = self.rng.choice(steps)
            return rasp.Select(rasp.indices, rasp.indices, place), False
        self.used.add(Feature.NONE)
        places = self.pick(
            lambda t: not t.numerical and all(type(v) is int and v >= 0 for v in t.values)
        )
        if places is not None and self.rng.random() < 0.4:
            return rasp.Select(rasp.indices, places.sop, Comparison.EQ), True
        shift = self.rng.choice([-2, -1, 1, 2])
        return rasp.Select(rasp.indices, rasp.indices, _Shifted(shift)), True

    def mean(self) -> _Typed | None:
        """The share of selected positions at which something holds."""
        operand = self.discrete()
        selector = self.selector()
        if operand is None or selector is None:
            return None
        self.used.add(Feature.MEANS)
        chosen = self.rng.sample(operand.values, max(1, len(operand.values) // 2))
        entries = tuple((value, int(value in chosen)) for value in operand.values)
        holds = rasp.Map(Table(entries), operand.sop)
        if operand.may_be_none:
            holds = rasp.Map(_Present(), rasp.Map(Table(entries), operand.sop))
            return self.add(_Typed(holds, (0, 1), False, True))
        held = rasp.numerical(holds)
        self.count += 1
        sop = rasp.numerical(rasp.Aggregate(selector, held, default=0))
        return self.add(_Typed(sop, (), True))

    def sum(self) -> _Typed | None:
        """A weighted sum of two numbers."""
        first, second = self.mean_of(), self.mean_of()
        if first is None or second is None:
            return None
        self.used.add(Feature.SUMS)
        factors = self.rng.choice([(1, 1), (1, -1), (2, -1)])
        sop = rasp.numerical(rasp.LinearSequenceMap(first.sop, second.sop, *factors))
        return self.add(_Typed(sop, (), True))

    def threshold(self) -> _Typed | None:
        """Whether a number is large."""
        operand = self.number()
        if operand is None:
            return None
        least = self.rng.choice([0.031, 0.27, 0.43, 0.71])
        return self.add(_Typed(rasp.Map(_Above(least), operand.sop), (False, True)))

    def constant(self) -> _Typed | None:
        """The same everywhere, or fixed by position."""
        self.used.add(Feature.CONSTANTS)
        results = self.results()
        if self.rng.random() < 0.5:
            return self.add(_Typed(rasp.Full(results[0]), results[:1]))
        values = [self.rng.choice(results) for _ in range(self.length)]
        return self.add(_Typed(rasp.ConstantSOp(values, check_length=False), _distinct(values)))

    def step(self) -> None:
        """Adds one s-op, or a few."""
        makers: list[tuple[int, Callable[[], _Typed | None]]] = [(3, self.table), (3, self.pair)]
        optional = {
            Feature.WIDTHS: [(1, self.width)],
            Feature.COPIES: [(2, self.copy)],
            Feature.MEANS: [(1, self.mean), (1, self.threshold)],
            Feature.SUMS: [(1, self.sum)],
            Feature.CONSTANTS: [(1, self.constant)],
        }
        for feature, more in optional.items():
            makers += more if feature in self.features else []
        weights = [weight for weight, _ in makers]
        self.rng.choices([make for _, make in makers], weights)[0]()

    def pending(self) -> int:
        """S-ops that folding what is unused will take."""
        numbers = sum(self.pool[i].numerical for i in self.unused)
        return max(len(self.unused) - 1, 0) + numbers

    def fold(self) -> rasp.SOp:
        """One output that depends on everything."""
        rest = [self.pool[i] for i in self.unused]
        rest = [
            _Typed(rasp.Map(_Above(0.4), t.sop), (False, True)) if t.numerical else t for t in rest
        ]
        rest = [t for t in rest if t.values] or rest
        total = rest[0]
        for other in rest[1:]:
            entries = tuple(
                ((a, b), (i + j) % 3)
                for i, a in enumerate(total.values)
                for j, b in enumerate(other.values)
            )
            sop = rasp.SequenceMap(Table(entries), total.sop, other.sop)
            total = _Typed(sop, _distinct([r for _, r in entries]))
        return total.sop


@dataclass(frozen=True, slots=True)
class _Shifted:
    shift: int

    def __call__(self, key: int, query: int) -> bool:
        return key == query + self.shift


@dataclass(frozen=True, slots=True)
class _Before:
    """The position some steps before, or the first."""

    steps: int

    def __call__(self, key: int, query: int) -> bool:
        return key == max(query - self.steps, 0)


@dataclass(frozen=True, slots=True)
class _Half:
    """The position half-way to the first."""

    def __call__(self, key: int, query: int) -> bool:
        return key == query // 2


@dataclass(frozen=True, slots=True)
class _Above:
    least: float

    def __call__(self, number: float) -> bool:
        return number > self.least


@dataclass(frozen=True, slots=True)
class _Present:
    def __call__(self, value: Value) -> Value:
        return value


def _distinct(values: Sequence[Value]) -> tuple[Value, ...]:
    return tuple(dict.fromkeys(value for value in values if value is not None))


def random_program(
    seed: int,
    size: int = 20,
    vocabulary: int = 3,
    max_seq_len: int = 5,
    features: Collection[Feature | str] = STANDARD_FEATURES,
    rng: random.Random | None = None,
) -> RandomProgram:
    """A random program.

    Args:
        seed: The same seed and arguments give the same program.
        size: S-ops to make, tokens and indices not counted; the program has so many, or a
            few more where the last ones come together.
        vocabulary: Number of tokens, at most 8.
        max_seq_len: Longest input, BOS not counted.
        features: What it may contain.
        rng: Where the choices come from, in place of the seed.
    """
    maker = _Maker(
        rng or random.Random(f"{seed} {size} {vocabulary} {max_seq_len}"),
        tuple(LETTERS[:vocabulary]),
        max_seq_len,
        frozenset(Feature(feature) for feature in features),
    )
    maker.pool += [
        _Typed(rasp.tokens, maker.vocab),
        _Typed(rasp.indices, tuple(range(max_seq_len))),
    ]
    while maker.count + maker.pending() < size:
        maker.step()
    extra = maker.pending()
    program = maker.fold() if maker.unused else rasp.tokens
    used = frozenset(maker.used)
    return RandomProgram(program, maker.vocab, max_seq_len, seed, maker.count + extra, used)
