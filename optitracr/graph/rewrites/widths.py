"""Selector widths as a head and an elementwise function of what that writes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Elementwise, Share, Width
from optitracr.graph.provenance import Role
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.rewrites.writing import Writer
from optitracr.graph.tabled import TabledProgram
from optitracr.graph.values import ValueSet
from optitracr.rasp import Encoding


@dataclass(frozen=True, slots=True)
class SplitWidths(Pass):
    """Splits each selector width into its head's output, 1 / (1 + width), and the width of that.

    The two need not be adjacent, and others may read the head's output.
    """

    name = "split widths"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program in which every width is a share."""
        writer = Writer(self.name, program.names())
        for node in program.nodes:
            if isinstance(node.operation, Width):
                counts = node.value_set.values
                raw = tuple(1.0 / (int(count) + 1) for count in reversed(counts))
                shares = ValueSet(raw, False, raw)
                head = Share(node.operation.selector)
                made = writer.make(node, Role.SHARE, head, Encoding.NUMERICAL, shares)
                table = np.arange(len(counts) - 1, -1, -1, dtype=np.int32)
                own = replace(node.value_set, table=table)
                node = replace(node, operation=Elementwise((made.label,)), value_set=own)
            writer.add(node)
        return writer.program(program)
