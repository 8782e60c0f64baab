"""Selectors by place: a query asks for one place in an order of all positions.

Where every value of a variable tells at which position it stands, no two positions hold the same,
and an order of its values is one of the positions. So is sorting by distinct keys taken: how many
keys are less is the place of a position, which no other has.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.asked import Asked, asked_of, is_cut, operands_of
from optitracr.graph.inputs import Inputs
from optitracr.graph.ordering import is_row
from optitracr.graph.program import (
    PairSelector,
    Selector,
    Width,
    conjuncts_of,
    holds_of,
)
from optitracr.graph.tabled import TabledNode

Known = Mapping[str, TabledNode]


def selects_by_place(selector: Selector, known: Known, inputs: Inputs) -> bool:
    """Whether no query selects two positions, since it asks for one place; False if not known.

    Args:
        selector: The selector, tabled.
        known: Its keys and queries at least, and what these are computed from.
        inputs: The inputs that matter.
    """
    # A causal query does not see all that come before it in another order than that of positions.
    return not inputs.causal and any(
        each.is_one and _is_place(each, known)
        for part in conjuncts_of(selector)
        if isinstance(part, PairSelector) and not is_cut(part, known)
        for each in asked_of(part, known)
    )


def _is_place(asked: Asked, known: Known) -> bool:
    """Whether a variable counts what comes before a position in an order of all positions."""
    operation = known[asked.label].operation
    if not isinstance(operation, Width) or not isinstance(operation.selector, PairSelector):
        return False
    pair = operation.selector
    own = known[pair.keys].value_set
    if pair.keys != pair.queries or own.may_be_none or own.exploded:
        return False
    return is_row(holds_of(pair)) and _tells_positions(pair.keys, known)


def _tells_positions(label: str, known: Known) -> bool:
    """Whether two positions of an input never hold the same value of a variable."""
    waiting = [label]
    while waiting:
        one = waiting.pop()
        if known[one].is_index:
            return True
        table = known[one].table
        if table is not None:
            operands = operands_of(one, known)
            waiting += [x for axis, x in enumerate(operands) if _tells(table, axis)]
    return False


def _tells(table: NDArray[np.int32], axis: int) -> bool:
    """Whether each result of a function comes of one value of an operand."""
    values = table.shape[axis]
    results = np.moveaxis(table, axis, -1).reshape(-1, values).astype(np.int64)
    came = np.unique(results * values + np.arange(values))
    return len(came) == len(np.unique(results))
