"""The value set of an Aggregate: copies of its operand's values, or every mean of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from optitracr.errors import ValueSetError
from optitracr.graph.joint.values import JointValues
from optitracr.graph.numbers import check_numbers
from optitracr.graph.program import Aggregate, Node
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.tabled import TabledNode
from optitracr.graph.values import (
    MAX_COMBINATIONS,
    MAX_VALUES,
    ExplodedError,
    Forms,
    ValueSet,
    or_exploded,
    sort_values,
)
from optitracr.graph.variants import Distinct, forms_of, mean_forms
from optitracr.rasp.exact import over_common_denominator
from optitracr.rasp.identity import equals_itself

Value = Any


def aggregate_values(
    node: Node, operation: Aggregate, operand: ValueSet, max_seq_len: int
) -> ValueSet:
    """The value set of an Aggregate; a record of why there is none if it is a number's."""
    if not node.is_numerical:
        return _aggregate_values(node, operation, operand, max_seq_len)
    none = _may_be_none(operation, operand)
    return or_exploded(none, lambda: _aggregate_values(node, operation, operand, max_seq_len))


def attended_values(
    node: Node, operation: Aggregate, operand: ValueSet, joint: JointValues
) -> ValueSet | None:
    """The value set of a mean by what each query can select; None if that is not known.

    Args:
        node: The Aggregate, which is numerical.
        operation: Its operation, with tables in place of predicates.
        operand: The value set of what it takes.
        joint: What goes together.
    """
    if operand.exploded:
        return None
    _check_default(node, operation.default)
    check_numbers(node, operand.values, operation.default)
    found = joint.attention.attended(operation, numerical=True)
    if found is None:
        return None
    none = operation.default is None and len(joint.attention.empty(operation, found.given)) > 0
    extra = () if operation.default is None else (float(operation.default),)
    means = np.unique(found.given.table()[0])
    if len(means) > MAX_VALUES:
        return None
    values = sort_values((*means.tolist(), *extra))
    return ValueSet(values, none or _may_take_none(operation, operand), values)


def _may_take_none(operation: Aggregate, operand: ValueSet) -> bool:
    return operand.may_be_none and not operation.skips_none


def _may_be_none(operation: Aggregate, operand: ValueSet) -> bool:
    return _may_take_none(operation, operand) or operation.default is None


def _aggregate_values(
    node: Node, operation: Aggregate, operand: ValueSet, max_seq_len: int
) -> ValueSet:
    default = operation.default
    _check_default(node, default)
    if node.is_numerical:
        check_numbers(node, (), default)
    if operand.exploded:
        raise ExplodedError(operand.exploded)
    may_be_none = _may_be_none(operation, operand)
    if not node.is_numerical:
        extra = () if default is None else (default,)
        values = sort_values((*operand.values, *extra))
        return ValueSet(values, may_be_none, sort_values((*operand.standard, *extra)))
    check_numbers(node, operand.values, default)
    extra = () if default is None else (float(default),)
    means = sort_values((*_means(node, operand.values, max_seq_len), *extra))
    standard = sort_values(
        (*(x / n for n in range(1, max_seq_len + 1) for x in operand.standard), *extra)
    )
    return ValueSet(means, may_be_none, standard)


def _check_default(node: Node, default: Value) -> None:
    try:
        hash(default)
    except TypeError as error:
        raise ValueSetError(
            f"s-op {node.describe()} defaults to the unhashable value {default!r}; give it a "
            "number, string, bool or tuple, or None"
        ) from error
    if not equals_itself(default):
        raise ValueSetError(
            f"s-op {node.describe()} defaults to {default!r}, which does not equal itself, so that "
            "no model can give it; give it None for no value, or a number that stands for it"
        )


def _means(node: Node, values: tuple[Value, ...], max_seq_len: int) -> tuple[float, ...]:
    """Every mean of 1 to max_seq_len values, as the interpreter rounds it."""
    summands, scale = over_common_denominator(values)
    sums = {0}
    means: dict[float, None] = {}
    for count in range(1, max_seq_len + 1):
        if len(sums) * len(values) > MAX_COMBINATIONS:
            raise _too_many_means(node)
        sums = {total + value for total in sums for value in summands}
        means.update((total / (count * scale), None) for total in sums)
        if len(means) > MAX_VALUES:
            raise _too_many_means(node)
    return tuple(means)


def _too_many_means(node: Node) -> ExplodedError:
    return ExplodedError(
        f"the mean {node.describe()} can take more than {MAX_VALUES:,} values; average fewer "
        "distinct numbers (0 and 1, say), or lower max_seq_len"
    )


def aggregate_forms(
    operation: Aggregate,
    own: ValueSet,
    known: Mapping[str, TabledNode],
) -> Forms:
    """One value selected stays as it is, the default too; a mean has a type of its own."""
    if own.exploded:
        return {}
    operand = known[operation.operand].value_set
    distinct = Distinct()
    for value in own.values:
        distinct.add(value)
    for value in forms_of(operand.values, operand.forms):
        distinct.add(value)
    if operation.default is not None:
        distinct.add(operation.default)
    if not selects_at_most_one(operation.selector, known):
        for value in mean_forms(operand.values, operand.forms):
            distinct.add(value)
    listed = set(own.values)
    return {value: forms for value, forms in distinct.forms.items() if value in listed}
