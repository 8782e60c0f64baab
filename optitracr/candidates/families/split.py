"""Split: any MLP may read the raw output of a selector width's head."""

from __future__ import annotations

from collections.abc import Iterator

from optitracr.candidates.chosen import Chosen
from optitracr.candidates.families import Family
from optitracr.candidates.rule import Rule
from optitracr.candidates.savings import Saving, SavingKind
from optitracr.candidates.validity import Activation, Condition, Validity
from optitracr.candidates.ways import Freedom, Ways
from optitracr.graph.provenance import Role


def account(chosen: Chosen) -> Iterator[Saving]:
    """Widths whose head is read by the MLP of another variable."""
    for use in chosen.uses:
        for need, _ in use.reads:
            width = chosen.owner[need.label]
            of_head = chosen.space.program.node(need.label).role is Role.SHARE
            if of_head and width != use.target:
                yield Saving(width, SavingKind.SPLIT, f"{use.target} reads 1/(1 + width)")


RULE = Rule(
    name=Family.SPLIT,
    validity=Validity(
        activations=frozenset({Activation.RELU}),
        conditions=frozenset({Condition.FINITE, Condition.BOUNDED, Condition.WITHIN_MARGIN}),
    ),
    ways=Ways(frees=frozenset({Freedom.RAW_WIDTHS})),
    account=account,
)
