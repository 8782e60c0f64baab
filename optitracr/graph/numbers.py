"""Whether float32 carries a number: a bound on its error, for any input.

A number in the residual stream is the result of sums in float32. Each sum and product is off by
at most UNIT of its size, so that a variable's error has a bound that follows from its value set
and from what it is computed from:

- what a table writes is off by its rounding alone, whole numbers by nothing;
- a mean of n values adds up n products, each with a weight of 1/n that is rounded too: by
  (n + 1) / 2 + 2 roundings of the largest of them, and where all have one sign, of the result;
- a weighted sum adds its operands' errors, and a rounding for each product and for the sum.

A number has to agree with the interpreter's to RELATIVE_TOLERANCE or ABSOLUTE_TOLERANCE, and a
whole number has to round to the right one. Where the bound does not say so, the s-op is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optitracr.errors import LimitError, UnsupportedError
from optitracr.graph.about import about
from optitracr.graph.program import Aggregate, Elementwise, Node
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.tabled import TabledNode, TabledProgram
from optitracr.graph.values import ValueSet
from optitracr.rounding import ATTENTION_LEAK, BIAS_ROUNDING, TABLE_ROUNDINGS, UNIT

ABSOLUTE_TOLERANCE = 1e-4
"""Error allowed in a number of any size: a hundredth of what programs tell apart, as a rule, and
some hundred times what a sum of a few numbers around 1 is off by in float32."""

RELATIVE_TOLERANCE = 1e-4
"""Error allowed in a number beyond 1, as a part of it: the same as at 1, since float32 rounds large
numbers by parts of them."""

WHOLE = 2**24
"""Whole numbers up to this size are float32 numbers; the next one is not."""

LARGEST = 2.0**64
"""Size beyond which no number is looked at: its rounding alone is too large by far."""


@dataclass(frozen=True, slots=True)
class Precision:
    """What is known of a number: its range, and how far the model's is from the interpreter's.

    Attributes:
        low: The least that it can be.
        high: The most that it can be.
        absolute: With `relative`, the error of a value v is at most absolute + relative * |v|.
        relative: See `absolute`.
    """

    low: float
    high: float
    absolute: float = 0.0
    relative: float = 0.0

    @property
    def largest(self) -> float:
        """The largest size."""
        return max(abs(self.low), abs(self.high))

    @property
    def least(self) -> float:
        """The least size."""
        return 0.0 if self.low <= 0 <= self.high else min(abs(self.low), abs(self.high))

    @property
    def one_sign(self) -> bool:
        """Whether no two values have different signs."""
        return self.low >= 0 or self.high <= 0

    def error(self, value: float) -> float:
        """A bound on the error of a value."""
        return self.absolute + self.relative * abs(value)


def check_numbers(node: Node, values: Sequence[Any], default: Any = None) -> None:
    """Checks that a mean of some values is a number that can be computed at all.

    Raises:
        UnsupportedError: If a value or the default is no int or float.
        LimitError: If one is beyond all that float32 carries.
    """
    for value in values:
        if not isinstance(value, int | float):
            raise UnsupportedError(
                f"s-op {node.describe()} is numerical and takes the mean of {value!r}, which is "
                f"no int or float; {_to_numbers(value)}"
            )
        check_size(node, f"takes the mean of {shown(value)}", value)
    if default is None:
        return
    if not isinstance(default, int | float):
        raise UnsupportedError(
            f"s-op {node.describe()} is numerical and defaults to {default!r}, which is no int "
            "or float; give it a number (default=0), or None and tell it by where it is read"
        )
    check_size(node, f"defaults to {shown(default)}", default)


def _to_numbers(value: Any) -> str:
    if isinstance(value, str | tuple | frozenset | bytes):
        return "map its operand to numbers first, or annotate it rasp.categorical"
    if isinstance(value, complex):
        return "map its operand to real numbers first, such as the real part"
    return "map its operand to floats first, with rasp.Map(float, ...)"


class BeyondFloatError(LimitError):
    """A number that is too large or too fine for float32: of what size it is, not of how many."""


def check_size(node: Node, what: str, value: float) -> None:
    """Checks that a number is finite, and of a size that float32 may carry.

    Raises:
        LimitError: If it is not.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise BeyondFloatError(
            f"s-op {node.describe()} {what}, which no sum of numbers can hold; let a function "
            "put a small number in its place, or None"
        )
    if abs(value) > LARGEST:
        raise _beyond(node, what)


def shown(value: Any) -> str:
    """A number in a few characters."""
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**20 else "a huge integer"
    return text if len(text) <= 40 else f"{text[:37]}..."


