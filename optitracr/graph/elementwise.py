"""The value set and the table of a function applied position by position."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import ValueSetError
from optitracr.graph.calls import (
    FirstOf,
    Occurrence,
    Place,
    call_table,
    check_defined,
    none_occurs,
    user_function,
)
from optitracr.graph.program import Function, Node
from optitracr.graph.reach.correlated import Occurring
from optitracr.graph.values import (
    MAX_COMBINATIONS,
    MAX_VALUES,
    ExplodedError,
    ValueSet,
    sort_values,
)
from optitracr.graph.variants import Distinct, check_equal_results
from optitracr.rasp.identity import equals_itself

Value = Any


def elementwise_values(
    node: Node, operation: Function, operands: list[ValueSet], occurring: Occurring
) -> ValueSet:
    """The set of a function's results, with its table.

    Args:
        node: The s-op.
        operation: Its function, and what that reads.
        operands: The value sets of what it reads.
        occurring: What is known of values that occur together.

    Raises:
        ExplodedError: If there are too many values or combinations of them.
        ValueSetError: If the function raises, tells equal values apart, or gives what no model
            can give.
    """
    for operand in operands:
        if operand.exploded:
            raise ExplodedError(operand.exploded)
    values = [x.values for x in operands]

    def can_occur(place: Place) -> bool:
        return occurring.together(operation.operands, place)

    def first_of(places: Sequence[Place]) -> Occurrence | None:
        return occurring.first_together(operation.operands, places)

    results, table, distinct = _image(node, operation.call, values, first_of)
    if any(x.forms for x in operands):
        read = zip(operation.operands, operands, strict=True)
        known = [(label, operand.values, operand.forms) for label, operand in read]
        listed = [(*results, None)[code] for code in table.ravel()]
        check_equal_results(node, operation.call, known, listed, distinct, can_occur)
    if all(x.standard == x.values for x in operands):
        standard = results
    else:
        # Values that Tracr alone would infer occur on no input, so there is nothing to refuse.
        standard, _, _ = _image(node, operation.call, [x.standard for x in operands], none_occurs)
    may_be_none = bool((table < 0).any()) or any(x.may_be_none for x in operands)
    return ValueSet(results, may_be_none, standard, table=table, forms=distinct.forms)


def _image(
    node: Node,
    function: Callable[..., Value],
    operands: list[tuple[Value, ...]],
    first_of: FirstOf,
) -> tuple[tuple[Value, ...], NDArray[np.int32], Distinct]:
    """The distinct results, sorted, which one each combination gives, and their forms."""
    shape = tuple(len(values) for values in operands)
    if math.prod(shape) > MAX_COMBINATIONS:
        raise ExplodedError(
            f"s-op {node.describe()} combines {math.prod(shape):,} pairs of values, above the "
            f"limit of {MAX_COMBINATIONS:,}; map its operands to fewer values first"
        )
    user = user_function(node, function)
    calls = call_table(user, operands)
    check_defined(user, operands, calls, first_of)
    distinct = Distinct()
    for result in calls.results:
        if result is not None:
            _insert(node, distinct, result)
    values = sort_values(distinct.values)
    place: dict[Value, int] = {value: i for i, value in enumerate(values)}
    codes = np.array(
        [-1 if x is None else place[x] for x in calls.results], dtype=np.int32
    ).reshape(shape)
    if values and calls.errors:
        # No input leads there, so that anything may stand there but None, which costs readers.
        commonest = np.bincount(codes[codes >= 0]).argmax()
        for unreached in calls.errors:
            codes[unreached] = commonest
    return values, codes, distinct


def _insert(node: Node, results: Distinct, value: Value) -> None:
    count = len(results.values)
    try:
        results.add(value)
    except TypeError as error:
        raise ValueSetError(
            f"s-op {node.describe()} gives the unhashable value {value!r}; "
            "return a number, string, bool or tuple"
        ) from error
    if len(results.values) > count and not equals_itself(value):
        raise ValueSetError(
            f"s-op {node.describe()} gives {value!r}, which does not equal itself, so that no "
            "model can give it; return None for no value, or a number that stands for it"
        )
    if len(results.values) > MAX_VALUES:
        raise ExplodedError(
            f"s-op {node.describe()} can take more than {MAX_VALUES:,} values; "
            "map its operands to fewer values first, or lower max_seq_len"
        )
