"""What a head that erases may read to attend to its own position."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from optitracr.candidates.forms import form_rows
from optitracr.candidates.problem import OWN_POSITION
from optitracr.candidates.space import CandidateSpace
from optitracr.constructions.own_position import by_powers
from solvers import Problem, SelfAttention


def erasing_otherwise(
    space: CandidateSpace, problem: Problem
) -> Iterator[tuple[CandidateSpace, Problem]]:
    """The same choice and problem, with heads that erase by powers that others may read too."""
    for powers in _position_powers(space):
        other = replace(space, powers=powers)
        own = SelfAttention(other.self_attention, OWN_POSITION)
        yield other, replace(problem, self_attention=own)


def _position_powers(space: CandidateSpace) -> Iterator[tuple[str, str]]:
    """Pairs of forms of the index that hold its rising and its falling powers."""
    if space.powers:
        # It is one of these ways itself.
        return
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
