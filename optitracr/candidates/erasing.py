"""What a head that erases may read to attend to its own position."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from optitracr.candidates.forms import form_rows
from optitracr.candidates.space import CandidateSpace
from optitracr.constructions.own_position import by_powers
from optitracr.graph.build import BOS
from solvers import SelfAttention

OWN_POSITION = 3
"""Columns of a head that attends to its own position: two numbers that tell it, and BOS."""


def self_attention(space: CandidateSpace) -> SelfAttention:
    """Ways to attend to the own position: by a point of the circle, or by powers; BOS is last."""
    others = tuple((*powers, BOS) for powers in _position_powers(space))
    return SelfAttention((space.position, BOS), OWN_POSITION, others)


def _position_powers(space: CandidateSpace) -> Iterator[tuple[str, str]]:
    """Pairs of forms of the index that hold its rising and its falling powers."""
    single = {
        name: np.asarray(form_rows(form))[:, 0]
        for name, form in space.forms.items()
        if form.numbers and form.width == 1 and space.node(form).is_index
    }
    pairs = [
        (first, second)
        for first, second in combinations(single, 2)
        if by_powers(single[first], single[second], 1.0) is not None
    ]
    # Of several bases one for both: what they are together for is told by such two as well.
    alike = [each for each in pairs if np.array_equal(single[each[0]], single[each[1]][::-1])]
    yield from alike or pairs
