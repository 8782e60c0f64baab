"""Inference of value sets, operation by operation, operands first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from optitracr.graph.aggregates import aggregate_forms, aggregate_values
from optitracr.graph.calls import predicate_raised
from optitracr.graph.elementwise import elementwise_values
from optitracr.graph.numbers import check_numbers
from optitracr.graph.predicates import pairs_of, predicate_table
from optitracr.graph.program import (
    Aggregate,
    Elementwise,
    Input,
    Node,
    Operation,
    ProgramGraph,
    Selector,
    Source,
    Width,
    operation_reads,
    selector_reads,
)
from optitracr.graph.reach.correlated import Occurring
from optitracr.graph.selecting import always_selects, selects_at_most_one
from optitracr.graph.values import ValueSet, or_exploded
from optitracr.graph.variants import ToldApartError, check_selector
from optitracr.rasp import Encoding

Value = Any


def infer_values(
    graph: ProgramGraph, vocabulary: Sequence[Value], max_seq_len: int
) -> dict[str, ValueSet]:
    """Infers the value set of every variable.

    Args:
        graph: The program.
        vocabulary: The tokens, sorted.
        max_seq_len: Number of positions, BOS not counted.

    Raises:
        ValueSetError: If a set explodes, or a function raises something other than an
            ArithmeticError, or tells equal values apart; names the s-op, the argument and the
            remedy.
    """
    sets: dict[str, ValueSet] = {}
    nodes: dict[str, Node] = {}
    occurring = Occurring(nodes, sets)
    for node in graph.nodes:
        nodes[node.label] = node
        sets[node.label] = infer_one(node, occurring, sets, vocabulary, max_seq_len)
    return sets


def infer_one(
    node: Node,
    occurring: Occurring,
    sets: dict[str, ValueSet],
    vocabulary: Sequence[Value],
    max_seq_len: int,
) -> ValueSet:
    """Infers the value set of a variable.

    Args:
        node: The variable.
        occurring: What is known of values that occur together, of all that it reads.
        sets: The value sets of all that it reads.
        vocabulary: The tokens, sorted.
        max_seq_len: Number of positions, BOS not counted.

    Raises:
        ValueSetError: As `infer_values`.
    """
    operation = node.operation
    if isinstance(operation, Aggregate) and is_copy_with_none(node, occurring.nodes, sets):
        # It is held as classes, whatever its encoding, so that its values have to be these.
        classes = replace(node, encoding=Encoding.CATEGORICAL)
        check_numbers(node, sets[operation.operand].values, operation.default)
        return infer_one(classes, occurring, sets, vocabulary, max_seq_len)
    try:
        found = _value_set(node, sets, vocabulary, max_seq_len, occurring)
    except ToldApartError as error:
        error.sets = sets
        raise
    if not isinstance(operation, Aggregate):
        return found
    reads = (*selector_reads(operation.selector), operation.operand)
    operations = {label: occurring.nodes[label].operation for label in reads}
    found = replace(found, forms=aggregate_forms(node, found, operations, sets))
    if found.may_be_none:
        of_none = sets[operation.operand].may_be_none and not operation.skips_none
        never_empty = always_selects(operation.selector, operations, sets)
        found = replace(found, may_be_none=of_none or not never_empty)
    return found


def is_copy_with_none(node: Node, nodes: Mapping[str, Node], sets: Mapping[str, ValueSet]) -> bool:
    """Whether a numerical Aggregate gives one value of its operand, which can be None.

    A number cannot say None, so that such an Aggregate is held as classes.
    """
    operation = node.operation
    if not (isinstance(operation, Aggregate) and node.is_numerical) or operation.skips_none:
        return False
    operations = {label: nodes[label].operation for label in operation_reads(operation)}
    return sets[operation.operand].may_be_none and selects_at_most_one(
        operation.selector, operations, sets
    )


def _value_set(
    node: Node,
    sets: dict[str, ValueSet],
    vocabulary: Sequence[Value],
    max_seq_len: int,
    occurring: Occurring,
) -> ValueSet:
    operation: Operation = node.operation
    if isinstance(operation, Aggregate | Width):
        _check_predicates(node, operation.selector, sets, occurring)
        check_selector(node, operation.selector, sets)
    match operation:
        case Input(source=source):
            values = tuple(vocabulary) if source is Source.TOKENS else tuple(range(max_seq_len))
            return ValueSet(values, False, values)
        case Width():
            counts = tuple(range(max_seq_len + 1))
            return ValueSet(counts, False, counts)
        case Aggregate():
            return aggregate_values(node, operation, sets[operation.operand], max_seq_len)
        case Elementwise():
            operands = [sets[x] for x in operation.operands]
            if node.is_numerical and operation.factors is not None:
                return or_exploded(
                    any(x.may_be_none for x in operands),
                    lambda: elementwise_values(node, operation, operands, occurring),
                )
            return elementwise_values(node, operation, operands, occurring)


def _check_predicates(
    node: Node, selector: Selector, sets: Mapping[str, ValueSet], occurring: Occurring
) -> None:
    """Refuses predicates that raise on a pair which may occur.

    Args:
        node: The s-op that selects.
        selector: What it selects by.
        sets: Value sets of all keys and queries.
        occurring: What is known of values that occur together.

    Raises:
        ValueSetError: Naming the selector, the s-op, the key and the query.
        ProgramError: If a predicate gives two results for one pair.
    """
    for pair in pairs_of(selector):
        table = predicate_table(pair, sets[pair.keys].values, sets[pair.queries].values)
        if not table.errors:
            continue
        found = occurring.first_apart(pair.keys, pair.queries, list(table.errors))
        if found is not None:
            row, column = found.place
            what = f"the predicate of selector {pair.describe()} of s-op {node.describe()}"
            error = table.errors[row, column]
            key, query = table.keys[row], table.queries[column]
            raise predicate_raised(what, error, key, query, found) from error
