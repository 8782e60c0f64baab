"""Kinds of selectors: many that select rarely, and some that select at most one key."""

from __future__ import annotations

from collections.abc import Callable

from optitracr import rasp
from optitracr.library.rare_programs.functions import (
    Before,
    Divides,
    KeyIn,
    KeyIs,
    Near,
    Opposite,
    PairIs,
    QueryIs,
    Shifted,
)
from optitracr.library.rare_programs.maker import Chosen, Maker, Typed
from optitracr.rasp import Comparison

Make = Callable[[Maker], Chosen | None]


def pair(maker: Maker) -> Chosen | None:
    """One value selects one value: on most inputs nothing."""
    keys, queries = maker.discrete(), maker.discrete()
    if keys is None or queries is None:
        return None
    maker.note("one pair selects")
    held = PairIs(maker.rng.choice(keys.values), maker.rng.choice(queries.values))
    return Chosen(rasp.Select(keys.sop, queries.sop, held), keys=keys)


def key_is(maker: Maker) -> Chosen | None:
    """Every query selects the keys of one value, or all others."""
    keys = maker.discrete()
    if keys is None:
        return None
    maker.note("one key is selected")
    held = KeyIs(maker.rng.choice(keys.values), maker.chance(0.85))
    return Chosen(rasp.Select(keys.sop, rasp.indices, held), keys=keys)


def key_before(maker: Maker) -> Chosen | None:
    """The keys of one value that come before."""
    chosen = key_is(maker)
    if chosen is None:
        return None
    maker.note("composite selectors")
    order = maker.rng.choice([Comparison.LT, Comparison.LEQ, Comparison.GT])
    before = rasp.Select(rasp.indices, rasp.indices, order)
    return Chosen(chosen.selector & before, keys=chosen.keys)


def query_is(maker: Maker) -> Chosen | None:
    """One value selects everything, or what comes before."""
    queries = maker.discrete()
    if queries is None:
        return None
    maker.note("one query selects")
    held = QueryIs(maker.rng.choice(queries.values))
    return Chosen(rasp.Select(rasp.indices, queries.sop, held))


def compared(maker: Maker) -> Chosen | None:
    """Keys and queries in order, or equal."""
    keys = maker.pick(lambda typed: bool(typed.values) and typed.comparable)
    if keys is None:
        return None
    text = isinstance(keys.values[0], str)

    def fits(typed: Typed) -> bool:
        return bool(typed.values) and typed.comparable and isinstance(typed.values[0], str) is text

    queries = maker.pick(fits)
    if queries is None:
        return None
    signs = [Comparison.EQ, Comparison.EQ, Comparison.LT, Comparison.LEQ, Comparison.GT]
    return Chosen(rasp.Select(keys.sop, queries.sop, maker.rng.choice(signs)), keys=keys)


def near(maker: Maker) -> Chosen:
    """Neighbours: two at the ends, three between."""
    maker.note("neighbours")
    return Chosen(rasp.Select(rasp.indices, rasp.indices, Near(maker.rng.randint(1, 2))))


def some_positions(maker: Maker) -> Chosen:
    """The same few positions for every query."""
    maker.note("some positions")
    count = maker.rng.randint(1, min(3, maker.length))
    places = tuple(sorted(maker.rng.sample(range(maker.length), count)))
    return Chosen(rasp.Select(rasp.indices, rasp.indices, KeyIn(places)), single=count == 1)


def constant(maker: Maker) -> Chosen:
    """A fixed matrix, cut to the input."""
    maker.note("constant selector")
    single = maker.chance(0.6)
    rows = []
    for _ in range(maker.length):
        row = [not single and maker.chance(0.3) for _ in range(maker.length)]
        row[maker.rng.randrange(maker.length)] = True
        rows.append(row)
    return Chosen(rasp.ConstantSelector(rows, check_length=False), single=single)


def combined(maker: Maker) -> Chosen | None:
    """Selectors and, or, not."""
    first, second = simple(maker), simple(maker)
    if first is None or second is None:
        return None
    maker.note("composite selectors")
    kind = maker.rng.randrange(4)
    if kind == 0:
        return Chosen(~first.selector)
    if kind == 1:
        return Chosen(first.selector | second.selector)
    single = first.single or second.single
    both = first.selector & (second.selector if kind == 2 else ~second.selector)
    return Chosen(both, single if kind == 2 else first.single, first.keys)


def guarded(maker: Maker) -> Chosen:
    """A predicate that raises for negative keys, which there are none of."""
    maker.note("raises where no input leads")
    held = Divides(maker.rng.randint(2, 3))
    opposite = rasp.SequenceMap(Opposite(), rasp.length, rasp.indices)
    return Chosen(rasp.Select(opposite, rasp.indices, held))


def one_place(maker: Maker) -> Chosen:
    """The position some steps away: one key, or none at the ends."""
    steps = maker.rng.randint(1, 2)
    if maker.chance(0.4):
        place: Before | Shifted = Before(maker.rng.choice([steps, maker.length]))
    else:
        place = Shifted(maker.rng.choice([-steps, steps]))
    return Chosen(rasp.Select(rasp.indices, rasp.indices, place), single=True)


def computed_place(maker: Maker) -> Chosen | None:
    """The position that an s-op of integers says."""
    places = maker.pick(lambda typed: typed.integral)
    if places is None:
        return None
    selector = rasp.Select(rasp.indices, places.sop, Comparison.EQ)
    return Chosen(selector, single=True)


def narrowed_place(maker: Maker) -> Chosen | None:
    """One position, where a value stands there as well."""
    chosen, other = one_place(maker), key_is(maker)
    if other is None:
        return None
    maker.note("composite selectors")
    return Chosen(chosen.selector & other.selector, single=True, keys=other.keys)


SIMPLE: tuple[tuple[int, Make], ...] = (
    (4, pair),
    (3, key_is),
    (1, query_is),
    (3, compared),
    (1, near),
    (1, some_positions),
    (1, constant),
    (1, guarded),
    (1, one_place),
)
ANY: tuple[tuple[int, Make], ...] = (*SIMPLE, (2, key_before), (2, combined))
SINGLE: tuple[tuple[int, Make], ...] = (
    (4, one_place),
    (2, computed_place),
    (1, narrowed_place),
    (1, constant),
)


def drawn(maker: Maker, kinds: tuple[tuple[int, Make], ...]) -> Chosen | None:
    """A selector of one of some weighted kinds."""
    return maker.rng.choices([m for _, m in kinds], [weight for weight, _ in kinds])[0](maker)


def simple(maker: Maker) -> Chosen | None:
    """A selector that is no combination."""
    return drawn(maker, SIMPLE)


def any_selector(maker: Maker) -> Chosen | None:
    """Any selector."""
    return drawn(maker, ANY)


def single_selector(maker: Maker) -> Chosen | None:
    """A selector of at most one key."""
    chosen = drawn(maker, SINGLE)
    return chosen if chosen is not None and chosen.single else None
