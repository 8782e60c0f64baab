"""What is known of how many positions a selector selects, whatever the input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from optitracr.graph.program import (
    CompoundSelector,
    Input,
    Operation,
    PairSelector,
    Selector,
    Source,
)

if TYPE_CHECKING:
    from optitracr.graph.values import ValueSet


def always_selects(
    selector: Selector, operations: Mapping[str, Operation], sets: Mapping[str, ValueSet]
) -> bool:
    """Whether each query selects at least one key, whatever the input; False if not known.

    The shortest input that has a position ends there, so that only keys at or before the
    query can be counted on; what holds for these holds for a causal model too.

    Args:
        selector: The selector.
        operations: What computes each variable.
        sets: Value sets of its keys and queries.
    """
    if _selects_itself(selector, sets):
        return True
    if isinstance(selector, CompoundSelector):
        parts = selector.operands
        return selector.operator == "or" and any(
            always_selects(part, operations, sets) for part in parts
        )
    keys, queries = sets[selector.keys], sets[selector.queries]
    if not _is_indices(operations[selector.keys]) or queries.may_be_none:
        return False
    if _is_indices(operations[selector.queries]):
        return all(
            any(_holds(selector, key, query) for key in keys.values if key <= query)
            for query in queries.values
        )
    return all(_holds(selector, keys.values[0], query) for query in queries.values)


def selects_at_most_one(
    selector: Selector, operations: Mapping[str, Operation], sets: Mapping[str, ValueSet]
) -> bool:
    """Whether no query selects two positions, since it selects by index; False if not known."""
    if isinstance(selector, CompoundSelector):
        return selector.operator == "and" and any(
            selects_at_most_one(part, operations, sets) for part in selector.operands
        )
    if not _is_indices(operations[selector.keys]) or sets[selector.queries].exploded:
        return False
    keys = sets[selector.keys].values
    return all(
        sum(_holds(selector, key, query) for key in keys) <= 1
        for query in sets[selector.queries].values
    )


def _selects_itself(selector: Selector, sets: Mapping[str, ValueSet]) -> bool:
    """Whether each position selects itself."""
    if isinstance(selector, PairSelector):
        own = sets[selector.keys]
        return (
            selector.keys == selector.queries
            and not own.may_be_none
            and not own.exploded
            and all(_holds(selector, value, value) for value in own.values)
        )
    found = [_selects_itself(part, sets) for part in selector.operands]
    return {"and": all(found), "or": any(found)}.get(selector.operator, False)


def _holds(selector: PairSelector, key: Any, query: Any) -> bool:
    """The predicate; False where it raises, which is reported when its table is made."""
    try:
        return bool(selector.predicate(key, query))
    except Exception:
        return False


def _is_indices(operation: Operation) -> bool:
    return isinstance(operation, Input) and operation.source is Source.INDICES
