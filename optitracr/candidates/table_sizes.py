"""Whether the matrices of a program fit in memory, before any of them is made."""

from __future__ import annotations

import math

from optitracr.graph.program import Elementwise, Width
from optitracr.graph.tabled import TabledNode, TabledProgram
from optitracr.memory import check_memory

ENTRY_BYTES = 8
"""What an entry of a matrix takes: components are made in float64."""


def check_tables(program: TabledProgram) -> None:
    """Checks each matrix of the standard lowering, where every value has a dimension.

    At level 2 candidates that are too large are left out, and need no check.

    Args:
        program: The program.

    Raises:
        LimitError: Names the first s-op whose matrix does not fit, and its size.
    """
    for node in program.nodes:
        rows, columns = _matrix(node, program)
        check_memory(
            f"a matrix of {rows:,} by {columns:,} numbers for s-op {node.describe()}",
            ENTRY_BYTES * rows * columns,
            "give fewer tokens, lower max_seq_len, or map the s-op's operands to fewer values, "
            "or compile with optimize=2",
        )


def _matrix(node: TabledNode, program: TabledProgram) -> tuple[int, int]:
    """Rows and columns of the largest matrix of an s-op: what it reads or writes, one-hot."""
    own = 1 if node.is_numerical else len(node.value_set.values)
    match node.operation:
        case Elementwise(operands=operands, factors=None) if operands:
            return math.prod(len(program.node(x).value_set.values) for x in operands), own
        case Width():
            return 2 * own, own
        case _:
            return own, own
