"""Whether the matrices of a program fit in memory, before any of them is made."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import LimitError
from optitracr.graph.about import about
from optitracr.graph.inputs import Inputs
from optitracr.graph.joint.values import JointValues
from optitracr.graph.program import Elementwise, Width
from optitracr.graph.tabled import TabledNode, TabledProgram
from optitracr.memory import check_memory

ENTRY_BYTES = 8
"""What an entry of a matrix takes: components are made in float64."""


MAX_NEURONS = 50_000
"""Neurons of one component, beyond which a function is refused: their weights over a stream of a
thousand dimensions take some hundreds of megabytes."""


class Pairs:
    """The pairs of values for which a component of the standard lowering has neurons.

    Tracr has one for every pair. Where these are too many, those that no input leads to are left
    out.
    """

    def __init__(self, program: TabledProgram, inputs: Inputs) -> None:
        """Nothing is looked at yet."""
        self._nodes = program.by_label()
        self._joint = JointValues(self._nodes, inputs)

    def count(self, node: TabledNode) -> int:
        """Neurons of a function."""
        return self._counted(node)[0]

    def of(self, node: TabledNode) -> NDArray[np.intp] | None:
        """The pairs of a function's values that have neurons, as places among all; None for all.

        Raises:
            LimitError: If there are too many.
        """
        count, some = self._counted(node)
        if count > MAX_NEURONS:
            raise LimitError(
                f"s-op {node.describe()} would take {count:,} neurons, one for each pair of "
                f"values, above the limit of {MAX_NEURONS:,}; map its operands to fewer values "
                "first, or lower max_seq_len"
            )
        return some

    def _counted(self, node: TabledNode) -> tuple[int, NDArray[np.intp] | None]:
        """How many pairs have neurons, and which if not all."""
        operation = node.operation
        assert isinstance(operation, Elementwise)
        whole = math.prod(self._sizes(operation))
        some = self._some(operation) if whole > MAX_NEURONS else None
        return whole if some is None else len(some), some

    def _sizes(self, operation: Elementwise) -> list[int]:
        return [len(self._nodes[label].value_set.values) for label in operation.operands]

    def _some(self, operation: Elementwise) -> NDArray[np.intp] | None:
        """The pairs that may occur; None if nothing is known of that."""
        rows = self._joint.rows(operation.operands)
        if rows is None:
            return None
        kept = rows[(rows >= 0).all(axis=1)].astype(np.intp)
        return np.unique(np.ravel_multi_index(tuple(kept.T), self._sizes(operation)))


def check_tables(program: TabledProgram, inputs: Inputs) -> None:
    """Checks each matrix of the standard lowering, where every value has a dimension.

    At level 2 candidates that are too large are left out, and need no check.

    Args:
        program: The program.
        inputs: The inputs that matter.

    Raises:
        LimitError: Names the first s-op whose matrix does not fit, and its size.
    """
    pairs = Pairs(program, inputs)
    for node in program.nodes:
        with about(node):
            rows, columns = _matrix(node, pairs)
            check_memory(
                f"a matrix of {rows:,} by {columns:,} numbers for s-op {node.describe()}",
                ENTRY_BYTES * rows * columns,
                "give fewer tokens, lower max_seq_len, or map the s-op's operands to fewer "
                "values, or compile with optimize=2",
            )


def _matrix(node: TabledNode, pairs: Pairs) -> tuple[int, int]:
    """Rows and columns of the largest matrix of an s-op: what it reads or writes, one-hot."""
    own = 1 if node.is_numerical else len(node.value_set.values)
    match node.operation:
        case Elementwise(operands=operands, factors=None) if operands:
            return pairs.count(node), own
        case Width():
            return 2 * own, own
        case _:
            return own, own
