"""Equal values that are not the same: which of them a variable can have, and who tells them apart.

A value set holds one of several equal values, such as 1 of `True`, `1` and `1.0`, and beside it
the forms in which that value can occur. A function whose results are equal for equal arguments is
a function of the value set. One that tells forms apart is not, and is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from numbers import Number
from typing import Any

from optitracr.errors import ValueSetError
from optitracr.graph.calls import CanOccur, Place, call_or_undefined
from optitracr.graph.program import Node
from optitracr.graph.tabled import TabledNode
from optitracr.graph.values import Forms
from optitracr.rasp.identity import identity_key, is_same

Value = Any

Operand = tuple[str, Sequence[Value], Forms]
"""Label, values and forms of what a function reads."""

_ONE_FORM = (int, str, bool)
"""Types of which two equal values are the same."""


class ToldApartError(ValueSetError):
    """A function or predicate that tells equal values apart.

    Attributes:
        reader: Label of the variable that it computes or selects for.
        operand: Label of the variable that can have the equal values.
        known: All that is before the reader, tabled.
    """

    def __init__(self, reader: str, operand: str, message: str) -> None:
        super().__init__(message)
        self.reader = reader
        self.operand = operand
        self.known: Mapping[str, TabledNode] = {}


class Distinct:
    """Values of which no two are equal, in order of insertion, and the forms of each."""

    def __init__(self) -> None:
        self.values: dict[Value, Value] = {}
        self._forms: dict[Value, dict[Any, Value]] = {}

    def add(self, value: Value) -> None:
        """Adds a value, or a form of one that is there.

        Raises:
            TypeError: If the value cannot be hashed.
        """
        known = self.values.setdefault(value, value)
        if known is value or (type(known) is type(value) and type(known) in _ONE_FORM):
            return
        if not is_same(known, value):
            forms = self._forms.setdefault(known, {identity_key(known): known})
            forms.setdefault(identity_key(value), value)

    @property
    def forms(self) -> Forms:
        """The forms of values that have several."""
        return {value: tuple(forms.values()) for value, forms in self._forms.items()}


def forms_of(values: Iterable[Value], forms: Forms) -> Iterator[Value]:
    """Every form of every value."""
    for value in values:
        yield from forms.get(value, (value,))


def mean_forms(values: Sequence[Value], forms: Forms) -> Iterator[Value]:
    """What a mean of several values gives where it equals one of them."""
    if not all(isinstance(value, Number) for value in values):
        return
    floats = any(isinstance(value, float) for value in forms_of(values, forms))
    for value in values:
        try:
            yield value / 1
            if floats and not isinstance(value, complex):
                yield float(value)
            if value == 0:
                # Of a sum that cancels out, or of zeros of both signs.
                yield abs(value / 1)
        except (ArithmeticError, TypeError):
            continue


def check_equal_results(
    node: Node,
    function: Callable[..., Value],
    operands: Sequence[Operand],
    results: Sequence[Value],
    distinct: Distinct,
    can_occur: CanOccur | None = None,
) -> None:
    """Calls a function with the other forms of its arguments, and notes forms of its results.

    What raises for a form is left out: where the form occurs, the program is undefined.

    Args:
        node: What the function computes.
        function: Called with one value an operand.
        operands: Label, values and forms of each.
        results: For each combination of values, the last operand varying fastest.
        distinct: Where the forms of results are noted.
        can_occur: What is known of the combinations; None if all may occur.

    Raises:
        ToldApartError: If results are not equal for equal arguments.
    """
    every = product(*(x[1] for x in operands))
    for number, (arguments, expected) in enumerate(zip(every, results, strict=True)):
        kinds = [x[2].get(a, (a,)) for x, a in zip(operands, arguments, strict=True)]
        if all(len(kind) == 1 for kind in kinds):
            continue
        for variant in product(*kinds):
            found = call_or_undefined(function, variant)
            if found.undefined:
                continue
            if _differ(found.value, expected):
                if can_occur is not None and not can_occur(_place(number, operands)):
                    break
                raise _told_apart(node, function, operands, arguments, variant, expected)
            if found.value is not None:
                distinct.add(found.value)


def _place(number: int, operands: Sequence[Operand]) -> Place:
    """The place of each argument of a combination in its set."""
    place = []
    for _, values, _ in reversed(operands):
        number, own = divmod(number, len(values))
        place.append(own)
    return tuple(reversed(place))


def _told_apart(
    node: Node,
    function: Callable[..., Value],
    operands: Sequence[Operand],
    arguments: Sequence[Value],
    variant: Sequence[Value],
    expected: Value,
) -> ToldApartError:
    """The error that names the first operand whose form makes the difference."""
    at = next(i for i, (a, b) in enumerate(zip(arguments, variant, strict=True)) if a is not b)
    current = list(arguments)
    for place, form in enumerate(variant):
        if form is current[place]:
            continue
        current[place] = form
        at = place
        found = call_or_undefined(function, current)
        if not found.undefined and _differ(found.value, expected):
            break
    label = operands[at][0]
    one, other = arguments[at], variant[at]
    return ToldApartError(
        node.label,
        label,
        f"s-op {node.describe()} tells {one!r} and {other!r} apart, which are equal, and "
        f"'{label}' can be either; {_remedy(one, other, label)}",
    )


def _differ(result: Value, expected: Value) -> bool:
    try:
        return (result is None) != (expected is None) or bool(result != expected)
    except Exception:
        return True


def _remedy(one: Value, other: Value, label: str) -> str:
    """What makes one form of two."""
    if not isinstance(one, int | float) or not isinstance(other, int | float):
        return f"make the functions below '{label}' give one of the two only"
    return f"read '{label}' + 0.0 there, which makes one float of equal numbers"
