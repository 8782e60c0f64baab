"""All rules, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from optitracr.candidates.families import (
    EVERY_FAMILY,
    Family,
    circles,
    cleaning,
    codes,
    compression,
    conjunctions,
    cuts,
    erasing,
    graded,
    heads,
    interpolation,
    joint,
    networks,
    powers,
    push,
    readouts,
    rewrites,
    sharing,
    sharpening,
    split,
    standard,
    sums,
    tables,
    thresholds,
    views,
)
from optitracr.candidates.rule import Rule
from optitracr.candidates.validity import COMPILED, TransformerBlock

NEEDED: tuple[Rule, ...] = (sums.RULE, cleaning.RULE, sharpening.RULE, heads.RULE, tables.RULE)
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
    powers.RULE,
    thresholds.RULE,
    rewrites.RULE,
    readouts.RULE,
    codes.RULE,
    graded.RULE,
    interpolation.RULE,
    networks.RULE,
    erasing.RULE,
    joint.RULE,
)
"""Rules that can be switched off, in the order of `Family`."""

RULES = (*NEEDED, *FAMILIES)
"""Those of level 2."""

STANDARD_RULES: tuple[Rule, ...] = (standard.RULE,)
"""Those of levels 0 and 1."""


def valid_rules(
    block: TransformerBlock = COMPILED, rules: Sequence[Rule] = RULES
) -> tuple[Rule, ...]:
    """The rules that may be used for a transformer."""
    return tuple(rule for rule in rules if rule.validity.holds_in(block))


def rules_of(families: Collection[Family], rules: Sequence[Rule] = RULES) -> tuple[Rule, ...]:
    """The rules that are on: those that hold for what is compiled, but families left out."""
    off = {family.value for family in EVERY_FAMILY.difference(families)}
    return tuple(rule for rule in valid_rules(COMPILED, rules) if rule.name not in off)
