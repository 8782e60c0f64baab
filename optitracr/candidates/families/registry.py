"""All rules, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from optitracr.candidates.families import (
    EVERY_FAMILY,
    Family,
    circles,
    cleaning,
    compression,
    conjunctions,
    cuts,
    heads,
    push,
    rewrites,
    sharing,
    split,
    sums,
    tables,
    thresholds,
    views,
)
from optitracr.candidates.rule import Rule

NEEDED: tuple[Rule, ...] = (sums.RULE, cleaning.RULE, heads.RULE, tables.RULE)
"""Rules without which a program does not compile."""

FAMILIES: tuple[Rule, ...] = (
    views.RULE,
    cuts.RULE,
    compression.RULE,
    push.RULE,
    split.RULE,
    sharing.RULE,
    conjunctions.RULE,
    circles.RULE,
    thresholds.RULE,
    rewrites.RULE,
)
"""Rules that can be switched off, in the order of `Family`."""

RULES = (*NEEDED, *FAMILIES)


def rules_of(families: Collection[Family], rules: Sequence[Rule] = RULES) -> tuple[Rule, ...]:
    """The rules that are on: all but those of the families that are left out."""
    off = {family.value for family in EVERY_FAMILY.difference(families)}
    return tuple(rule for rule in rules if rule.name not in off)
