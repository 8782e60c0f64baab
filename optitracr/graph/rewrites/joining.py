"""Composite selectors over joint variables, for what no sum of conditions computes.

A conjunction, disjunction or negation of selectors is a relation between several key
variables and several query variables. A *joint* variable takes one value for each class of
combinations that the relation tells apart, and one plain selector over the two joint
variables selects the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import UnsupportedError
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import (
    Aggregate,
    CompoundSelector,
    Elementwise,
    Pairs,
    Selector,
    TabledSelector,
    Width,
)
from optitracr.graph.provenance import Role
from optitracr.graph.relations import Relation, relation_of
from optitracr.graph.rewrites.merging import selector_key
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.rewrites.writing import Writer
from optitracr.graph.selecting import promises_at_most_one
from optitracr.graph.tabled import Table, TabledNode, TabledProgram
from optitracr.graph.values import ValueSet
from optitracr.rasp import Encoding


def none_kept(program: TabledProgram) -> Callable[[CompoundSelector], bool]:
    """For heads that add no conditions up: no composite selector may stay."""
    return lambda selector: False


@dataclass(frozen=True, slots=True)
class JoinSelectors(Pass):
    """Replaces composite selectors by plain ones over joint variables.

    Attributes:
        keep: For a program, which of its composite selectors may stay.

    Raises:
        UnsupportedError: If a selector needs to tell None apart.
        LimitError: If its relation is too large.
    """

    keep: Callable[[TabledProgram], Callable[[CompoundSelector], bool]] = none_kept
    name = "joint selectors"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program with the joint variables before their readers."""
        writer = Writer(self.name, program.names())
        kept = self.keep(program)
        made: dict[object, TabledSelector] = {}
        for node in program.nodes:
            operation = node.operation
            if isinstance(operation, Aggregate | Width):
                selector = operation.selector
                if isinstance(selector, CompoundSelector) and not kept(selector):
                    key = (selector.label, selector_key(selector))
                    if key not in made:
                        made[key] = _joined(writer, node, selector)
                    node = replace(node, operation=replace(operation, selector=made[key]))
            writer.add(node)
        return writer.program(program)


def _joined(writer: Writer, node: TabledNode, selector: CompoundSelector) -> TabledSelector:
    """A plain selector that selects the same, after the joint variables that it needs."""
    relation = relation_of(selector)
    _refuse_none(node, selector, relation, writer.nodes)
    inner = relation.table[tuple(slice(0, -1) for _ in range(relation.table.ndim))]
    keys = [len(writer.set_of(x).values) for x in relation.keys]
    queries = [len(writer.set_of(x).values) for x in relation.queries]
    flat = inner.reshape(int(np.prod(keys)), int(np.prod(queries)))
    rows, key_class = np.unique(flat, axis=0, return_inverse=True)
    blocks, query_class = np.unique(rows, axis=1, return_inverse=True)
    sides = (("keys", relation.keys, key_class), ("queries", relation.queries, query_class))
    labels, classes = [], []
    for side, operands, member in sides:
        label = f"{selector.label}.{node.label}.{side}"
        name, values = _variable(writer, node, label, operands, member.ravel())
        labels.append(name)
        classes.append(values)
    pairs = Pairs(blocks[np.ix_(*classes)])
    single = promises_at_most_one(selector)
    return TabledSelector(labels[0], labels[1], selector.label, at_most_one=single, pairs=pairs)


def _variable(
    writer: Writer,
    node: TabledNode,
    label: str,
    operands: tuple[str, ...],
    member: NDArray[np.intp],
) -> tuple[str, NDArray[np.intp]]:
    """The variable of one side, and the class of each of its values."""
    if len(operands) == 1:
        return operands[0], member
    first = operands[0]
    for place, second in enumerate(operands[1:-1]):
        sizes = [len(writer.set_of(x).values) for x in (first, second)]
        pairs = np.arange(sizes[0] * sizes[1], dtype=np.int32).reshape(sizes)
        first = _joint(writer, node, f"{label}.{place}", (first, second), pairs)
    last = (first, operands[-1])
    classes = member.reshape([len(writer.set_of(x).values) for x in last]).astype(np.int32)
    found = _joint(writer, node, label, last, classes)
    return found, np.arange(len(writer.set_of(found).values))


def _joint(
    writer: Writer, node: TabledNode, label: str, operands: tuple[str, str], table: Table
) -> str:
    """A variable with one value for each class of pairs of values."""
    found = tuple(range(int(table.max(initial=-1)) + 1))
    none = any(writer.set_of(x).may_be_none for x in operands)
    value_set = ValueSet(found, none, found, table=table)
    made = writer.make(
        node, Role.JOINT, Elementwise(operands), Encoding.CATEGORICAL, value_set, label
    )
    return made.label


def _refuse_none(
    node: TabledNode,
    selector: Selector,
    relation: Relation,
    known: Mapping[str, TabledNode],
) -> None:
    """Refuses selectors that select by a variable where another one is None."""
    for axis, label in enumerate((*relation.keys, *relation.queries)):
        at_none = np.moveaxis(relation.table, axis, 0)[-1]
        if known[label].value_set.may_be_none and at_none.any():
            raise UnsupportedError(
                f"s-op {node.describe()}: its selector '{selector.label}' selects also where "
                f"'{known[label].shown}' is None, and is no sum of conditions on one key "
                f"and one query; {_instead_of_none(label, known)}"
            )


def _instead_of_none(label: str, known: Mapping[str, TabledNode]) -> str:
    """What gives a variable a value in place of None: where None comes from, and how."""
    while True:
        operation = known[label].operation
        below = operation.operands if isinstance(operation, Elementwise) else ()
        from_there = next(
            (operand for operand in below if known[operand].value_set.may_be_none), None
        )
        if from_there is None:
            break
        label = from_there
    name = known[label].shown
    if isinstance(operation, Aggregate):
        return (
            f"give '{name}' a default that is a value of its own, which heads write at optimize=2"
        )
    return f"let the function of '{name}' return a value of its own in place of None"
