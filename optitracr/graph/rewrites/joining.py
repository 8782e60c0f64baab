"""Composite selectors as what a head computes: conditions that add up, and joint variables.

A conjunction, disjunction or negation of selectors is a relation between several key
variables and several query variables. Where it is a conjunction of conditions on one key
variable and one query variable each, a head adds these up. Of what is none, or small, a *joint*
variable takes one value for each class of combinations that the relation tells apart, and one
plain selector over the two joint variables selects the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import UnsupportedError
from optitracr.graph.about import about
from optitracr.graph.inputs import Inputs
from optitracr.graph.program import (
    Aggregate,
    Best,
    CompoundSelector,
    Elementwise,
    Pairs,
    Selector,
    TabledSelector,
    Width,
)
from optitracr.graph.provenance import Role
from optitracr.graph.relations import Factor, Relation, axes_of, check_entries, relation_of
from optitracr.graph.rewrites.merging import selector_key
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.rewrites.writing import Writer
from optitracr.graph.selecting import promises_at_most_one
from optitracr.graph.tabled import Table, TabledNode, TabledProgram
from optitracr.graph.values import ValueSet
from optitracr.rasp import Encoding

Conditions = Callable[[Relation], Sequence[Factor] | None]
"""The conditions on one key and one query each whose conjunction a relation is, if it is one."""


def none_kept(program: TabledProgram) -> Callable[[CompoundSelector], bool]:
    """No composite selector stays as it is."""
    return lambda selector: False


def none_known(program: TabledProgram) -> Conditions:
    """For heads that add no conditions up: no relation is a conjunction."""
    return lambda relation: None


@dataclass(frozen=True, slots=True)
class JoinSelectors(Pass):
    """Replaces composite selectors by conjunctions of plain ones, some over joint variables.

    Attributes:
        keep: For a program, which of its composite selectors may stay.
        conditions: For a program, how its relations are conjunctions, for heads that add
            conditions up.
        joint_values: Combinations of values up to which what could be added up gets joint
            variables all the same.

    Raises:
        UnsupportedError: If a selector needs to tell None apart.
        LimitError: If what is no conjunction of its relation is too large.
    """

    keep: Callable[[TabledProgram], Callable[[CompoundSelector], bool]] = none_kept
    conditions: Callable[[TabledProgram], Conditions] = none_known
    joint_values: int = 0
    name = "joint selectors"

    def __call__(self, program: TabledProgram, inputs: Inputs) -> TabledProgram:
        """The program with the joint variables before their readers."""
        writer = Writer(self.name, program.names())
        kept, conditions = self.keep(program), self.conditions(program)
        made: dict[object, Selector] = {}
        for node in program.nodes:
            operation = node.operation
            if isinstance(operation, Aggregate | Best | Width):
                selector = operation.selector
                if isinstance(selector, CompoundSelector) and not kept(selector):
                    key = (selector.label, selector_key(selector))
                    if key not in made:
                        with about(node):
                            made[key] = self._replaced(writer, node, selector, conditions)
                    node = replace(node, operation=replace(operation, selector=made[key]))
            writer.add(node)
        return writer.program(program)

    def _replaced(
        self, writer: Writer, node: TabledNode, selector: CompoundSelector, conditions: Conditions
    ) -> Selector:
        """What selects the same, after the joint variables that it needs."""
        relation = relation_of(selector)
        _refuse_none(node, selector, relation, writer.nodes)
        made: list[Selector] = []
        small = _joint_values(relation, writer) <= self.joint_values
        for part in [relation] if small else relation.parts():
            found, left = ((), part) if small else _split(part, conditions)
            made += [_plain(selector, each) for each in found]
            if left.factors:
                made.append(_joined(writer, node, selector, left))
        if not made:
            made.append(_everything(writer, selector, relation))
        whole = made[0] if len(made) == 1 else CompoundSelector("and", (*made,), selector.label)
        return replace(whole, at_most_one=promises_at_most_one(selector))


def _joint_values(relation: Relation, writer: Writer) -> int:
    """Combinations of values of which joint variables would be made."""
    sides = [side for side in (relation.keys, relation.queries) if len(side) > 1]
    return sum(prod(len(writer.set_of(x).values) for x in side) for side in sides)


def _split(part: Relation, conditions: Conditions) -> tuple[Sequence[Factor], Relation]:
    """The conditions that a relation consists of, and what is none of it."""
    whole = conditions(part)
    if whole is not None:
        return whole, Relation.of(())
    found: list[Factor] = []
    left: list[Factor] = []
    for factor in part.factors:
        own = conditions(Relation.of([factor]))
        if own is None:
            left.append(factor)
        else:
            found += own
    return (found, Relation.of(left)) if left else ([], part)


def _plain(selector: CompoundSelector, condition: Factor) -> TabledSelector:
    """A condition as a selector; None is left out, which none of the whole selects."""
    (key,), (query,) = condition.keys, condition.queries
    return TabledSelector(key, query, selector.label, pairs=Pairs(condition.table[:-1, :-1]))


def _everything(writer: Writer, selector: CompoundSelector, relation: Relation) -> TabledSelector:
    """A plain selector that selects all keys, over variables of one that does."""
    key, query = relation.keys[0], relation.queries[0]
    holds = np.ones([len(writer.set_of(x).values) for x in (key, query)], dtype=bool)
    return TabledSelector(key, query, selector.label, pairs=Pairs(holds))


def _joined(
    writer: Writer, node: TabledNode, selector: CompoundSelector, relation: Relation
) -> TabledSelector:
    """A plain selector for a relation, after the joint variables that it needs."""
    check_entries(selector.label, relation.keys, relation.queries, relation.entries())
    table = relation.table()
    inner = table[tuple(slice(0, -1) for _ in range(table.ndim))]
    keys = [len(writer.set_of(x).values) for x in relation.keys]
    queries = [len(writer.set_of(x).values) for x in relation.queries]
    flat = inner.reshape(int(np.prod(keys)), int(np.prod(queries)))
    kept_rows, key_class = _classes(flat)
    kept_columns, query_class = _classes(flat[kept_rows].T)
    blocks = flat[np.ix_(kept_rows, kept_columns)]
    sides = (("keys", relation.keys, key_class), ("queries", relation.queries, query_class))
    labels, classes = [], []
    for side, operands, member in sides:
        label = f"{selector.label}.{node.label}.{side}"
        name, values = _variable(writer, node, label, operands, member)
        labels.append(name)
        classes.append(values)
    pairs = Pairs(blocks[np.ix_(*classes)])
    return TabledSelector(labels[0], labels[1], selector.label, pairs=pairs)


def _classes(rows: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """A row of each class of equal ones, in their order, and the class of each row."""
    packed = np.ascontiguousarray(np.packbits(rows, axis=1))
    whole = packed.view(np.dtype((np.void, max(packed.shape[1], 1)))).ravel()
    _, first, member = np.unique(whole, return_index=True, return_inverse=True)
    return first, member.ravel()


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
    for axis in axes_of(relation.keys, relation.queries):
        label = axis[1]
        if known[label].value_set.may_be_none and not relation.at_none(axis).is_empty():
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
