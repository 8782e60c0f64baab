"""Conjunctions: a selector over a joint key or query is a sum of conditions on what lies below."""

from __future__ import annotations

from optitracr.candidates.families import Family
from optitracr.candidates.rule import Rule
from optitracr.candidates.validity import EVERY_ACTIVATION, Condition, Validity
from optitracr.candidates.ways import Freedom, Ways

RULE = Rule(
    name=Family.CONJUNCTIONS,
    validity=Validity(
        activations=EVERY_ACTIVATION,
        needs_bos=True,
        conditions=frozenset({Condition.FINITE, Condition.BOUNDED}),
    ),
    ways=Ways(frees=frozenset({Freedom.FINER_SELECTORS})),
)
