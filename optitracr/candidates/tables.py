"""Function tables: elementwise functions over any set of variables.

A table is an array with one axis for each leaf, indexed by the leaf's value; its entries
are indices into the value set of the function's result, -1 for None.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from optitracr.constructions.reduction import Codes
from optitracr.filling import padded
from optitracr.graph.program import Elementwise
from optitracr.graph.tabled import Definition, TabledNode, TabledProgram

KEPT_ENTRIES = 30_000
"""Entries of a table up to which it is kept for those that are made of it: as many as the largest
cut has. Of larger ones, which only selectors need, each is made again."""


@dataclass(slots=True)
class FunctionTables:
    """Tables of a program's elementwise functions over given leaves, made on demand.

    Attributes:
        nodes: The program's nodes by label.
    """

    nodes: Mapping[str, TabledNode]
    _made: dict[tuple[str, tuple[str, ...], bool], Codes] = field(default_factory=dict)
    _known: dict[tuple[str, tuple[str, ...]], bool] = field(default_factory=dict)
    _definitions: dict[str, tuple[Definition, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, program: TabledProgram) -> FunctionTables:
        """Tables of a program."""
        return cls(program.by_label())

    def definitions(self, label: str) -> tuple[Definition, ...]:
        """A variable as functions of others: the program's definition first, if it has one."""
        if label not in self._definitions:
            node = self.nodes[label]
            operation, table = node.operation, node.table
            own: tuple[Definition, ...] = ()
            if isinstance(operation, Elementwise) and table is not None:
                own = (Definition(operation.operands, table),)
            self._definitions[label] = (*own, *node.definitions)
        return self._definitions[label]

    def definition_over(self, label: str, leaves: tuple[str, ...]) -> Definition:
        """The definition of a variable that the leaves separate from the inputs."""
        for definition in self.definitions(label):
            if all(self._separated(operand, leaves) for operand in definition.operands):
                return definition
        raise AssertionError(f"{leaves} do not separate '{label}'")

    def _separated(self, label: str, leaves: tuple[str, ...]) -> bool:
        """Whether a variable is one of the leaves or a function of them; without recursion."""
        stack = [label]
        while stack:
            one = stack[-1]
            found = one in leaves or self._is_separated(one, leaves)
            if isinstance(found, str):
                stack.append(found)
            else:
                self._known[one, leaves] = found
                stack.pop()
        return self._known[label, leaves]

    def _is_separated(self, label: str, leaves: tuple[str, ...]) -> bool | str:
        """The same given what is known of its operands, or the operand that has to be known."""
        if (label, leaves) in self._known:
            return self._known[label, leaves]
        for definition in self.definitions(label):
            for operand in definition.operands:
                known = operand in leaves or self._known.get((operand, leaves))
                if known is None:
                    return operand
                if not known:
                    break
            else:
                return True
        return False

    def between(self, label: str, leaves: tuple[str, ...]) -> tuple[str, ...]:
        """Variables strictly between some leaves and what is computed from them."""
        found: dict[str, None] = {}
        stack = [] if label in leaves else [label]
        while stack:
            for operand in self.definition_over(stack.pop(), leaves).operands:
                if operand not in leaves and operand not in found:
                    found[operand] = None
                    stack.append(operand)
        return tuple(found)

    def leaves(self, labels: Sequence[str], leaves: tuple[str, ...]) -> tuple[str, ...]:
        """Those of some leaves that are read where variables are computed from them."""
        read: set[str] = set()
        stack = list(labels)
        while stack:
            label = stack.pop()
            if label in read:
                continue
            read.add(label)
            if label not in leaves:
                stack += self.definition_over(label, leaves).operands
        return tuple(leaf for leaf in leaves if leaf in read)

    def size(self, leaves: Sequence[str]) -> int:
        """Number of combinations of the leaves' values."""
        count = 1
        for leaf in leaves:
            count *= len(self.nodes[leaf].value_set.values)
        return count

    def table(self, label: str, leaves: tuple[str, ...]) -> Codes:
        """The function of `leaves` that `label` is, one axis a leaf.

        Args:
            label: An elementwise variable, or one of the leaves.
            leaves: Variables that separate it from the inputs.
        """
        return self._composed(label, leaves, none=False)

    def with_none(self, label: str, leaves: tuple[str, ...]) -> Codes:
        """The same function with one entry more on each axis, the last, for None."""
        return self._composed(label, leaves, none=True)

    def _composed(self, label: str, leaves: tuple[str, ...], none: bool) -> Codes:
        """Operands before what reads them, without recursion; those that are small are kept."""
        shape = tuple(len(self.nodes[leaf].value_set.values) + int(none) for leaf in leaves)
        kept = self._made if math.prod(shape) <= KEPT_ENTRIES else {}
        stack = [label]
        while stack:
            one = stack[-1]
            if (one, leaves, none) in kept:
                stack.pop()
                continue
            definition = None if one in leaves else self.definition_over(one, leaves)
            if definition is not None and definition.operands == leaves and not none:
                kept[one, leaves, none] = np.broadcast_to(definition.table, shape)
                stack.pop()
                continue
            operands = () if definition is None else definition.operands
            missing = [x for x in operands if (x, leaves, none) not in kept]
            stack += missing
            if not missing:
                parts = [kept[x, leaves, none] for x in operands]
                kept[one, leaves, none] = (
                    _leaf(leaves.index(one), shape, none)
                    if definition is None
                    else _applied(definition.table, parts, shape)
                )
                stack.pop()
        return kept[label, leaves, none]


def _leaf(axis: int, shape: tuple[int, ...], none: bool) -> Codes:
    """One of the leaves as a function of all; its last entry stands for None if there is one."""
    own = np.arange(shape[axis], dtype=np.int32)
    if none:
        own[-1] = -1
    line = [1] * len(shape)
    line[axis] = shape[axis]
    return np.broadcast_to(own.reshape(line), shape)


def _applied(table: Codes, operands: Sequence[Codes], shape: tuple[int, ...]) -> Codes:
    """A function of operands that are functions of the leaves; None where any operand is."""
    if table.ndim == 0:
        return np.broadcast_to(table, shape)
    return np.broadcast_to(padded(table)[tuple(operands)], shape)
