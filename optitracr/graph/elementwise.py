"""The value set and the table of a function applied position by position."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import ValueSetError
from optitracr.filling import fill_beside
from optitracr.graph.calls import (
    FirstOf,
    Occurrence,
    Place,
    UserCall,
    call_or_undefined,
    call_table,
    check_defined,
    none_occurs,
    user_function,
)
from optitracr.graph.program import Function, Node
from optitracr.graph.reach.correlated import Occurring
from optitracr.graph.values import (
    MAX_COMBINATIONS,
    MAX_TABLE,
    MAX_VALUES,
    ExplodedError,
    ValueSet,
    sort_values,
)
from optitracr.graph.variants import Distinct, check_equal_results
from optitracr.rasp.identity import equals_itself

MAX_FILLED = 30_000
"""Entries to which no input leads up to which the function is called for them: some hundredths of a
second, and the tables of cuts have no more."""

IRREGULAR = 2
"""Times as many values as occur up to which all results are kept, whether or not an input leads to
them: the table is then as regular as the function, and readers need fewer neurons."""

Value = Any
Codes = NDArray[np.int32]


def elementwise_values(
    node: Node,
    operation: Function,
    operands: list[ValueSet],
    occurring: Occurring,
    rows: Codes | None = None,
) -> ValueSet:
    """The set of a function's results, with its table.

    Args:
        node: The s-op.
        operation: Its function, and what that reads.
        operands: The value sets of what it reads.
        occurring: What is known of values that occur together.
        rows: The combinations that may occur, [rows, operands], if not all; -1 is None.

    Raises:
        ExplodedError: If there are too many values or combinations of them.
        ValueSetError: If the function raises, tells equal values apart, or gives what no model
            can give.
    """
    for operand in operands:
        if operand.exploded:
            raise ExplodedError(operand.exploded)
    values = [x.values for x in operands]

    places = None if rows is None else rows[(rows >= 0).all(axis=1)]
    listed = None if places is None else set(map(tuple, places.tolist()))

    def can_occur(place: Place) -> bool:
        known = listed is None or tuple(map(int, place)) in listed
        return known and occurring.together(operation.operands, place)

    def first_of(places: Sequence[Place]) -> Occurrence | None:
        left = places if listed is None else [place for place in places if place in listed]
        return occurring.first_together(operation.operands, left)

    made = None
    if places is not None and math.prod(map(len, values)) <= MAX_FILLED:
        made = _regular(node, operation, values, first_of, places)
    if made is None:
        made = _image(node, operation.call, values, first_of, places)
    results, table, told, distinct = made
    if any(x.forms for x in operands):
        read = zip(operation.operands, operands, strict=True)
        known = [(label, operand.values, operand.forms) for label, operand in read]
        held = [(*results, None)[code] for code in table.ravel()]
        check_equal_results(node, operation.call, known, held, distinct, can_occur)
    if places is not None or all(x.standard == x.values for x in operands):
        standard = results
    else:
        # Values that Tracr alone would infer occur on no input, so there is nothing to refuse.
        standard, *_ = _image(node, operation.call, [x.standard for x in operands], none_occurs)
    none_given = (table if places is None else table[tuple(places.T)]) < 0
    may_be_none = bool(none_given.any()) or any(x.may_be_none for x in operands)
    return ValueSet(results, may_be_none, standard, table=table, told=told, forms=distinct.forms)


Image = tuple[tuple[Value, ...], NDArray[np.int32], NDArray[np.bool_], Distinct]
"""The distinct results of a function, sorted, which one each combination gives, of which of them
that is known, and their forms."""


def _regular(
    node: Node,
    operation: Function,
    operands: list[tuple[Value, ...]],
    first_of: FirstOf,
    places: Codes,
) -> Image | None:
    """The image of all combinations, where it has not many more values than those that occur.

    None too where some of them gives what no model can: that counts only if an input leads there.
    """
    try:
        results, table, told, distinct = _image(node, operation.call, operands, first_of)
    except ValueSetError:
        return None
    reached = table[tuple(places.T)]
    if len(results) > IRREGULAR * len(np.unique(reached[reached >= 0])):
        return None
    none = table < 0
    if none.any() and (reached >= 0).all():
        fill_beside(table, none, ~none)
        told &= ~none
    return results, table, told, distinct


def _image(
    node: Node,
    function: Callable[..., Value],
    operands: list[tuple[Value, ...]],
    first_of: FirstOf,
    places: Codes | None = None,
) -> Image:
    """The image of all combinations, or of some."""
    shape = tuple(len(values) for values in operands)
    _check_size(node, shape, places)
    user = user_function(node, function)
    listed = None if places is None else [tuple(place) for place in places.tolist()]
    calls = call_table(user, operands, listed)
    check_defined(user, operands, calls.errors, first_of)
    distinct = Distinct()
    for result in calls.results:
        if result is not None:
            _insert(node, distinct, result)
    values = sort_values(distinct.values)
    place: dict[Value, int] = {value: i for i, value in enumerate(values)}
    codes = np.array([-1 if x is None else place[x] for x in calls.results], dtype=np.int32)
    told = np.ones(shape, dtype=bool) if places is None else np.zeros(shape, dtype=bool)
    table = np.full(shape, -1, dtype=np.int32)
    if places is None:
        table[...] = codes.reshape(shape)
    else:
        told[tuple(places.T)] = True
        table[tuple(places.T)] = codes
    for unreached in calls.errors:
        told[unreached] = False
    if values and not told.all():
        _fill(table, told, user, operands, place)
    return values, table, told, distinct


def _fill(
    table: NDArray[np.int32],
    told: NDArray[np.bool_],
    user: UserCall,
    operands: list[tuple[Value, ...]],
    place: Mapping[Value, int],
) -> None:
    """Fills the entries to which no input leads, where anything may stand.

    What the function gives there, if it is one of its results, for the table is then as regular
    as the function; else, and where these entries are many, the value that stands beside.
    """
    left = np.argwhere(~told)
    none = bool((table[told] < 0).any())
    for at in left.tolist() if len(left) <= MAX_FILLED else ():
        result = call_or_undefined(user.call, [x[i] for x, i in zip(operands, at, strict=True)])
        code = _code(result.value, place)
        if code >= 0 or (none and result.value is None and not result.undefined):
            table[tuple(at)] = code
            told[tuple(at)] = True
    known = told & (table >= 0)
    if known.any():
        fill_beside(table, ~told, known)


def _code(value: Value, place: Mapping[Value, int]) -> int:
    """The code of a value among some; -1 for any other."""
    try:
        return place.get(value, -1)
    except TypeError:
        return -1


def _check_size(node: Node, shape: tuple[int, ...], places: Codes | None) -> None:
    combinations = math.prod(shape) if places is None else len(places)
    if combinations > MAX_COMBINATIONS or math.prod(shape) > MAX_TABLE:
        raise ExplodedError(
            f"s-op {node.describe()} combines {math.prod(shape):,} pairs of values, above the "
            f"limit of {MAX_COMBINATIONS:,}; map its operands to fewer values first"
        )


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
