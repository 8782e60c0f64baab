"""Value sets: which values each variable can take, for any input of the allowed lengths.

The sets are supersets, derived operation by operation. Beside the true one each variable
carries the size of the set that Tracr would infer; it differs only below the mean of
numbers, where Tracr takes {x/n}, and is kept because level 0 reports Tracr's sizes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import ValueSetError
from optitracr.graph.calls import FirstOf, Occurrence, Place, none_occurs, tabulate
from optitracr.graph.numbers import check_numbers
from optitracr.graph.predicates import check_predicates
from optitracr.graph.program import (
    Aggregate,
    Elementwise,
    Input,
    Node,
    Operation,
    ProgramGraph,
    Source,
    Width,
    operation_reads,
    selector_reads,
)
from optitracr.graph.reach.correlated import Occurring
from optitracr.graph.selecting import always_selects, selects_at_most_one
from optitracr.graph.variants import (
    Distinct,
    Forms,
    ToldApartError,
    check_equal_results,
    check_selector,
    forms_of,
    mean_forms,
)
from optitracr.rasp import Encoding
from optitracr.rasp.exact import common_denominator, rational
from optitracr.rasp.identity import equals_itself

MAX_VALUES = 10_000
MAX_COMBINATIONS = 1_000_000

Value = Any


@dataclass(frozen=True, slots=True)
class ValueSet:
    """What a variable can be.

    Attributes:
        values: Every value that it can take, sorted, without None.
        may_be_none: Whether it can be None.
        standard: The values Tracr would infer (sizes of level 0 depend on their number).
        exploded: Why the set of a number was given up, or ""; an error only for those
            who need the set, as a map does and a sum does not.
        table: For an elementwise variable the index in `values` of its value for each
            combination of its operands' values, one axis an operand; -1 is None.
        forms: For each value that can occur as several equal ones, such as 1 and 1.0, all of
            them; see `optitracr.graph.variants`.
    """

    values: tuple[Value, ...]
    may_be_none: bool
    standard: tuple[Value, ...]
    exploded: str = ""
    table: NDArray[np.int32] | None = None
    forms: Forms = field(default_factory=dict)

    def results(self) -> list[Value]:
        """The value for each combination of operands, the last varying fastest."""
        assert self.table is not None
        padded = (*self.values, None)
        return [padded[code] for code in self.table.ravel()]


def sort_values(values: Iterable[Value]) -> tuple[Value, ...]:
    """Sorts distinct values, by type where they do not compare."""
    distinct = list(dict.fromkeys(values))
    try:
        return tuple(sorted(distinct))
    except (TypeError, ArithmeticError):
        # Decimal("sNaN") raises where it is compared, as do numbers of no order.
        return tuple(sorted(distinct, key=lambda value: (type(value).__name__, repr(value))))


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
    found = replace(found, forms=_aggregate_forms(node, found, operations, sets))
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


def _aggregate_forms(
    node: Node, own: ValueSet, operations: Mapping[str, Operation], sets: Mapping[str, ValueSet]
) -> Forms:
    """One value selected stays as it is, the default too; a mean has a type of its own."""
    operation = node.operation
    assert isinstance(operation, Aggregate)
    operand = sets[operation.operand]
    distinct = Distinct()
    for value in own.values:
        distinct.add(value)
    for value in forms_of(operand.values, operand.forms):
        distinct.add(value)
    if operation.default is not None:
        distinct.add(operation.default)
    if not selects_at_most_one(operation.selector, operations, sets):
        for value in mean_forms(operand.values, operand.forms):
            distinct.add(value)
    return distinct.forms


def _value_set(
    node: Node,
    sets: dict[str, ValueSet],
    vocabulary: Sequence[Value],
    max_seq_len: int,
    occurring: Occurring,
) -> ValueSet:
    operation: Operation = node.operation
    if isinstance(operation, Aggregate | Width):
        check_predicates(node, operation.selector, sets, occurring)
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
                return _or_exploded(
                    any(x.may_be_none for x in operands),
                    lambda: _elementwise_values(node, operation, operands, occurring),
                )
            return _elementwise_values(node, operation, operands, occurring)


def _or_exploded(may_be_none: bool, infer: Callable[[], ValueSet]) -> ValueSet:
    """The set, or a record of why there is none: a sum of numbers can do without."""
    try:
        return infer()
    except ExplodedError as error:
        return ValueSet((), may_be_none, (), exploded=str(error))


class ExplodedError(ValueSetError):
    """A value set that grew beyond its limit."""


def _elementwise_values(
    node: Node, operation: Elementwise, operands: list[ValueSet], occurring: Occurring
) -> ValueSet:
    for operand in operands:
        if operand.exploded:
            raise ExplodedError(operand.exploded)
    values = [x.values for x in operands]

    def can_occur(place: Place) -> bool:
        return occurring.together(operation.operands, place)

    def first_of(places: Sequence[Place]) -> Occurrence | None:
        return occurring.first_together(operation.operands, places)

    results, table, distinct = _image(node, operation.function, values, first_of)
    if any(x.forms for x in operands):
        read = zip(operation.operands, operands, strict=True)
        known = [(label, operand.values, operand.forms) for label, operand in read]
        listed = [(*results, None)[code] for code in table.ravel()]
        check_equal_results(node, operation.function, known, listed, distinct, can_occur)
    if all(x.standard == x.values for x in operands):
        standard = results
    else:
        # Values that Tracr alone would infer occur on no input, so there is nothing to refuse.
        standard, _, _ = _image(
            node, operation.function, [x.standard for x in operands], none_occurs
        )
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
    found, unreached = tabulate(node, function, operands, first_of)
    distinct = Distinct()
    for result in found:
        if result is not None:
            _insert(node, distinct, result)
    values = sort_values(distinct.values)
    place: dict[Value, int] = {value: i for i, value in enumerate(values)}
    codes = np.array([-1 if x is None else place[x] for x in found], dtype=np.int32)
    if values and unreached:
        # No input leads there, so that anything may stand there but None, which costs readers.
        codes[unreached] = np.bincount(codes[codes >= 0]).argmax()
    return values, codes.reshape(shape), distinct


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


def aggregate_values(
    node: Node, operation: Aggregate, operand: ValueSet, max_seq_len: int
) -> ValueSet:
    """The value set of an Aggregate; a record of why there is none if it is a number's."""
    if not node.is_numerical:
        return _aggregate_values(node, operation, operand, max_seq_len)
    none = _may_be_none(operation, operand)
    return _or_exploded(none, lambda: _aggregate_values(node, operation, operand, max_seq_len))


def _may_be_none(operation: Aggregate, operand: ValueSet) -> bool:
    return (operand.may_be_none and not operation.skips_none) or operation.default is None


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
    numbers = [rational(x) if isinstance(x, float) else Fraction(x) for x in values]
    scale = common_denominator(numbers)
    summands = [int(number * scale) for number in numbers]
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
