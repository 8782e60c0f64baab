"""What stands at the first, the last or the best key: said by the language, or by counting."""

from __future__ import annotations

from dataclasses import dataclass

from optitracr import rasp
from optitracr.library.idioms import value_at
from optitracr.library.rare_programs.functions import KeyIs, Paired
from optitracr.library.rare_programs.maker import Maker, Typed, Value, distinct
from optitracr.library.rare_programs.selectors import any_selector
from optitracr.rasp import Comparison, indices

LONGEST = 12
"""Positions beyond which equal values are not counted by pairs of a value and an index, each of
which is a value."""


def best_key(maker: Maker) -> Typed | None:
    """The value at the first, the last or the best of some keys, a default where there is none."""
    chosen, operand = any_selector(maker), maker.discrete()
    if chosen is None or operand is None:
        return None
    selector = _one_of(maker, chosen.selector)
    if selector is None:
        return None
    maker.note("best key")
    default = maker.default_of(operand) if maker.chance(0.3) else None
    values = distinct([*operand.values, default])
    if maker.chance(0.15):
        width = rasp.SelectorWidth(~selector if maker.chance(0.5) else selector)
        return maker.add(Typed(width, tuple(range(maker.length + 1))))
    made = rasp.Aggregate(selector, operand.sop, default)
    return maker.add(Typed(made, values, may_be_none=default is None or operand.may_be_none))


def _one_of(maker: Maker, selector: rasp.Selector) -> rasp.Selector | None:
    kind = maker.rng.randrange(3)
    if kind == 0:
        return rasp.SelectFirst(selector)
    if kind == 1:
        return rasp.SelectLast(selector)
    score = maker.pick(lambda typed: bool(typed.values) and typed.of_numbers)
    return None if score is None else rasp.SelectBest(selector, score.sop)


@dataclass(frozen=True)
class _Same:
    """The same value, so many steps before."""

    steps: int

    def __call__(self, key: Value, query: Value) -> bool:
        return bool(key[0] == query[0] and key[1] == query[1] - self.steps)


@dataclass(frozen=True)
class _Earlier:
    """The same value, at an earlier position."""

    def __call__(self, key: Value, query: Value) -> bool:
        return bool(key[0] == query[0] and key[1] < query[1])


def counted(maker: Maker) -> Typed | None:
    """The value at the last earlier position that holds the same, or a few times before."""
    same, operand = maker.discrete(4), maker.discrete()
    if same is None or operand is None or same.may_be_none or maker.length > LONGEST:
        return None
    maker.note("earlier occurrence")
    placed = rasp.SequenceMap(Paired(), same.sop, indices)
    earlier = rasp.SelectorWidth(rasp.Select(placed, placed, _Earlier()))
    address = rasp.SequenceMap(Paired(), same.sop, earlier)
    before = rasp.Select(address, address, _Same(maker.rng.choice([1, 1, 2])))
    made: rasp.SOp = rasp.Aggregate(before, operand.sop)
    if maker.chance(0.5):
        made = value_at(rasp.Aggregate(before, indices), operand.sop)
    return maker.add(Typed(made, operand.values, may_be_none=True))


def ranked(maker: Maker) -> Typed | None:
    """The value at the position that no other beats, in an order of values and positions."""
    keys = maker.pick(lambda typed: typed.of_numbers and len(typed.values) <= 4)
    operand = maker.discrete()
    if keys is None or operand is None or keys.may_be_none or maker.length > LONGEST:
        return None
    maker.note("ranks of all")
    places = maker.rng.choice([indices, -indices])
    pair = rasp.SequenceMap(Paired(), keys.sop, places)
    beats = maker.rng.choice([Comparison.LT, Comparison.GT])
    place = rasp.SelectorWidth(rasp.Select(pair, pair, beats))
    first = rasp.Select(place, indices, KeyIs(0, True))
    return maker.add(Typed(rasp.Aggregate(first, operand.sop), operand.values, may_be_none=True))


KINDS = (best_key, best_key, counted, ranked)
"""The best key is asked for by name as often as by counting."""
