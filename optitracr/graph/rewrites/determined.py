"""Heads that give what their query's own position tells, as functions of that.

Selecting by one selector may be the same as selecting oneself: whichever equal token is looked at,
its letter is one's own; the index of the position before is a function of one's own index, and so
is how many positions are not after. Where each value of an input goes with one value of a head
alone, on all inputs that matter, the head's variable is a function of that input, which is
embedded, and takes no head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from optitracr.graph.inputs import Inputs
from optitracr.graph.joint.rows import Rows
from optitracr.graph.joint.values import JointValues
from optitracr.graph.program import Aggregate, Elementwise, Input, Width
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.tabled import Table, TabledNode, TabledProgram


@dataclass(frozen=True, slots=True)
class ReadOwnInputs(Pass):
    """Makes each head's variable that its position's token or index determines a function of it.

    What only such heads read is left out.
    """

    name = "what positions know themselves"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program without these heads."""
        heads = [x for x in program.nodes if isinstance(x.operation, Aggregate | Width)]
        embedded = [x for x in program.nodes if isinstance(x.operation, Input)]
        joint = JointValues.of_program(program, inputs)
        found = {node.label: _of_an_input(node, embedded, joint) for node in heads}
        if not any(found.values()):
            return program
        nodes = (found.get(node.label) or node for node in program.nodes)
        return program.with_nodes(nodes).without_unread()


def _of_an_input(
    node: TabledNode, embedded: Sequence[TabledNode], joint: JointValues
) -> TabledNode | None:
    """A head's variable as a function of an input; None if it is not known to be one."""
    # How many positions a causal query sees its index tells.
    index = [x.label for x in embedded if x.is_index and joint.inputs.causal]
    rows = joint.together((node.label, *index))
    if rows is None or not len(rows):
        return None
    for read in embedded:
        table = _function(rows, node.label, read)
        if table is not None:
            own = replace(node.value_set, table=table)
            return replace(node, operation=Elementwise((read.label,)), value_set=own)
    return None


def _function(rows: Rows, label: str, read: TabledNode) -> Table | None:
    """The code of a variable for each of an input's; None if the input does not determine it."""
    own = rows.column(label)
    table = np.full(len(read.value_set.values), own[0], dtype=np.int32)
    if read.label not in rows.labels:
        return table if (own == own[0]).all() else None
    of = rows.column(read.label)
    table[of] = own
    return table if (table[of] == own).all() else None
