"""Selectors that look at a position that was computed: what computes it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optitracr.checking.proof.symbolic.meaning import Meaning
from optitracr.graph.program import Aggregate, Best, PairSelector, Selector, Source


def places_below(meaning: Meaning, selector: Selector) -> Iterator[Aggregate | Best]:
    """What computes the position at which a selector looks, then what that looks at, and so on."""
    while (below := _place(meaning, selector)) is not None:
        yield below
        if isinstance(below, Best):
            return
        selector = below.selector


def _place(meaning: Meaning, selector: Selector) -> Aggregate | Best | None:
    """What computes the position at which a selector looks; None if it is no such selector."""
    index = meaning.input(Source.INDICES)
    if not isinstance(selector, PairSelector) or selector.keys != index:
        return None
    operation = meaning.graph.node(selector.queries).operation
    if not isinstance(operation, Aggregate | Best):
        return None
    if isinstance(operation, Aggregate) and (operation.operand, operation.default) != (index, None):
        return None
    own, asked = meaning.values(index), meaning.values(selector.queries)
    keys = {index: np.arange(len(own))}
    queries = {selector.queries: np.arange(len(asked))}
    equal = np.array([[key == query for query in asked] for key in own])
    return operation if np.array_equal(meaning.selected(selector, keys, queries), equal) else None
