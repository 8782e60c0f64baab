"""Readouts: an output of many values is decoded from a few numbers, in place of a one-hot."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optitracr.candidates.chosen import Chosen
from optitracr.candidates.facts import Facts
from optitracr.candidates.families import Family
from optitracr.candidates.rule import Rule
from optitracr.candidates.savings import Saving, SavingKind
from optitracr.candidates.tolerances import code_tolerance
from optitracr.candidates.validity import EVERY_ACTIVATION, Condition, Validity
from optitracr.candidates.ways import Ways
from optitracr.constructions.heads import Reading
from optitracr.constructions.needs import need_of_rows
from optitracr.constructions.readouts import (
    Readout,
    even_places,
    line_readout,
    ranks,
    scale_with_none,
)

FEW_VALUES = 32
"""Values of an output up to which it stays a one-hot: whoever looks into such a model finds a
dimension for each, as in Tracr's, and there is little to save."""


def readings(facts: Facts, label: str) -> Iterator[Reading]:
    """The output's points in the order of its values, and where it is a number also by its size."""
    value_set = facts.nodes[label].value_set
    if len(value_set.values) <= FEW_VALUES:
        return
    for readout in _readouts(facts, label):
        if readout.bears(code_tolerance(readout.points), value_set.may_be_none):
            need = need_of_rows(label, readout.points)
            assert need is not None, "every point has a constant"
            yield Reading(need, readout.weights)


def _readouts(facts: Facts, label: str) -> Iterator[Readout]:
    """The lines on which the values can be placed."""
    value_set = facts.nodes[label].value_set
    by_rank = ranks(len(value_set.values))
    by_size = even_places(np.asarray(facts.leaf(label).numbers))
    places = [by_rank]
    if by_size is not None and not np.array_equal(by_rank, by_size):
        places.append(by_size)
    for place in places:
        readout = line_readout(place, scale_with_none(place) if value_set.may_be_none else 1.0)
        if readout is not None:
            yield readout


def account(chosen: Chosen) -> Iterator[Saving]:
    """An output that is decoded from numbers."""
    outputs = chosen.space.output_values
    if outputs and any(form.numbers for form in chosen.output):
        width = sum(form.width for form in chosen.output)
        detail = f"{len(outputs)} values decoded from {width} numbers"
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
