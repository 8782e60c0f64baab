"""Rewrites: variables have other definitions, with which fewer layers do."""

from __future__ import annotations

from collections.abc import Iterator

from optitracr.candidates.chosen import Chosen
from optitracr.candidates.common_means import JoinCounts
from optitracr.candidates.families import Family
from optitracr.candidates.others import CountOthers
from optitracr.candidates.rule import Rule
from optitracr.candidates.savings import Saving, SavingKind
from optitracr.candidates.unions import SplitUnions
from optitracr.candidates.validity import EVERY_ACTIVATION, EVERY_NORM, Condition, Validity
from optitracr.graph.provenance import Role
from optitracr.graph.rewrites.counting import CountConditions
from optitracr.graph.rewrites.determined import ReadOwnInputs


def account(chosen: Chosen) -> Iterator[Saving]:
    """Variables that are computed by way of others than the program names."""
    graph = chosen.space.program
    for use in chosen.uses:
        inner = [x for x in chosen.space.fused(use.candidate) if x != use.label]
        needed = [need.label for need, _ in use.reads if use.label == use.target]
        for label in [*inner, *(x for x in needed if x != use.target)]:
            if chosen.owner[label] == use.target and graph.node(label).role is not Role.SHARE:
                yield Saving(use.target, SavingKind.REWRITTEN, f"by way of {label}")
    for form in chosen.output:
        if graph.node(form.label).role is Role.RATIO:
            owner = chosen.owner[form.label]
            yield Saving(owner, SavingKind.REWRITTEN, f"by way of {form.label}")


RULE = Rule(
    name=Family.REWRITES,
    validity=Validity(
        activations=EVERY_ACTIVATION, norms=EVERY_NORM, conditions=frozenset({Condition.BOUNDED})
    ),
    rewrites=(ReadOwnInputs(), CountConditions(), SplitUnions(), CountOthers(), JoinCounts()),
    account=account,
)
