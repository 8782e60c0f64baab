"""Selectors that select at most one key: by their tables, or since widths of an order are ranks."""

from __future__ import annotations

import numpy as np

from optitracr.checking.proof.symbolic.meaning import Meaning
from optitracr.graph.program import (
    Input,
    PairSelector,
    Selector,
    Source,
    Width,
    conjuncts_of,
    selector_reads,
)

ORDERED = 1 << 11
"""Values of an order whose pairs are compared: four million of them."""


def selects_one(meaning: Meaning, selector: Selector) -> bool:
    """Whether it is known that each query selects at most one key.

    It is where a promise says so, where one part of a conjunction asks for one position, and where
    one asks for one rank.

    Args:
        meaning: The program.
        selector: The selector.
    """
    parts = list(conjuncts_of(selector))
    if selector.at_most_one or any(part.at_most_one for part in parts):
        return True
    return any(isinstance(part, PairSelector) and _asks_for_one(meaning, part) for part in parts)


def _asks_for_one(meaning: Meaning, pair: PairSelector) -> bool:
    """Whether a selector asks for one value of what differs from position to position."""
    leaves = meaning.leaves(pair.keys)
    if len(leaves) != 1 or not _differs(meaning, leaves[0]):
        return False
    keys = meaning.combinations((leaves[0], pair.keys))
    queries = meaning.combinations((pair.queries,))
    return bool((meaning.selected(pair, keys, queries).sum(axis=0) <= 1).all())


def _differs(meaning: Meaning, label: str) -> bool:
    """Whether a variable has another value at each position."""
    operation = meaning.graph.node(label).operation
    if isinstance(operation, Input):
        return operation.source is Source.INDICES
    return isinstance(operation, Width) and _is_order(meaning, operation.selector)


def _is_order(meaning: Meaning, selector: Selector) -> bool:
    """Whether of any two positions one is before the other, so that a width is a rank.

    Two positions have different indices, whatever else they hold. A causal query counts earlier
    keys alone, so that its width is none.
    """
    leaves = {leaf for label in selector_reads(selector) for leaf in meaning.leaves(label)}
    index = meaning.input(Source.INDICES)
    if meaning.setting.causal or index not in leaves:
        return False
    if np.prod([len(meaning.values(label)) for label in leaves], dtype=float) > ORDERED:
        return False
    own = meaning.combinations((*sorted(leaves), *selector_reads(selector)))
    before = meaning.selected(selector, own, own)
    rank = before.sum(axis=0)
    place = own[index]
    apart = place[:, None] != place
    lower, higher = rank[:, None] < rank, rank[:, None] > rank
    itself = np.diag(before)
    return bool(
        ((before == lower) | ~apart).all()
        and ((lower | higher) | ~apart).all()
        and (itself.all() or not itself.any())
    )
