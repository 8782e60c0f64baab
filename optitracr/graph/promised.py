"""How many keys a selector selects by what was promised of the inputs.

A selector whose keys are functions of the token alone selects, for each value of its query, the
positions that hold one of some tokens; of these the domain knows the fewest and the most. What is
seen of an input by a causal query are its first tokens: at most as many of these are selected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.filling import padded
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Elementwise, Input, PairSelector, Source, holds_of
from optitracr.graph.tabled import TabledNode

Codes = NDArray[np.integer[Any]]
Counts = NDArray[np.int64]


def least_and_most_keys(
    selector: PairSelector, known: Mapping[str, TabledNode]
) -> tuple[Counts, Counts] | None:
    """For each value of its query the fewest and the most keys that a selector selects.

    Args:
        selector: The selector, with a table.
        known: Its keys and queries at least, and all that these are made of, in order.

    Returns:
        None if nothing was promised, or its keys are no function of the token alone.
    """
    inputs = _inputs_of(selector.keys, known)
    if inputs is None or inputs.domain is None or known[selector.queries].value_set.exploded:
        return None
    keys = _by_token(selector.keys, known)
    if keys is None:
        return None
    holds = np.pad(holds_of(selector), ((0, 1), (0, 0)))
    least, most = inputs.domain.occurrence.least_and_most(holds[keys].T)
    return (np.zeros_like(least) if inputs.causal else least), most


def _inputs_of(label: str, known: Mapping[str, TabledNode]) -> Inputs | None:
    """The inputs that were promised, by some input that a variable is a function of."""
    seen = set()
    while label not in seen:
        seen.add(label)
        operation = known[label].operation
        if isinstance(operation, Input):
            return operation.inputs
        if isinstance(operation, Elementwise) and operation.operands:
            label = operation.operands[0]
    return None


def _by_token(label: str, known: Mapping[str, TabledNode]) -> Codes | None:
    """The place of a variable's value for each token, -1 for None; None if more decides it."""
    below, stack = {label}, [label]
    while stack:
        node = known[stack.pop()]
        match node.operation:
            case Input(source=Source.TOKENS):
                continue
            case Elementwise(operands=operands) if node.table is not None:
                stack += [operand for operand in operands if operand not in below]
                below.update(operands)
            case _:
                return None
    codes: dict[str, Codes] = {}
    for one in (name for name in known if name in below):
        node = known[one]
        if isinstance(node.operation, Input):
            codes[one] = np.arange(len(node.value_set.values))
            continue
        assert isinstance(node.operation, Elementwise)
        assert node.table is not None
        # The place of None, in an operand as in the result, is the last.
        codes[one] = padded(node.table)[
            tuple(codes[operand] for operand in node.operation.operands)
        ]
    return codes[label]
