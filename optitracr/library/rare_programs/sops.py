"""Kinds of s-ops; each function adds one to the program, or gives None where it cannot."""

from __future__ import annotations

from collections.abc import Callable

from optitracr import rasp
from optitracr.library.rare_programs.functions import (
    Above,
    Affine,
    FromZero,
    Lookup,
    Modular,
    NotFirst,
    Opposite,
    Ordered,
    Paired,
    PairIs,
    Replaced,
    Share,
    Shifted,
    Special,
    SpecialPair,
    Written,
)
from optitracr.library.rare_programs.maker import (
    Chosen,
    Maker,
    Typed,
    Value,
    distinct,
    mean_values,
    results,
)
from optitracr.library.rare_programs.selectors import any_selector, single_selector
from optitracr.rasp import Comparison

MEAN_POSITIONS = 8
"""Longest inputs of which means are categories: longer ones have too many means, as every sum over
every count is one."""

INDEX_MEANS = 6
"""Longest inputs of which means of positions are categories: positions have more sums than
tokens."""

MOST_KEYS = 64
"""Keys that are ranked at most: each pair of token and position is a value of its own, and each
pair of these an entry of the predicate."""

NAMES = ("hist", "hist.share", "hist.average", "hist.count", "one", "tokens.1", "map_1")
"""Names that could be taken for those of parts of a model."""


def mapped(maker: Maker, function: Callable[[Value], Value], operand: Typed) -> Typed | None:
    """A map, if it has few values."""
    values = results(function, operand)
    if values is None:
        return None
    none = operand.may_be_none or any(function(value) is None for value in operand.values)
    return maker.add(Typed(rasp.Map(function, operand.sop), values, none))


def paired(
    maker: Maker, function: Callable[[Value, Value], Value], first: Typed, second: Typed
) -> Typed | None:
    """A map of two, if it has few values."""
    values = results(function, first, second)
    if values is None:
        return None
    none = first.may_be_none or second.may_be_none
    return maker.add(Typed(rasp.SequenceMap(function, first.sop, second.sop), values, none))


def special(maker: Maker) -> Typed | None:
    """A function that is special at one value."""
    operand = maker.discrete()
    if operand is None:
        return None
    hit, miss, *_ = maker.palette()
    if maker.chance(0.1):
        miss = None
    return mapped(maker, Special(maker.rng.choice(operand.values), hit, miss), operand)


def replaced(maker: Maker) -> Typed | None:
    """All values but one stay as they are."""
    operand = maker.discrete()
    if operand is None:
        return None
    other = None if maker.chance(0.25) else maker.palette()[0]
    return mapped(maker, Replaced(maker.rng.choice(operand.values), other), operand)


def table(maker: Maker) -> Typed | None:
    """A table of few results."""
    operand = maker.discrete()
    if operand is None:
        return None
    palette = maker.palette()
    entries = tuple(maker.rng.choice(palette) for _ in operand.values)
    return mapped(maker, Lookup(operand.values, entries), operand)


def special_pair(maker: Maker) -> Typed | None:
    """A function that is special at one pair."""
    first, second = maker.discrete(), maker.discrete()
    if first is None or second is None:
        return None
    maker.note("one pair is special")
    hit, miss, *_ = maker.palette()
    at = maker.rng.choice(first.values), maker.rng.choice(second.values)
    return paired(maker, SpecialPair(*at, hit, miss, maker.chance(0.3)), first, second)


def modular(maker: Maker) -> Typed | None:
    """A sum of two integers modulo a small number."""
    first = maker.pick(lambda typed: typed.integral)
    second = maker.pick(lambda typed: typed.integral)
    if first is None or second is None:
        return None
    factors = maker.rng.choice([(1, 1), (1, -1), (2, 1)])
    return paired(maker, Modular(factors, maker.rng.randint(2, 5)), first, second)


def tuples(maker: Maker) -> Typed | None:
    """Both values as one."""
    first, second = maker.discrete(8), maker.discrete(6)
    if first is None or second is None:
        return None
    maker.note("tuples")
    return paired(maker, Paired(), first, second)


def told_apart(maker: Maker) -> Typed | None:
    """A function that tells equal values of several types apart."""
    operand = maker.discrete()
    if operand is None:
        return None
    maker.note("tells equal values apart")
    return mapped(maker, Written(), operand)


