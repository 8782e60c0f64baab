"""Joint values: a variable and its tables hold only what goes together on some input."""

from __future__ import annotations

from optitracr.candidates.families import Family
from optitracr.candidates.rule import Rule
from optitracr.candidates.validity import EVERY_ACTIVATION, Condition, Validity
from optitracr.candidates.ways import Freedom, Ways

RULE = Rule(
    name=Family.JOINT,
    validity=Validity(
        activations=EVERY_ACTIVATION, conditions=frozenset({Condition.FINITE, Condition.BOUNDED})
    ),
    ways=Ways(frees=frozenset({Freedom.UNREACHED})),
)