def _beyond(node: Node, what: str) -> BeyondFloatError:
    remedy = "scale it down"
    if isinstance(node.operation, Elementwise):
        remedy = "keep it as classes with rasp.categorical, or scale it down"
    return BeyondFloatError(
        f"s-op {node.describe()} {what}, which is more than float32 carries as a number (whole "
        f"numbers up to {WHOLE:,}, means and sums less, so that each rounds to the right one); "
        f"{remedy}"
    )


def check_precision(program: TabledProgram, max_seq_len: int) -> None:
    """Checks that float32 carries every number of a program, whatever the input.

    Args:
        program: The program, with every encoding that its operations need.
        max_seq_len: Number of positions, BOS not counted.

    Raises:
        UnsupportedError: If a number can be something that is none.
        LimitError: If the error of one can be too large; names the s-op.
    """
    known, bounds = program.by_label(), dict[str, Precision]()
    for node in program.nodes:
        if not node.is_numerical:
            continue
        with about(node):
            _check_values(node, node.value_set)
            found = bounds[node.label] = _precision(node, known, bounds, max_seq_len)
            _check(node, node.value_set, found)


def _check_values(node: Node, own: ValueSet) -> None:
    for value in own.values:
        if not isinstance(value, int | float):
            continue  # What is no number is for the check of what each level supports.
        check_size(node, f"can be {shown(value)}", value)


def _check(node: Node, own: ValueSet, found: Precision) -> None:
    """The bound at every value; at the ends of the range where the values are not listed."""
    listed = [value for value in own.values if isinstance(value, int | float)]
    if own.exploded:
        listed = [found.least, found.largest]
    for value in sorted(listed, key=abs, reverse=True):
        error = found.error(float(value))
        allowed = max(ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE * abs(value))
        whole = bool(own.exploded) or float(value).is_integer()
        if error > allowed or (whole and error >= 0.5):
            raise _beyond(node, f"can be {shown(value)} with an error of up to {error:.1g}")


def _precision(
    node: TabledNode,
    known: Mapping[str, TabledNode],
    bounds: Mapping[str, Precision],
    max_seq_len: int,
) -> Precision:
    def read(label: str) -> Precision:
        return bounds.get(label) or _of_table(known[label].value_set)

    operation = node.operation
    match operation:
        case Aggregate():
            single = selects_at_most_one(operation.selector, known)
            return _of_mean(operation, read(operation.operand), 1 if single else max_seq_len)
        case Elementwise(factors=factors) if factors is not None and len(operation.operands) == 2:
            return _of_sum(factors, [read(label) for label in operation.operands])
        case _:
            return _of_table(node.value_set)


def _of_table(own: ValueSet) -> Precision:
    """A number that is looked up: rounded, unless its differences are whole too."""
    numbers = [float(value) for value in own.values if isinstance(value, int | float)]
    if not numbers:
        return Precision(0.0, 0.0)
    low, high = min(numbers), max(numbers)
    exact = all(number.is_integer() for number in numbers)
    exact = exact and max(abs(low), abs(high), high - low) <= WHOLE
    if exact:
        return Precision(low, high)
    rounding = TABLE_ROUNDINGS * UNIT
    bias = min(BIAS_ROUNDING, rounding * max(abs(low), abs(high)))
    return Precision(low, high, bias, rounding)


def _of_mean(operation: Aggregate, operand: Precision, count: int) -> Precision:
    """The mean of up to `count` values, or the default."""
    default = float(operation.default or 0)
    relative = operand.relative + ((count + 1) / 2 + 2) * UNIT if count > 1 else operand.relative
    absolute = operand.absolute + ATTENTION_LEAK * abs(default)
    low, high = min(operand.low, default), max(operand.high, default)
    if count > 1 and not operand.one_sign:
        return Precision(low, high, absolute + relative * operand.largest)
    return Precision(low, high, absolute, relative)


def _of_sum(factors: Sequence[float], operands: Sequence[Precision]) -> Precision:
    """A weighted sum of two numbers."""
    ends = [sorted((f * x.low, f * x.high)) for f, x in zip(factors, operands, strict=True)]
    low, high = (sum(pair[side] for pair in ends) for side in (0, 1))
    whole = all(float(f).is_integer() for f in factors)
    if whole and all(x.absolute == x.relative == 0 and x.largest < WHOLE for x in operands):
        exact = max(abs(end) for pair in (*ends, [low, high]) for end in pair) <= WHOLE
        if exact:
            return Precision(low, high)
    absolute = sum(abs(f) * x.absolute for f, x in zip(factors, operands, strict=True))
    relative = max(x.relative for x in operands) + 2 * UNIT
    if all(a >= 0 for a, _ in ends) or all(b <= 0 for _, b in ends):
        return Precision(low, high, absolute, relative)
    size = sum(max(abs(a), abs(b)) for a, b in ends)
    return Precision(low, high, absolute + relative * size)
