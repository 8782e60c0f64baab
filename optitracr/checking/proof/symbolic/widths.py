"""What widths at one position have to do with each other."""

from __future__ import annotations

from contextlib import suppress
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.symbolic.meaning import Meaning, Part, Relation, rows_of
from optitracr.checking.proof.symbolic.values import Assignment, OpenError, count_of
from optitracr.graph.program import Selector, Source, Width, pairs_of

SIDES = 1 << 12
"""Combinations of what one position holds of which it is asked whether they select themselves: the
square of them are looked at."""


def possible(meaning: Meaning, given: Assignment) -> NDArray[np.bool_] | None:
    """Which combinations widths allow; None where they tell nothing.

    Where a position always selects itself it selects one key at least, and where it never does one
    less than there are. Where no key is selected by two of them, they add up to the length at most;
    and where one selects all that another selects, it is no less.

    Args:
        meaning: The program.
        given: The codes of variables, combination by combination.
    """
    nodes = meaning.graph.by_label()
    widths = [
        label for label in given if label in nodes and isinstance(nodes[label].operation, Width)
    ]
    parts = [part for own in meaning.parts.values() for part in own if part.label in given]
    if not widths and not parts:
        return None
    allowed = np.ones(count_of(given), dtype=bool)
    for part in parts:
        least, most = _bounds(meaning, part)
        allowed &= (given[part.label] >= least) & (given[part.label] <= most)
    longest = meaning.setting.max_seq_len
    for label in widths:
        itself = _selects_itself(meaning, label)
        if itself is not None:
            allowed &= given[label] >= 1 if itself else given[label] <= longest - 1
    apart = True
    for first, second in combinations(widths, 2):
        one, other = given[first], given[second]
        found = _relation(meaning, first, second)
        apart &= found.disjoint
        if found.disjoint:
            allowed &= one + other <= longest
        if found.within:
            allowed &= one <= other
        if found.around:
            allowed &= one >= other
    if apart and len(widths) > 2:
        allowed &= np.sum([given[label] for label in widths], axis=0) <= longest
    return allowed


def _bounds(meaning: Meaning, part: Part) -> tuple[int, int]:
    """How many keys a part of a width counts at least and at most."""
    longest = meaning.setting.max_seq_len
    index = meaning.input(Source.INDICES)
    most = int(part.chosen.sum(axis=0).max(initial=0)) if set(part.keys) == {index} else longest
    try:
        both = meaning.combinations((*part.keys, *part.queries))
    except OpenError:
        return 0, most
    key, query = rows_of(part.keys, both), rows_of(part.queries, both)
    itself = part.chosen[key, query][(key >= 0) & (query >= 0)]
    return int(itself.all()), min(most, longest - int(not itself.any()))


def _selects_itself(meaning: Meaning, label: str) -> bool | None:
    """Whether each position selects itself for a width; None if only some do, or nobody knows."""
    if label not in meaning.itself:
        # Whoever asks about this width meanwhile knows nothing of it.
        meaning.itself[label] = None
        with suppress(OpenError):
            meaning.itself[label] = _all_or_none(_of_itself(meaning, _selector(meaning, label)))
    return meaning.itself[label]


def _of_itself(meaning: Meaning, selector: Selector) -> NDArray[np.bool_]:
    """Whether a position selects itself, for each combination of what it holds.

    Raises:
        OpenError: If they are too many.
    """
    pairs = pairs_of(selector)
    both = meaning.combinations(side for pair in pairs for side in (pair.keys, pair.queries))
    if count_of(both) > SIDES:
        raise OpenError(f"selector '{selector.label}' is asked about too many positions")
    return np.diag(meaning.selected(selector, both, both))


def _all_or_none(held: NDArray[np.bool_]) -> bool | None:
    """Whether some things all hold, or none does; None if some do."""
    return bool(held.all()) if held.all() or not held.any() else None


def _relation(meaning: Meaning, first: str, second: str) -> Relation:
    """What the selectors of two widths have to do with each other."""
    key = first, second
    if key not in meaning.related:
        meaning.related[key] = Relation()
        try:
            one, other = _selected(meaning, *(_selector(meaning, label) for label in key))
        except OpenError:
            return meaning.related[key]
        meaning.related[key] = Relation(
            disjoint=not (one & other).any(),
            within=not (one & ~other).any(),
            around=not (other & ~one).any(),
        )
    return meaning.related[key]


def _selector(meaning: Meaning, label: str) -> Selector:
    operation = meaning.graph.node(label).operation
    assert isinstance(operation, Width)
    return operation.selector


def _selected(
    meaning: Meaning, first: Selector, second: Selector
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What both select, over the same keys and queries."""
    pairs = [*pairs_of(first), *pairs_of(second)]
    keys = meaning.combinations(pair.keys for pair in pairs)
    queries = meaning.combinations(pair.queries for pair in pairs)
    return meaning.selected(first, keys, queries), meaning.selected(second, keys, queries)
