"""What is known of how many positions a selector selects, whatever the input."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.program import (
    CompoundSelector,
    PairSelector,
    Selector,
    fold_selector,
    holds_of,
)
from optitracr.graph.promised import least_and_most_keys
from optitracr.graph.tabled import TabledNode


def always_selects(selector: Selector, known: Mapping[str, TabledNode]) -> bool:
    """Whether each query selects at least one key, whatever the input; False if not known.

    The shortest input that has a position ends there, so that only keys at or before the
    query can be counted on; what holds for these holds for a causal model too.

    Args:
        selector: The selector.
        known: Its keys and queries at least.
    """
    return fold_selector(
        selector,
        lambda pair: (_selects_itself(pair, known), _some_key(pair, known)),
        _some_of_parts,
    )[1]


SelectsSome = tuple[bool, bool]
"""Whether each position selects itself, and whether it selects some position at all."""


def _some_of_parts(selector: CompoundSelector, parts: tuple[SelectsSome, ...]) -> SelectsSome:
    match selector.operator:
        case "and":
            itself = all(own for own, _ in parts)
            return itself, itself
        case "or":
            return any(own for own, _ in parts), any(some for _, some in parts)
        case _:
            return False, False


def _selects_itself(selector: PairSelector, known: Mapping[str, TabledNode]) -> bool:
    own = known[selector.keys].value_set
    if selector.keys != selector.queries or own.may_be_none or own.exploded:
        return False
    return bool(holds_of(selector).diagonal().all())


def _some_key(selector: PairSelector, known: Mapping[str, TabledNode]) -> bool:
    if _selects_itself(selector, known):
        return True
    queries = known[selector.queries].value_set
    if queries.may_be_none or queries.exploded:
        return False
    promised = least_and_most_keys(selector, known)
    if promised is not None:
        return bool((promised[0] >= 1).all())
    if not known[selector.keys].is_index:
        return False
    holds = holds_of(selector)
    if known[selector.queries].is_index:
        return bool(np.triu(holds).any(axis=0).all())
    return bool(holds[0].all())


def selects_at_most_one(selector: Selector, known: Mapping[str, TabledNode]) -> bool:
    """Whether no query selects two positions: promised, or by index; False if not known."""
    return _at_most_one(
        selector,
        lambda pair: pair.at_most_one or _one_by_index(pair, known) or _one_by_token(pair, known),
    )


def promises_at_most_one(selector: Selector) -> bool:
    """Whether no query selects two positions where the program is defined, by its author's word."""
    return _at_most_one(selector, lambda pair: pair.at_most_one)


def _at_most_one(selector: Selector, of_pair: Callable[[PairSelector], bool]) -> bool:
    return fold_selector(
        selector,
        of_pair,
        lambda made, parts: made.at_most_one or (made.operator == "and" and any(parts)),
    )


Bounds = tuple[int, int]
"""How many keys a query selects: at least, at most."""


def promised_bounds(selector: Selector, known: Mapping[str, TabledNode], longest: int) -> Bounds:
    """How many keys each query selects where nothing but promises is looked at.

    Args:
        selector: The selector.
        known: Its keys and queries at least.
        longest: Longest input.
    """

    def of_pair(pair: PairSelector) -> Bounds:
        found = least_and_most_keys(pair, known)
        least, most = (0, longest) if found is None else _ends(*found)
        # Of a query that is None nothing is selected.
        least = 0 if known[pair.queries].value_set.may_be_none else least
        return least, min(most, 1 if pair.at_most_one else longest)

    def combine(made: CompoundSelector, parts: tuple[Bounds, ...]) -> Bounds:
        match made.operator:
            case "and":
                least, most = 0, min(most for _, most in parts)
            case "or":
                least, most = max(least for least, _ in parts), sum(most for _, most in parts)
            case _:
                least, most = 0, longest
        return least, min(most, 1 if made.at_most_one else longest)

    return fold_selector(selector, of_pair, combine)


def _ends(least: NDArray[np.int64], most: NDArray[np.int64]) -> Bounds:
    """Of all queries together."""
    return int(least.min()) if len(least) else 0, int(most.max(initial=0))


def _one_by_index(selector: PairSelector, known: Mapping[str, TabledNode]) -> bool:
    queries = known[selector.queries].value_set
    if not known[selector.keys].is_index or queries.exploded:
        return False
    holds = holds_of(selector)
    return bool((holds.sum(axis=0) <= 1).all())


def _one_by_token(selector: PairSelector, known: Mapping[str, TabledNode]) -> bool:
    promised = least_and_most_keys(selector, known)
    return promised is not None and bool((promised[1] <= 1).all())
