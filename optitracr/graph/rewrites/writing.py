"""Writing a program anew: the nodes so far, with labels and provenance for those that are made."""

from __future__ import annotations

from dataclasses import dataclass, field

from optitracr.graph.program import Node, Operation
from optitracr.graph.provenance import Provenance, Role
from optitracr.graph.tabled import Names, TabledNode, TabledProgram, tabled
from optitracr.graph.values import ValueSet
from optitracr.rasp import Encoding


@dataclass(slots=True, eq=False)
class Writer:
    """The nodes of a program that a pass writes, operands first.

    Attributes:
        name: The name of the pass.
        names: Labels of what it makes.
        nodes: The nodes so far, by label.
    """

    name: str
    names: Names
    nodes: dict[str, TabledNode] = field(default_factory=dict)

    def set_of(self, label: str) -> ValueSet:
        """What a variable that is there can be."""
        return self.nodes[label].value_set

    def add(self, node: TabledNode) -> TabledNode:
        """Adds a node whose operands are there."""
        self.nodes[node.label] = node
        return node

    def make(
        self,
        of: Node,
        role: Role,
        operation: Operation,
        encoding: Encoding,
        value_set: ValueSet,
        label: str = "",
    ) -> TabledNode:
        """Adds a variable for another one.

        Args:
            of: The variable that it is made for.
            role: What it is of that one.
            operation: What computes it.
            encoding: How it is held.
            value_set: What it can be.
            label: What to call it if that is free; by default after the two.
        """
        name = self.names.fresh(label or f"{of.label}.{role.value}")
        provenance = Provenance(self.name, of.label, role)
        made = Node(name, operation, encoding, of.source, provenance)
        return self.add(tabled(made, value_set))

    def program(self, before: TabledProgram) -> TabledProgram:
        """The program of the nodes."""
        return before.with_nodes(self.nodes.values())
