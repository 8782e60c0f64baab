"""What a domain says of the tokens of a world, as constraints.

Of a whole world it says everything: its automaton accepts the tokens. Of a few positions of an
input of any length it says which token stands where, and which stands before which.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.domain.language import Language
from optitracr.graph.reach.positions import Positions

MAX_ROWS = 20_000
"""Rows of one constraint: 100 tokens before one another, either way round, are so many, and the
solver reads them in some milliseconds. Where there are more, that constraint is left out."""


def constrain_tokens(world: Positions, codes: Sequence[Any]) -> None:
    """Says that the tokens of a world are those of an input that was promised.

    Args:
        world: The positions.
        codes: The code of the token at each.
    """
    domain = world.facts.inputs.domain
    if domain is None:
        return
    classes = [world.look_up(domain.automaton.classes, code) for code in codes]
    if world.whole:
        _accepted(world, domain, classes)
        return
    for position, kind in enumerate(classes):
        _standing(world, domain, position, kind)
    for first, second in combinations(world.positions, 2):
        _ordered(world, domain, (first, second), (classes[first], classes[second]))


def _accepted(world: Positions, domain: Language, classes: Sequence[Any]) -> None:
    """The automaton accepts the classes."""
    automaton = domain.automaton
    if automaton.step.size > MAX_ROWS:
        return
    steps = [
        (state, kind, int(automaton.step[state, kind]))
        for state, kind in np.argwhere(automaton.step >= 0).tolist()
    ]
    final = np.flatnonzero(automaton.accepting).tolist()
    world.model.add_automaton(list(classes), 0, final, steps)


def _standing(world: Positions, domain: Language, position: int, kind: Any) -> None:
    """A token stands at its position in some input, of the length of this one if that is few."""
    held = _one_of_each(domain)
    by_length = np.zeros((domain.longest + 1, domain.longest, len(held)), dtype=bool)
    place, length = world.index[position], world.length
    if by_length.size > MAX_ROWS:
        _among(world, [place, kind], domain.occurrence.places[:, held])
        return
    for count in domain.lengths:
        by_length[count, :count] = domain.occurrence.places_in(count)[:, held]
    _among(world, [length, place, kind], by_length)


def _ordered(
    world: Positions, domain: Language, pair: tuple[int, int], classes: tuple[Any, Any]
) -> None:
    """Of two tokens the first stands before the second in some input."""
    held = _one_of_each(domain)
    in_order = domain.occurrence.in_order[np.ix_(held, held)]
    if in_order.all():
        return
    first, second = (world.index[position] for position in pair)
    before = world.model.new_bool_var("")
    world.model.add(first < second).only_enforce_if(before)
    world.model.add(first > second).only_enforce_if(~before)
    _among(world, [before, *classes], np.stack([in_order.T, in_order]))


def _one_of_each(domain: Language) -> NDArray[np.intp]:
    """A token of each class."""
    return np.unique(domain.automaton.classes, return_index=True)[1]


def _among(world: Positions, variables: list[Any], allowed: NDArray[np.bool_]) -> None:
    """Variables have values that a table allows, one axis each."""
    if not allowed.all() and allowed.size <= MAX_ROWS:
        rows = list(map(tuple, np.argwhere(allowed).tolist()))
        world.model.add_allowed_assignments(variables, rows)
