"""Sharing: equal selectors share a head, equal variables are one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from optitracr.candidates.chosen import Chosen
from optitracr.candidates.families import Family
from optitracr.candidates.rule import Rule
from optitracr.candidates.savings import Saving, SavingKind
from optitracr.candidates.validity import EVERY_ACTIVATION, EVERY_NORM, Validity
from optitracr.candidates.ways import Freedom, Ways
from optitracr.graph.rewrites.merging import MergeEqual


def account(chosen: Chosen) -> Iterator[Saving]:
    """Variables that one head computes together, and variables that are one with another."""
    heads = {
        use.candidate.name: (use.placement.sublayer, use.candidate.selector) for use in chosen.uses
    }
    yield from shared({use.candidate.name: use.target for use in chosen.uses}, heads)
    for label, other in chosen.space.program.stands_for.items():
        yield Saving(label, SavingKind.SHARED, f"equal to {other}")


def shared(variables: Mapping[str, str], heads: Mapping[str, tuple[int, str]]) -> Iterator[Saving]:
    """Components that one head computes together.

    Args:
        variables: For each component the variable of the program that it is for.
        heads: Its sublayer, and its selector; "" for those that are no heads.
    """
    together: dict[tuple[int, str], list[str]] = {}
    for name, (sublayer, selector) in heads.items():
        if selector:
            together.setdefault((sublayer, selector), []).append(variables[name])
    for group in together.values():
        names = list(dict.fromkeys(group))
        for name in names if len(names) > 1 else ():
            others = ", ".join(other for other in names if other != name)
            yield Saving(name, SavingKind.SHARED, f"one head with {others}")


RULE = Rule(
    name=Family.SHARING,
    validity=Validity(activations=EVERY_ACTIVATION, norms=EVERY_NORM),
    rewrites=(MergeEqual(),),
    ways=Ways(frees=frozenset({Freedom.SHARED_HEADS})),
    account=account,
)
