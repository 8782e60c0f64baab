"""Cuts: MLPs compute a variable from any variables that determine it, not its operands alone."""

from __future__ import annotations

from collections.abc import Iterator

from optitracr.candidates.chosen import Chosen
from optitracr.candidates.families import Family
from optitracr.candidates.rule import Rule
from optitracr.candidates.savings import Saving, SavingKind
from optitracr.candidates.validity import Activation, Condition, Validity
from optitracr.candidates.ways import Freedom, Ways


def account(chosen: Chosen) -> Iterator[Saving]:
    """Variables that are computed on the way, inside the MLP of another."""
    for use in chosen.uses:
        for inner in chosen.space.fused(use.candidate):
            if chosen.owner[inner] != use.target:
                detail = f"into the MLP of {use.target}"
                yield Saving(chosen.owner[inner], SavingKind.FUSED, detail)


RULE = Rule(
    name=Family.CUTS,
    validity=Validity(
        activations=frozenset({Activation.RELU}),
        conditions=frozenset({Condition.FINITE, Condition.BOUNDED, Condition.WITHIN_MARGIN}),
    ),
    ways=Ways(frees=frozenset({Freedom.OTHER_LEAVES})),
    account=account,
)
