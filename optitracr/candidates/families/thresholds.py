"""Thresholds: levels of several numbers are told apart in one hidden layer."""

from __future__ import annotations

from optitracr.candidates.families import Family
from optitracr.candidates.rule import Rule
from optitracr.candidates.validity import Activation, Condition, Validity
from optitracr.candidates.ways import Ways
from optitracr.constructions.additive import additive_plans
from optitracr.constructions.aligned_steps import aligned_step_plans
from optitracr.constructions.lines import line_plans
from optitracr.constructions.own_steps import own_step_plans
from optitracr.constructions.thresholds import half_plane_plans

RULE = Rule(
    name=Family.THRESHOLDS,
    validity=Validity(
        activations=frozenset({Activation.RELU}),
        conditions=frozenset({Condition.FINITE, Condition.BOUNDED, Condition.WITHIN_MARGIN}),
    ),
    ways=Ways(
        tables=(
            half_plane_plans,
            additive_plans,
            line_plans,
            own_step_plans,
            aligned_step_plans,
        )
    ),
)
