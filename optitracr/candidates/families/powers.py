"""Powers: an order is decided by two numbers, powers of a base, in place of a one-hot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optitracr.candidates.facts import Facts
from optitracr.candidates.families import Family
from optitracr.candidates.rule import Rule
from optitracr.candidates.validity import EVERY_ACTIVATION, Condition, Validity
from optitracr.candidates.ways import Decision, Ways
from optitracr.constructions.bilinear import Bilinear
from optitracr.constructions.conjunctions import Condition as Selected
from optitracr.constructions.powers import Order, order_of, orders_of, powers
from optitracr.graph.program import Input


def decide(facts: Facts, decision: Decision) -> Bilinear | None:
    """The powers of a condition."""
    order = _order(facts, decision.condition)
    if order is None:
        return None
    return powers(
        decision.condition,
        order,
        facts.cold / 2 if decision.halved else facts.cold,
        decision.most_uneven,
        decision.spans.get(decision.condition.key, 0),
        decision.factor,
    )


def span(facts: Facts, condition: Selected) -> int:
    """The span of the order by which a condition selects, 0 where there is none."""
    order = _order(facts, condition)
    return 0 if order is None else order.span


def divide(facts: Facts, condition: Selected) -> tuple[Selected, Selected] | None:
    """The two orders by which positions are selected that lie together."""
    if condition.key != condition.query or not facts.nodes[condition.key].is_index:
        return None
    if condition.table[-1].any() or condition.table[:, -1].any():
        return None
    found = orders_of(condition.table[:-1, :-1])
    if found is None:
        return None
    upper, lower = (replace(condition, table=np.pad(each, ((0, 1), (0, 1)))) for each in found)
    return upper, lower


def _order(facts: Facts, condition: Selected) -> Order | None:
    """The order of a condition over what the embedding supplies, which alone is exact enough."""
    order = order_of(condition.table[:-1, :-1])
    if order is None:
        return None
    embedded = all(_is_embedded(facts, label) for label in (condition.key, condition.query))
    return order if embedded else None


def _is_embedded(facts: Facts, label: str) -> bool:
    """Whether a variable is an input, or a function of one: it is then read off that."""
    if isinstance(facts.operation(label), Input):
        return True
    below = (cut[0] for cut in facts.cuts.get(label, ()) if len(cut) == 1)
    return any(isinstance(facts.operation(x), Input) for x in below)


RULE = Rule(
    name=Family.POWERS,
    validity=Validity(
        activations=EVERY_ACTIVATION,
        needs_bos=True,
        conditions=frozenset({Condition.FINITE, Condition.BOUNDED, Condition.EXACT}),
    ),
    ways=Ways(decide=decide, span=span, divide=divide),
)
