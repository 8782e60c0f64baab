"""Interpolation: tables of raw numbers pass on some noise, and take one neuron a value."""

from __future__ import annotations

from optitracr.candidates.families import Family
from optitracr.candidates.rule import Rule
from optitracr.candidates.validity import Activation, Condition, Validity
from optitracr.candidates.ways import Freedom, Ways

RULE = Rule(
    name=Family.INTERPOLATION,
    validity=Validity(
        activations=frozenset({Activation.RELU}),
        conditions=frozenset({Condition.FINITE, Condition.WITHIN_MARGIN}),
    ),
    ways=Ways(frees=frozenset({Freedom.NOISE})),
)
