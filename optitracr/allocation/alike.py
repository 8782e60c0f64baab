"""What tells whether the same is wrong in two plans, whatever space they are of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields, is_dataclass

import numpy as np

from optitracr.candidates.offence import Offence
from optitracr.candidates.space import CandidateSpace
from solvers import Allocation


def wrong_in(
    space: CandidateSpace, allocation: Allocation, wrong: Sequence[Offence]
) -> frozenset[bytes] | None:
    """A name for each component that is wrong, and for all that it is computed by.

    The same names stand for the same weights, but for where they are; so that what these make of
    an input is the same, but for the order in which sums are added up.

    Args:
        space: The space of a plan.
        allocation: The plan.
        wrong: What is wrong in it.

    Returns:
        None where that is a way to read the output.
    """
    assert allocation.plan is not None, "an allocation without a plan is an error before this stage"
    makers = {space.candidates[p.alternative].form: p for p in allocation.plan.placements}
    known: dict[str, bytes] = {}

    def name_of(held: str) -> bytes:
        if held not in known:
            form, maker = space.forms.get(held), makers.get(held)
            told: list[object] = [held if form is None else _content(form.numbers or form.classes)]
            told += [] if form is None else [form.label, form.clean]
            if maker is not None:
                candidate = space.candidates[maker.alternative]
                told += [candidate.needs, _content(candidate.plan), [*map(name_of, maker.reads)]]
            known[held] = hashlib.blake2b(repr(told).encode(), digest_size=16).digest()
        return known[held]

    placed = {p.alternative for p in makers.values()}
    if any(each.candidate not in placed for each in wrong):
        return None
    return frozenset(name_of(space.candidates[each.candidate].form) for each in wrong)


def _content(value: object) -> object:
    """What a plan says, as text can hold it."""
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if is_dataclass(value):
        return [_content(getattr(value, own.name)) for own in fields(value)]
    if isinstance(value, tuple):
        return [_content(each) for each in value]
    return value
