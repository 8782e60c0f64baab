"""What every tabled program has to be, whatever pass made it: a check of the compiler itself."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import OptitracrError
from optitracr.graph.program import (
    Aggregate,
    Best,
    Elementwise,
    Function,
    TabledSelector,
    Width,
    operation_reads,
    pairs_of,
)
from optitracr.graph.tabled import TabledNode, TabledProgram
from optitracr.graph.values import ValueSet


class BrokenProgramError(OptitracrError, AssertionError):
    """A tabled program that does not hold together: a fault of the compiler, not of its user."""


def check_program(program: TabledProgram, made_by: str) -> None:
    """Checks that a program holds together.

    Args:
        program: The program.
        made_by: What made it, for the message.

    Raises:
        BrokenProgramError: Names the first fault.
    """
    for fault in faults(program):
        raise BrokenProgramError(f"after '{made_by}': {fault}")


def check_rewrite(before: TabledProgram, after: TabledProgram, made_by: str) -> None:
    """Checks what a rewrite made, and that it is a program for the same output.

    Raises:
        BrokenProgramError: Names the first fault.
    """
    check_program(after, made_by)
    if after.output != before.output:
        raise BrokenProgramError(f"after '{made_by}': the output is another variable")
    lost = {*before.taken, *before.by_label()} - {*after.taken, *after.by_label()}
    if lost:
        raise BrokenProgramError(f"after '{made_by}': labels are free again: {sorted(lost)}")


def faults(program: TabledProgram) -> Iterator[str]:
    """All that is wrong with a program, each in a sentence."""
    known: dict[str, TabledNode] = {}
    named = {*program.written, *program.taken, *program.by_label()}
    for node in program.nodes:
        for fault in (
            *_labels(node, known, program.written, named),
            *_operands(node, known),
            *_values(node.value_set),
        ):
            yield f"'{node.label}' {fault}"
        if all(label in known for label in operation_reads(node.operation)):
            yield from (f"'{node.label}' {fault}" for fault in _operation(node, known))
        known[node.label] = node
    if program.output not in known:
        yield f"the output '{program.output}' is no variable"
    for merged, other in program.stands_for.items():
        if merged in known or other not in known:
            yield f"'{other}' cannot stand for '{merged}'"


def _labels(
    node: TabledNode, known: Container[str], users: Container[str], named: Container[str]
) -> Iterator[str]:
    """Labels are unique; what the compiler made has none of the user's, and is made for one."""
    if node.label in known:
        yield "stands there twice"
    if ":" in node.label:
        yield "has a colon"
    if node.provenance is None:
        return
    if node.label in users:
        yield "is made by the compiler and has the label of the user's"
    if node.provenance.variable not in named:
        yield f"is made for '{node.provenance.variable}', which never was"


def _operands(node: TabledNode, known: Mapping[str, TabledNode]) -> Iterator[str]:
    """Operands stand before what reads them."""
    read = [*operation_reads(node.operation)]
    read += [label for each in node.definitions for label in each.operands]
    for label in dict.fromkeys(read):
        if label not in known:
            yield f"reads '{label}', which does not stand before it"


def _values(own: ValueSet) -> Iterator[str]:
    if len(set(own.values)) < len(own.values):
        yield "lists a value twice"
    if None in own.values:
        yield "lists None among its values"
    if own.exploded and own.values:
        yield "has values, and a reason for having none"
    if set(own.forms) - set(own.values):
        yield "has forms of values that it does not list"


def _operation(node: TabledNode, known: Mapping[str, TabledNode]) -> Iterator[str]:
    """What computes a variable agrees with what it can be."""
    operation = node.operation
    for definition in node.definitions:
        if all(label in known for label in definition.operands):
            yield from _table(node.value_set, definition.operands, definition.table, known)
    match operation:
        case Function():
            yield "is a function as its author wrote it"
        case Elementwise():
            yield from _elementwise(node, operation, known)
        case Aggregate():
            yield from _selector(operation, known)
            yield from _aggregate(node, operation, known)
        case Width():
            yield from _selector(operation, known)
        case Best():
            yield from _selector(operation, known)
        case _:
            pass
    if node.table is not None and not isinstance(operation, Elementwise):
        yield "has a table and is no function"


def _elementwise(
    node: TabledNode, operation: Elementwise, known: Mapping[str, TabledNode]
) -> Iterator[str]:
    own, factors = node.value_set, operation.factors
    if factors is not None and len(factors) != len(operation.operands):
        yield "has not one factor for each operand"
    if own.table is None:
        if factors is None:
            yield "is a function without a table"
        return
    yield from _table(own, operation.operands, own.table, known)
    if (own.table < 0).any() and not own.may_be_none:
        yield "is None somewhere and cannot be None"


def _table(
    own: ValueSet,
    operands: Sequence[str],
    table: NDArray[np.int32],
    known: Mapping[str, TabledNode],
) -> Iterator[str]:
    """A table has an entry for each combination, and lists values that there are."""
    shape = tuple(len(known[label].value_set.values) for label in operands)
    if table.shape != shape:
        yield f"has a table of {table.shape} for operands of {shape} values"
    if table.size and not -1 <= table.min() <= table.max() < max(len(own.values), 0):
        yield "has a table with places that are no values"


def _selector(
    operation: Aggregate | Width | Best, known: Mapping[str, TabledNode]
) -> Iterator[str]:
    """What selects is tabled, over the values of its keys and queries."""
    for pair in pairs_of(operation.selector):
        if not isinstance(pair, TabledSelector):
            yield f"selects by '{pair.label}', which is as its author wrote it"
            continue
        shape = tuple(len(known[x].value_set.values) for x in (pair.keys, pair.queries))
        if pair.pairs.holds.shape != shape:
            yield f"selects by '{pair.label}' of {pair.pairs.holds.shape} pairs among {shape}"


def _aggregate(
    node: TabledNode, operation: Aggregate, known: Mapping[str, TabledNode]
) -> Iterator[str]:
    """An Aggregate can be its default, and all that it may copy."""
    own, operand = node.value_set, known[operation.operand].value_set
    if own.exploded or operand.exploded:
        return
    if operation.default is not None and own.values and operation.default not in own.values:
        yield "cannot be its default"
    if not node.is_numerical and set(operand.values) - set(own.values):
        yield f"cannot be all that '{operation.operand}' can"
