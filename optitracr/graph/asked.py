"""What a selector asks of the variables of a key: of its own, and of those that this is made of.

A query that asks for a value of a function asks, of each operand, for the values from which the
function can give that. A key that is selected has one of these: None is never selected, and a
function is None where an operand is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.program import Elementwise, PairSelector, holds_of
from optitracr.graph.relations import LOOKED_AT
from optitracr.graph.tabled import TabledNode

Known = Mapping[str, TabledNode]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Which values of a variable at a key each query may select.

    Attributes:
        label: The variable.
        keys: Shape [values, queries]; supersets.
    """

    label: str
    keys: NDArray[np.bool_]

    @property
    def is_one(self) -> bool:
        """Whether each query asks for one value at most."""
        return bool((self.keys.sum(axis=0) <= 1).all())


def made_of(label: str, known: Known) -> list[str]:
    """A variable and all whose values decide it position by position, as far as tables tell."""
    found = {label: None}
    stack = [label]
    while stack:
        below = [x for x in operands_of(stack.pop(), known) if x not in found]
        found.update(dict.fromkeys(below))
        stack += below
    return list(found)


def is_cut(pair: PairSelector, known: Known) -> bool:
    """Whether the table of a selector leaves out values that its key or query can have."""
    return any(known[label].value_set.exploded for label in (pair.keys, pair.queries))


def asked_of(selector: PairSelector, known: Known) -> list[Asked]:
    """What a selector asks of its key and of all that this is made of, each once.

    Args:
        selector: The selector, with a table over all that its key and query can be.
        known: Its key at least, and what this is computed from.
    """
    found = {selector.keys: holds_of(selector)}
    stack = [selector.keys]
    while stack:
        label = stack.pop()
        for axis, operand in enumerate(operands_of(label, known)):
            below = None if operand in found else _below(known[label], axis, found[label])
            if below is not None:
                found[operand] = below
                stack.append(operand)
    return [Asked(label, keys) for label, keys in found.items()]


def operands_of(label: str, known: Known) -> tuple[str, ...]:
    """The operands of a function that is tabled over all that they can be."""
    operation, own = known[label].operation, known[label].value_set
    if not isinstance(operation, Elementwise) or own.table is None or own.exploded:
        return ()
    whole = not any(known[x].value_set.exploded for x in operation.operands)
    return operation.operands if whole else ()


def _below(node: TabledNode, axis: int, keys: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """What is asked of an operand, by what is asked of a function; None if that is too large."""
    assert node.table is not None
    values, results = node.table.shape[axis], len(keys)
    if max(node.table.size, values * max(keys.shape)) > LOOKED_AT:
        return None
    by_value = np.moveaxis(node.table, axis, 0).reshape(values, -1)
    # The last column is that of None, which no query asks for.
    gives = np.zeros((values, results + 1), dtype=np.float32)
    gives[np.arange(values)[:, None], by_value] = 1
    return np.asarray(gives[:, :results] @ keys.astype(np.float32) > 0)
