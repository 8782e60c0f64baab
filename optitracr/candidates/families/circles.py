"""Circles: equality is decided by two numbers, points on a circle, in place of a one-hot."""

from __future__ import annotations

from optitracr.candidates.facts import Facts
from optitracr.candidates.families import Family
from optitracr.candidates.rule import Rule
from optitracr.candidates.validity import EVERY_ACTIVATION, Condition, Validity
from optitracr.candidates.ways import Decision, Ways
from optitracr.constructions.bilinear import Bilinear, circle
from optitracr.graph.program import Input


def decide(facts: Facts, decision: Decision) -> Bilinear | None:
    """The circle of a condition.

    It needs keys that are exact where several of them are averaged, as those are that the
    embedding supplies.
    """
    condition = decision.condition
    embedded = isinstance(facts.operation(condition.key), Input)
    if not embedded and (decision.is_width or decision.exact_keys):
        return None
    return circle(condition, facts.cold, decision.slots, decision.is_width)


RULE = Rule(
    name=Family.CIRCLES,
    validity=Validity(
        activations=EVERY_ACTIVATION,
        needs_bos=True,
        conditions=frozenset({Condition.FINITE, Condition.BOUNDED, Condition.EXACT}),
    ),
    ways=Ways(decide=decide),
)
