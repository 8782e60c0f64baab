"""Readouts: an output is decoded from a number and a constant, in place of a one-hot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from optitracr.candidates.chosen import Chosen
from optitracr.candidates.cuts import Cut
from optitracr.candidates.facts import Facts
from optitracr.candidates.families import Family
from optitracr.candidates.heights import Heights
from optitracr.candidates.readings import number_need
from optitracr.candidates.rule import Rule
from optitracr.candidates.savings import Saving, SavingKind
from optitracr.candidates.tolerances import code_tolerance
from optitracr.candidates.validity import EVERY_ACTIVATION, Condition, Validity
from optitracr.candidates.ways import OutputReading, Possible, Ways
from optitracr.constructions.heads import Reading
from optitracr.constructions.leaves import Leaf
from optitracr.constructions.needs import Need, need_of_rows
from optitracr.constructions.readouts import (
    NONE,
    Readout,
    even_places,
    sign_readout,
    sum_readout,
    sums_of,
)
from optitracr.craft.numerics import INPUT_ERROR
from optitracr.craft.spaces import FloatArray

MAX_TOGETHER = 3
"""Numbers that are read together: with each the ways to add them double, and a number more stays
in the residual stream to its end."""

MANY = 100
"""Places beyond which they lie closer together than 1. What neurons round to grows with the places
that they add up, but what a code may be off by is 0.01 at most, even where two are 1 apart."""

CLOSE = 0.25
"""How far they lie apart then: what a code may be off by is a twenty-fifth of that, and a twentieth
is as much as is allowed of any distance; a power of two, by which nothing is rounded."""

MAX_ROWS = 4096
"""Combinations of several numbers that are looked through: in some tenths of a millisecond."""


def readings(facts: Facts, label: str, possible: Possible) -> Iterator[OutputReading]:
    """Off a raw number of which the output is a function; else off places, or other numbers.

    Off places too where a head may give the output itself, and no raw number is made of it.
    """
    if len(facts.nodes[label].value_set.values) < 2:
        return
    cuts = facts.cuts.get(label, ())
    found = [
        reading
        for cut in cuts
        if len(cut) == 1 and facts.is_raw(cut[0])
        for reading in _off_numbers(facts, label, cut, possible)
    ]
    yield from found
    if found and Heights(facts).of(label) is None:
        return
    yield from _off_places(facts, label)
    for cut in cuts:
        if 1 < len(cut) <= MAX_TOGETHER and facts.tables.size(cut) <= MAX_ROWS:
            yield from _off_numbers(facts, label, cut, possible)


def _off_numbers(facts: Facts, label: str, cut: Cut, possible: Possible) -> Iterator[OutputReading]:
    """Off numbers of some sum of which the output is a function; without neurons."""
    leaves = [facts.leaf(x) for x in cut]
    if any(not leaf.numbers or (leaf.may_be_none and not leaf.numerical) for leaf in leaves):
        return
    member = facts.tables.table(label, cut).astype(np.intp)
    known = np.ones(member.shape, dtype=bool) if len(cut) == 1 else possible(cut)
    occurs = np.ones(member.shape, dtype=bool) if known is None else known
    if not facts.nodes[label].value_set.may_be_none:
        occurs = occurs & (member != NONE)
    place = np.argwhere(occurs)
    numbers = np.stack(
        [np.asarray(leaf.numbers)[own] for leaf, own in zip(leaves, place.T, strict=True)], axis=1
    )
    noise = np.stack([_noise(leaf, own) for leaf, own in zip(leaves, numbers.T, strict=True)], 1)
    count = len(facts.nodes[label].value_set.values)
    for factors in sums_of(numbers, member[occurs]):
        readout = sum_readout(numbers, factors, member[occurs], count)
        if readout is not None and readout.bears(noise):
            needs = [number_need(facts, x, clean=False) for x in cut]
            yield _reading(needs, readout)
            return


def _noise(leaf: Leaf, numbers: FloatArray) -> FloatArray:
    """By how much a number may be off: a part of itself, or what is allowed in a code."""
    if leaf.numerical:
        return np.asarray(INPUT_ERROR * abs(numbers))
    return np.full_like(numbers, code_tolerance(np.asarray(leaf.numbers)[:, None]))


def _off_places(facts: Facts, label: str) -> Iterator[OutputReading]:
    """Off places on a line: by rank, and where the output is a number also by its size."""
    value_set = facts.nodes[label].value_set
    count = len(value_set.values)
    if count == 2:
        # A place that costs no constant is never worse than one that does.
        member = [0, NONE, 1] if value_set.may_be_none else [0, 1]
        yield _of_places(label, sign_readout(np.array(member)))
        return
    step = CLOSE if count > MANY else 1.0
    for places in _places(facts, label, count):
        for shifted in (places, places - np.floor(places.mean())):
            held = step * shifted
            readout = _line(held, value_set.may_be_none)
            if readout is not None and readout.bears(code_tolerance(held[:, None])):
                yield _of_places(label, readout)
                break


def _places(facts: Facts, label: str, count: int) -> list[FloatArray]:
    """The places of values by rank, and by size where that is another, in whole steps from None's.

    None is at zero, where nothing is held, and no other value is there then. None is negative, so
    that a neuron is enough to erase it.
    """
    first = float(facts.nodes[label].value_set.may_be_none)
    by_rank = np.arange(count, dtype=np.float64) + first
    by_size = even_places(np.asarray(facts.leaf(label).numbers))
    if by_size is None or np.array_equal(by_size + first, by_rank):
        return [by_rank]
    return [by_rank, by_size + first]


def _line(places: FloatArray, may_be_none: bool) -> Readout | None:
    count = places.size
    member = np.arange(count)
    if may_be_none and not places.all():
        return None
    if may_be_none:
        places, member = np.append(places, 0.0), np.append(member, NONE)
    return sum_readout(places[:, None], np.ones(1), member, count)


def _of_places(label: str, readout: Readout) -> OutputReading:
    known = readout.member != NONE
    rows = np.zeros((int(known.sum()), 1))
    rows[readout.member[known]] = readout.numbers[known]
    need = need_of_rows(label, rows)
    assert need is not None, "several places are not all zero"
    return _reading([need], readout)


def _reading(needs: Sequence[Need], readout: Readout) -> OutputReading:
    own = zip(needs, readout.weights, strict=True)
    return OutputReading(tuple(Reading(x, w[None]) for x, w in own), readout.constant)


def account(chosen: Chosen) -> Iterator[Saving]:
    """An output that is decoded from numbers."""
    outputs = chosen.space.output_values
    if outputs and any(form.is_number for form in chosen.output):
        width = sum(form.width for form in chosen.output)
        detail = f"{len(outputs)} values decoded from {width} number{'s' * (width > 1)}"
        yield Saving(chosen.owner[chosen.space.program.output], SavingKind.RECODED, detail)


RULE = Rule(
    name=Family.READOUTS,
    validity=Validity(
        activations=EVERY_ACTIVATION,
        conditions=frozenset({Condition.FINITE, Condition.WITHIN_MARGIN}),
    ),
    ways=Ways(outputs=readings),
    account=account,
)
