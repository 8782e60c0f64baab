"""Comparisons of all pairs of two lists at once, exactly as Python compares each of them.

Values are replaced by their ranks among all of them, or by the first that they equal, and ranks
are compared as arrays. So an integer beyond 64 bits, or one beside a float, is compared as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.rasp.predicates import Combination, Comparison, Curried, Negation

Value = Any
Holds = NDArray[np.bool_]
Ranks = NDArray[np.intp]

_NUMBERS = frozenset({bool, int, float})
"""Types of which all values but nan are in one order."""

_PLAIN = _NUMBERS | {str}
"""Types of which two values are equal just when a dictionary takes them for one, but for nan."""

_EQUALITIES = frozenset({Comparison.EQ, Comparison.NEQ})
_CONSTANTS = {Comparison.TRUE: True, Comparison.FALSE: False}

_OF_RANKS: dict[Comparison, Callable[[Ranks, Ranks], Holds]] = {
    Comparison.EQ: np.equal,
    Comparison.NEQ: np.not_equal,
    Comparison.LT: np.less,
    Comparison.LEQ: np.less_equal,
    Comparison.GT: np.greater,
    Comparison.GEQ: np.greater_equal,
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A predicate over some values, or what is made of those asked just before.

    Attributes:
        predicate: The predicate.
        keys: Its keys.
        queries: Its queries.
        parts_known: Whether its parts have been asked.
    """

    predicate: object
    keys: Sequence[Value]
    queries: Sequence[Value]
    parts_known: bool = False


def compared(predicate: object, keys: Sequence[Value], queries: Sequence[Value]) -> Holds | None:
    """Which queries select which keys, [keys, queries], by a predicate made of comparisons.

    Args:
        predicate: What selects: comparisons, constants in place of what they read, negations and
            combinations.
        keys: Their values.
        queries: Theirs.

    Returns:
        None where the predicate has to be called: if it is another, or values are of types that
        may compare in ways of their own or that do not compare.
    """
    waiting, done = [_Asked(predicate, keys, queries)], list[Holds]()
    # Parts before what is made of them, without recursion: they may be nested thousands deep.
    while waiting:
        asked = waiting.pop()
        parts = () if asked.parts_known else _parts(asked)
        if parts:
            waiting += parts
            continue
        found = _made_of(asked.predicate, done) if asked.parts_known else _ranked(asked)
        if found is None:
            return None
        done.append(found)
    return done[0]


def _parts(asked: _Asked) -> list[_Asked]:
    """What has to be asked in the place of a predicate that is made of others."""
    predicate, keys, queries = asked.predicate, asked.keys, asked.queries
    match predicate:
        case Curried(inner=inner, key=key, query=query):
            held = keys if key is None else (key,) * len(keys)
            asking = queries if query is None else (query,) * len(queries)
            return [_Asked(inner, held, asking)]
        case Negation(inner=inner):
            return [_Asked(predicate, keys, queries, True), _Asked(inner, keys, queries)]
        case Combination(predicates=predicates):
            each = [_Asked(one, keys, queries) for one in predicates]
            return [_Asked(predicate, keys, queries, True), *each]
        case _:
            return []


def _made_of(predicate: object, done: list[Holds]) -> Holds:
    """What comes of the parts of a predicate, which are the last of what is done and taken off."""
    if isinstance(predicate, Negation):
        return ~done.pop()
    assert isinstance(predicate, Combination)
    both = np.logical_and if predicate.combine is all else np.logical_or
    found: Holds = both.reduce([done.pop() for _ in predicate.predicates])
    return found


def _ranked(asked: _Asked) -> Holds | None:
    """What one comparison says of all pairs."""
    comparison, shape = asked.predicate, (len(asked.keys), len(asked.queries))
    if not isinstance(comparison, Comparison):
        return None
    if comparison in _CONSTANTS:
        return np.full(shape, _CONSTANTS[comparison])
    ranks = _ranks((*asked.keys, *asked.queries), comparison in _EQUALITIES)
    if ranks is None:
        return None
    keys, queries = ranks[: shape[0], None], ranks[None, shape[0] :]
    return _OF_RANKS[comparison](keys, queries)


def _ranks(values: Sequence[Hashable], unordered: bool) -> Ranks | None:
    """A number for each value, alike for equal ones and in their order; None if Python says more.

    Args:
        values: The values.
        unordered: Whether the order does not matter.
    """
    kinds = set(map(type, values))
    numbers = kinds <= _NUMBERS
    if not (numbers or kinds <= {str} or (unordered and kinds <= _PLAIN)):
        return None
    if float in kinds and any(value != value for value in values):
        return None
    distinct: Any = dict.fromkeys(values)
    place = {value: i for i, value in enumerate(distinct if unordered else sorted(distinct))}
    return np.fromiter((place[value] for value in values), dtype=np.intp, count=len(values))
