"""The tabled program: every variable with its values, its table and where it comes from."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.program import Node, ProgramGraph, operation_reads
from optitracr.graph.provenance import unused
from optitracr.graph.values import ValueSet

Table = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A variable as a function of others, beside the one that the program gives.

    Attributes:
        operands: The others.
        table: Index into the variable's value set for each combination, one axis an
            operand; -1 is None.
    """

    operands: tuple[str, ...]
    table: Table


@dataclass(frozen=True, slots=True, eq=False)
class TabledNode(Node):
    """One variable of a tabled program.

    Attributes:
        value_set: What it can be, and its table if it is a function of others.
        definitions: Other functions of other variables that it is as well.
    """

    value_set: ValueSet = field(kw_only=True)
    definitions: tuple[Definition, ...] = field(default=(), kw_only=True)

    @property
    def table(self) -> Table | None:
        """For a function of others the index of its value for each combination of theirs."""
        return self.value_set.table


def tabled(node: Node, value_set: ValueSet) -> TabledNode:
    """A variable with its value set."""
    return TabledNode(
        node.label,
        node.operation,
        node.encoding,
        node.source,
        node.provenance,
        value_set=value_set,
    )


@dataclass(frozen=True, slots=True, eq=False)
class TabledProgram(ProgramGraph):
    """A program whose variables are tabled: what every rewrite reads and makes.

    It holds no s-op and no function of the user's.

    Attributes:
        written: Labels of the user's variables, those that some rewrite left out among them.
        stands_for: For each variable that was merged with an equal one, that one.
        taken: Labels that variables have or had before some rewrite left them out.
        remembered: What was found out of it, by who asked for it.
    """

    nodes: tuple[TabledNode, ...]
    written: frozenset[str] = frozenset()
    stands_for: Mapping[str, str] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    remembered: dict[object, object] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, graph: ProgramGraph, nodes: Iterable[TabledNode]) -> TabledProgram:
        """A program as written, by its variables tabled."""
        written = frozenset(label for label, _ in graph.expressions)
        return cls(tuple(nodes), graph.output, written=written)

    @property
    def definitions(self) -> dict[str, tuple[Definition, ...]]:
        """The other definitions of each variable that has some."""
        return {node.label: node.definitions for node in self.nodes if node.definitions}

    def by_label(self) -> Mapping[str, TabledNode]:
        """Every node under its label, in order."""
        return cast(Mapping[str, TabledNode], self._nodes)

    def node(self, label: str) -> TabledNode:
        """The node of that label.

        Raises:
            NotFoundError: If there is none.
        """
        found = ProgramGraph.node(self, label)
        assert isinstance(found, TabledNode)
        return found

    def with_nodes(self, nodes: Iterable[TabledNode]) -> TabledProgram:
        """The same program of other nodes, in topological order; itself if they are its own."""
        found = tuple(nodes)
        if len(found) == len(self.nodes) and all(map(operator.is_, found, self.nodes)):
            return self
        taken = self.taken.union((node.label for node in self.nodes), (n.label for n in found))
        return replace(self, nodes=found, taken=taken)

    def with_definitions(self, definitions: Mapping[str, tuple[Definition, ...]]) -> TabledProgram:
        """The same program with these definitions beside its own operations."""
        given = ((node, definitions.get(node.label, ())) for node in self.nodes)
        return self.with_nodes(
            node if own == node.definitions else replace(node, definitions=own)
            for node, own in given
        )

    def without_unread(self) -> TabledProgram:
        """The program without what the output does not need."""
        needed = {self.output}
        for node in reversed(self.nodes):
            if node.label in needed:
                needed.update(operation_reads(node.operation))
        merged = {label: other for label, other in self.stands_for.items() if other in needed}
        left = self if merged == self.stands_for else replace(self, stands_for=merged)
        return left.with_nodes(node for node in self.nodes if node.label in needed)

    def names(self) -> Names:
        """Gives new variables labels that no other has or had."""
        return Names({*self.taken, *self.written, *self.by_label()})


@dataclass(slots=True)
class Names:
    """Labels for variables that a rewrite makes.

    Attributes:
        taken: Labels of all others; grows.
    """

    taken: set[str]

    def fresh(self, label: str) -> str:
        """The label, or one like it that is not taken."""
        found = unused(label, self.taken)
        self.taken.add(found)
        return found