def width(maker: Maker) -> Typed | None:
    """How many keys a selector selects."""
    chosen = any_selector(maker)
    if chosen is None:
        return None
    most = 1 if chosen.single else maker.length
    return maker.add(Typed(rasp.SelectorWidth(chosen.selector), tuple(range(most + 1))))


def copy(maker: Maker) -> Typed | None:
    """What stands at one other position, with a default of any type."""
    operand, chosen = maker.discrete(), single_selector(maker)
    if operand is None or chosen is None:
        return None
    maker.note("copies")
    default = maker.default_of(operand)
    sop = rasp.Aggregate(chosen.selector, operand.sop, default=default)
    none = operand.may_be_none or default is None
    return maker.add(Typed(sop, distinct((*operand.values, default)), none))


def mean(maker: Maker) -> Typed | None:
    """A mean as a category: of positions, of counts, of tokens."""
    operand = maker.pick(lambda typed: typed.of_numbers and not typed.may_be_none)
    return None if operand is None else _mean_of(maker, operand)


def rare_mean(maker: Maker) -> Typed | None:
    """A mean of positions or few numbers where one token selects another: on few inputs."""
    key, query = maker.rng.choice(maker.vocab), maker.rng.choice(maker.vocab)
    selector = rasp.Select(rasp.tokens, rasp.tokens, PairIs(key, query))
    operand = maker.indices
    if maker.length > INDEX_MEANS:
        values = maker.rng.choice([(0, 1, 3), (-1, 2), (0, 1)])
        results = tuple(maker.rng.choice(values) for _ in range(maker.length))
        operand = Typed(rasp.Map(Lookup(operand.values, results), rasp.indices), distinct(results))
    maker.note("means on few inputs")
    return _mean_of(maker, operand, Chosen(selector))


def mean_of_mean(maker: Maker) -> Typed | None:
    """A mean of means, of two numbers, so that their values stay few."""
    values = maker.rng.choice([(0, 1), (1, 3), (-1, 1)])
    at = maker.rng.choice(maker.vocab)
    operand = Typed(rasp.Map(Special(at, *values), rasp.tokens), values)
    for _ in range(2):
        averaged = operand.of_numbers and not operand.may_be_none
        made = _mean_of(maker, operand) if averaged else None
        if made is None:
            break
        operand = made
    return operand if _is_mean(operand) else None


def _mean_of(maker: Maker, operand: Typed, given: Chosen | None = None) -> Typed | None:
    if maker.length > MEAN_POSITIONS:
        return None
    chosen = given or any_selector(maker)
    if chosen is None:
        return None
    values = mean_values(operand.values, 1 if chosen.single else maker.length)
    if values is None:
        return None
    maker.note("means of means" if _is_mean(operand) else "means as categories")
    return _categorical_mean(maker, chosen, operand, values)


def _is_mean(typed: Typed) -> bool:
    return isinstance(typed.sop, rasp.Aggregate)


def _categorical_mean(
    maker: Maker, chosen: Chosen, operand: Typed, values: tuple[Value, ...]
) -> Typed:
    default = maker.default_of(operand)
    if default is not None and maker.chance(0.3):
        maker.note("default that is a mean")
        default = maker.rng.choice(values)
    sop = rasp.Aggregate(chosen.selector, operand.sop, default=default)
    return maker.add(Typed(sop, distinct((*values, default)), default is None))


def mean_of_present(maker: Maker) -> Typed | None:
    """A mean over keys that select by themselves, so that None is never among them."""
    if maker.length > MEAN_POSITIONS:
        return None
    operand = maker.pick(lambda typed: typed.of_numbers and typed.may_be_none)
    if operand is None:
        numbers = tuple(maker.rng.choice((0, 1, 3, None)) for _ in maker.vocab)
        present = distinct(numbers) or (0,)
        operand = Typed(rasp.Map(Lookup(maker.vocab, numbers), rasp.tokens), present, True)
    values = mean_values(operand.values, maker.length)
    if values is None:
        return None
    maker.note("None that is never selected")
    predicate = maker.rng.choice([Comparison.LEQ, Comparison.GEQ, Comparison.TRUE])
    selector = rasp.Select(operand.sop, rasp.indices, predicate)
    return _categorical_mean(maker, Chosen(selector), operand, values)


