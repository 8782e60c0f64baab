"""Whether the tables of a program fit in memory, before any of them is made."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from optitracr.graph.program import (
    Aggregate,
    Elementwise,
    Node,
    PairSelector,
    ProgramGraph,
    Selector,
    Width,
)
from optitracr.graph.values import ValueSet
from optitracr.memory import check_memory

ENTRY_BYTES = 8
"""What an entry of a table takes: matrices are made in float64, relations as Python's tuples."""

REMEDY = "give fewer tokens, lower max_seq_len, or map the s-op's operands to fewer values"


def check_tables(graph: ProgramGraph, values: Mapping[str, ValueSet], standard: bool) -> None:
    """Checks the relation of each selector, and for the standard lowering each matrix.

    Args:
        graph: The program.
        values: Its value sets.
        standard: Whether for levels 0 and 1, where every value has a dimension; at level 2
            candidates that are too large are left out.

    Raises:
        LimitError: Names the first s-op whose table does not fit, and its size.
    """
    for node in graph.nodes:
        for selector in _pairs(node):
            keys, queries = (len(values[x].values) for x in (selector.keys, selector.queries))
            check_memory(
                f"the relation of {keys:,} keys and {queries:,} queries that s-op "
                f"{node.describe()} selects by",
                ENTRY_BYTES * keys * queries,
                REMEDY,
            )
        if standard:
            rows, columns = _matrix(node, values)
            check_memory(
                f"a matrix of {rows:,} by {columns:,} numbers for s-op {node.describe()}",
                ENTRY_BYTES * rows * columns,
                f"{REMEDY}, or compile with optimize=2",
            )


def _pairs(node: Node) -> Iterator[PairSelector]:
    if not isinstance(node.operation, Aggregate | Width):
        return
    pending: list[Selector] = [node.operation.selector]
    while pending:
        selector = pending.pop()
        if isinstance(selector, PairSelector):
            yield selector
        else:
            pending.extend(selector.operands)


def _matrix(node: Node, values: Mapping[str, ValueSet]) -> tuple[int, int]:
    """Rows and columns of the largest matrix of an s-op: what it reads or writes, one-hot."""
    own = 1 if node.is_numerical else len(values[node.label].values)
    match node.operation:
        case Elementwise(operands=operands, factors=None) if operands:
            return math.prod(len(values[label].values) for label in operands), own
        case Width():
            return 2 * own, own
        case _:
            return own, own
