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

    Where several keys are averaged or counted, their errors count as often as its radius: keys that
    are computed are on a circle there only where errors count less than sizes.
    """
    condition = decision.condition
    embedded = isinstance(facts.operation(condition.key), Input)
    if not embedded and (decision.is_width or decision.exact_keys) and not decision.computed:
        return None
    sides = (facts.nodes[label].value_set for label in (condition.key, condition.query))
    may_be_none = any(values.may_be_none for values in sides)
    return circle(condition, facts.cold, decision.slots, decision.is_width, may_be_none)


RULE = Rule(
    name=Family.CIRCLES,
    validity=Validity(
        activations=EVERY_ACTIVATION,
        needs_bos=True,
        conditions=frozenset({Condition.FINITE, Condition.BOUNDED, Condition.EXACT}),
    ),
    ways=Ways(decide=decide),
)