def share(maker: Maker) -> Typed | None:
    """A mean held as a number."""
    operand = maker.pick(lambda typed: typed.of_numbers and not typed.may_be_none)
    chosen = any_selector(maker)
    if operand is None or chosen is None:
        return None
    maker.note("means as numbers")
    default = maker.rng.choice([0, 0, 1, -0.5, operand.values[0]])
    held = rasp.numerical(rasp.Map(Affine(1, 0), operand.sop))
    return maker.add(
        Typed(rasp.numerical(rasp.Aggregate(chosen.selector, held, default=default)), ())
    )


def sum_of_numbers(maker: Maker) -> Typed | None:
    """A weighted sum of numbers."""
    first, second = (maker.pick(lambda typed: typed.numerical) for _ in range(2))
    if first is None or second is None:
        return None
    factors = maker.rng.choice([(1, 1), (1, -1), (2, -0.5)])
    return maker.add(
        Typed(rasp.numerical(rasp.LinearSequenceMap(first.sop, second.sop, *factors)), ())
    )


def threshold(maker: Maker) -> Typed | None:
    """Whether a number is large."""
    operand = maker.pick(lambda typed: typed.numerical)
    if operand is None:
        return None
    least = maker.rng.choice([0.031, 0.27, 0.73, -0.3])
    return maker.add(Typed(rasp.Map(Above(least), operand.sop), (False, True)))


def sorted_tokens(maker: Maker) -> Typed | None:
    """Tokens in order: their ranks are all different, whatever the input is."""
    if len(maker.vocab) * maker.length > MOST_KEYS:
        return None
    maker.note("ranks")
    order = tuple(sorted(maker.vocab))
    key = rasp.SequenceMap(Ordered(order, maker.length), rasp.tokens, rasp.indices)
    rank = rasp.SelectorWidth(rasp.Select(key, key, Comparison.LT))
    place = rasp.Select(rank, rasp.indices, Comparison.EQ)
    return maker.add(Typed(rasp.Aggregate(place, rasp.tokens), maker.vocab))


def guarded(maker: Maker) -> Typed | None:
    """A function that raises where no input leads."""
    maker.note("raises where no input leads")
    kind = maker.rng.randrange(3)
    if kind == 0:
        values = tuple(range(1, maker.length + 1))
        return maker.add(Typed(rasp.SequenceMap(Share(), rasp.length, rasp.indices), values))
    if kind == 1:
        opposite = rasp.SequenceMap(Opposite(), rasp.length, rasp.indices)
        modulus = maker.rng.randint(2, 3)
        return maker.add(Typed(rasp.Map(FromZero(modulus), opposite), tuple(range(modulus))))
    operand = maker.discrete()
    if operand is None:
        return None
    before = rasp.Aggregate(rasp.Select(rasp.indices, rasp.indices, Shifted(-1)), operand.sop)
    sop = rasp.SequenceMap(NotFirst(), before, rasp.indices)
    return maker.add(Typed(sop, operand.values, True))


def fixed(maker: Maker) -> Typed:
    """The same everywhere, or fixed by position."""
    palette = maker.palette()
    if maker.chance(0.4):
        return maker.add(Typed(rasp.Full(palette[0]), palette[:1]))
    values = [maker.rng.choice(palette) for _ in range(maker.length)]
    return maker.add(Typed(rasp.ConstantSOp(values, check_length=False), distinct(values)))


def named(maker: Maker) -> Typed | None:
    """An s-op under a name that could be taken for an internal one."""
    operand = maker.pick(lambda typed: True)
    if operand is None or isinstance(operand.sop, rasp.TokensType | rasp.IndicesType):
        return None
    maker.note("names of parts")
    sop = operand.sop.named(maker.rng.choice(NAMES))
    return maker.add(Typed(sop, operand.values, operand.may_be_none))


KINDS: tuple[tuple[int, Callable[[Maker], Typed | None]], ...] = (
    (5, special),
    (3, replaced),
    (3, table),
    (5, special_pair),
    (3, modular),
    (1, tuples),
    (6, width),
    (6, copy),
    (5, mean),
    (3, rare_mean),
    (2, mean_of_mean),
    (2, mean_of_present),
    (3, share),
    (1, sum_of_numbers),
    (3, threshold),
    (1, sorted_tokens),
    (2, guarded),
    (1, fixed),
    (1, named),
)
"""Kinds of s-ops and how often each is drawn."""

RARELY: tuple[Callable[[Maker], Typed | None], ...] = (told_apart,)
"""Kinds that the language leaves open: whether functions may tell equal values apart."""
