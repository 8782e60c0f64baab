"""What widths at one position have to do with each other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.symbolic.meaning import Meaning, Part, rows_of
from optitracr.checking.proof.symbolic.values import Assignment, OpenError
from optitracr.graph.program import Selector, Source, Width, pairs_of


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
    allowed = np.ones(len(next(iter(given.values()))), dtype=bool)
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
    key = label, label
    if key not in meaning.related:
        # Whoever asks about this width meanwhile knows nothing of it.
        meaning.related[key] = None
        selector = _selector(meaning, label)
        try:
            both = meaning.combinations(
                side for pair in pairs_of(selector) for side in (pair.keys, pair.queries)
            )
            if len(next(iter(both.values()))) <= SIDES:
                itself = np.diag(meaning.selected(selector, both, both))
                meaning.related[key] = bool(itself.all()) if _is_one(itself) else None
        except OpenError:
            pass
    found = meaning.related[key]
    return found if isinstance(found, bool) else None


SIDES = 1 << 12
"""Combinations of what one position holds of which it is asked whether they select themselves: the
square of them are looked at."""


def _is_one(itself: NDArray[np.bool_]) -> bool:
    """Whether some things all hold, or all do not."""
    return bool(itself.all() or not itself.any())


class _Relation:
    """What two selectors have to do with each other, whatever the query."""

    def __init__(self, one: NDArray[np.bool_], other: NDArray[np.bool_]) -> None:
        self.disjoint = not (one & other).any()
        self.within = not (one & ~other).any()
        self.around = not (other & ~one).any()


_NOTHING_KNOWN = (np.array([True, False, True]), np.array([False, True, True]))


def _relation(meaning: Meaning, first: str, second: str) -> _Relation:
    """What the selectors of two widths have to do with each other."""
    key = first, second
    if key not in meaning.related:
        meaning.related[key] = _Relation(*_NOTHING_KNOWN)
        try:
            sides = _selected(meaning, *(_selector(meaning, label) for label in key))
        except OpenError:
            sides = _NOTHING_KNOWN
        meaning.related[key] = _Relation(*sides)
    found = meaning.related[key]
    assert isinstance(found, _Relation)
    return found


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
