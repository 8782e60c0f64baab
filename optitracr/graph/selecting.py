"""What is known of how many positions a selector selects, whatever the input."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from optitracr.graph.program import (
    CompoundSelector,
    Input,
    PairSelector,
    Selector,
    Source,
    fold_selector,
    holds_of,
)
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
    if not _is_indices(known[selector.keys]) or queries.may_be_none:
        return False
    holds = holds_of(selector)
    if _is_indices(known[selector.queries]):
        return bool(np.triu(holds).any(axis=0).all())
    return bool(holds[0].all())


def selects_at_most_one(selector: Selector, known: Mapping[str, TabledNode]) -> bool:
    """Whether no query selects two positions: promised, or by index; False if not known."""
    return _at_most_one(selector, lambda pair: pair.at_most_one or _one_by_index(pair, known))


def promises_at_most_one(selector: Selector) -> bool:
    """Whether no query selects two positions where the program is defined, by its author's word."""
    return _at_most_one(selector, lambda pair: pair.at_most_one)


def _at_most_one(selector: Selector, of_pair: Callable[[PairSelector], bool]) -> bool:
    return fold_selector(
        selector,
        of_pair,
        lambda made, parts: made.at_most_one or (made.operator == "and" and any(parts)),
    )


def _one_by_index(selector: PairSelector, known: Mapping[str, TabledNode]) -> bool:
    queries = known[selector.queries].value_set
    if not _is_indices(known[selector.keys]) or queries.exploded:
        return False
    holds = holds_of(selector)
    return bool((holds.sum(axis=0) <= 1).all())


def _is_indices(node: TabledNode) -> bool:
    operation = node.operation
    return isinstance(operation, Input) and operation.source is Source.INDICES
