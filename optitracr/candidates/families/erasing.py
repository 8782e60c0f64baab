"""Erasing: neurons that determine a variable erase it beside what they compute."""

from __future__ import annotations

from optitracr.candidates.families import Family
from optitracr.candidates.rule import Rule
from optitracr.candidates.validity import Activation, Condition, Validity
from optitracr.candidates.ways import Freedom, Ways

RULE = Rule(
    name=Family.ERASING,
    validity=Validity(
        activations=frozenset({Activation.RELU}),
        conditions=frozenset({Condition.FINITE, Condition.BOUNDED, Condition.WITHIN_MARGIN}),
    ),
    ways=Ways(frees=frozenset({Freedom.ERASURE})),
)
