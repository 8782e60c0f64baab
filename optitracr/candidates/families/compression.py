"""Compression: a variable holds one dimension for each class that its readers distinguish."""

from __future__ import annotations

from collections.abc import Iterator

from optitracr.candidates.chosen import Chosen
from optitracr.candidates.families import Family
from optitracr.candidates.rule import Rule
from optitracr.candidates.savings import Saving, SavingKind
from optitracr.candidates.validity import EVERY_ACTIVATION, Condition, Validity
from optitracr.candidates.ways import Freedom, Ways


def account(chosen: Chosen) -> Iterator[Saving]:
    """Variables that are held otherwise than as a one-hot of all values."""
    space = chosen.space
    for label, forms in chosen.held().items():
        values = len(space.program.node(label).value_set.values)
        width = sum(form.width for form in forms)
        if not space.program.node(label).is_numerical and width < values:
            numbers = any(form.numbers for form in forms)
            kind = SavingKind.RECODED if numbers else SavingKind.COMPRESSED
            unit = "number" if numbers else "dimension"
            detail = f"{width} {unit}{'s' * (width != 1)} for {values} values"
            yield Saving(chosen.owner[label], kind, detail)


RULE = Rule(
    name=Family.COMPRESSION,
    validity=Validity(activations=EVERY_ACTIVATION, conditions=frozenset({Condition.FINITE})),
    ways=Ways(frees=frozenset({Freedom.CLASSES})),
    account=account,
)
