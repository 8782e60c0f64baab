"""Means with a default that a head cannot write, as differences from it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from optitracr.graph.inputs import Inputs
from optitracr.graph.program import Aggregate, Elementwise
from optitracr.graph.provenance import Role
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.rewrites.writing import Writer
from optitracr.graph.tabled import TabledNode, TabledProgram
from optitracr.graph.values import ValueSet
from optitracr.rasp import Encoding


@dataclass(frozen=True, slots=True)
class ShiftDefaults(Pass):
    """Lets heads that write no default but 0 take the mean of the differences from the default.

    The default is added again afterwards.
    """

    name = "defaults"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program without defaults of numbers other than 0."""
        writer = Writer(self.name, program.names())
        for node in program.nodes:
            operation = node.operation
            if isinstance(operation, Aggregate) and node.is_numerical and operation.default:
                _shift(writer, node, operation, float(operation.default))
            else:
                writer.add(node)
        return writer.program(program)


def _shift(writer: Writer, node: TabledNode, operation: Aggregate, default: float) -> None:
    """The mean of the differences from the default, and the default again."""
    own, operand = node.value_set, writer.nodes[operation.operand].value_set
    bare = replace(node, source="")
    places = np.arange(len(operand.values), dtype=np.int32)
    differences = tuple(float(value) - default for value in operand.values)
    found = ValueSet(differences, operand.may_be_none, differences, table=places)
    read = Elementwise((operation.operand,))
    less = writer.make(bare, Role.LESS, read, Encoding.NUMERICAL, found)
    values, standard = (
        tuple(float(value) - default for value in held) for held in (own.values, own.standard)
    )
    found = ValueSet(values, False, standard, own.exploded)
    copied = replace(operation, operand=less.label, default=0)
    mean = writer.make(node, Role.DIFFERENCE, copied, Encoding.NUMERICAL, found)
    constant = ValueSet((default,), False, (default,), table=np.zeros((), dtype=np.int32))
    shift = writer.make(bare, Role.DEFAULT, Elementwise(()), Encoding.NUMERICAL, constant)
    table = np.arange(len(own.values), dtype=np.int32)[:, None] if own.values else None
    total = Elementwise((mean.label, shift.label), (1.0, 1.0))
    writer.add(replace(node, operation=total, value_set=replace(own, table=table)))
