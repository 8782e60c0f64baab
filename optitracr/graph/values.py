"""Value sets: which values a variable can take, for any input of the allowed lengths.

The sets are supersets. Beside the true one each variable carries the size of the set that Tracr
would infer; it differs only below the mean of numbers, where Tracr takes {x/n}, and is kept
because level 0 reports Tracr's sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import UnsupportedError, ValueSetError

MAX_VALUES = 10_000
"""Values of one variable beyond which its set is given up: each takes a dimension and some neurons
at levels 0 and 1, and every function of the variable is called for each."""

MAX_COMBINATIONS = 1_000_000
"""Combinations of operands' values beyond which a function is not tabled: it is called once for
each, which takes about a second."""

MAX_TABLE = 1 << 24
"""Entries of a function's table, most of which may never occur: 64 megabytes."""

Value = Any

Forms = Mapping[Value, tuple[Value, ...]]
"""For each value that can occur in several forms all of them; other values have one."""


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
            combination of its operands' values, one axis an operand; -1 is None. Anything may
            stand where no input leads.
        told: Which entries of the table are what the function gives, as all are to which an
            input leads.
        forms: For each value that can occur as several equal ones, such as 1 and 1.0, all of
            them; see `optitracr.graph.variants`.
    """

    values: tuple[Value, ...]
    may_be_none: bool
    standard: tuple[Value, ...]
    exploded: str = ""
    table: NDArray[np.int32] | None = None
    told: NDArray[np.bool_] | None = None
    forms: Forms = field(default_factory=dict)

    def results(self, places: NDArray[np.intp] | None = None) -> list[Value]:
        """The value for each combination of operands, the last varying fastest, or for some."""
        assert self.table is not None
        padded = (*self.values, None)
        codes = self.table.ravel() if places is None else self.table.ravel()[places]
        return [padded[code] for code in codes]


def sort_values(values: Iterable[Value]) -> tuple[Value, ...]:
    """Sorts distinct values, by type where they do not compare."""
    distinct = list(dict.fromkeys(values))
    try:
        return tuple(sorted(distinct))
    except (TypeError, ArithmeticError):
        # Decimal("sNaN") raises where it is compared, as do numbers of no order.
        return tuple(sorted(distinct, key=lambda value: (type(value).__name__, repr(value))))


class ExplodedError(ValueSetError):
    """A value set that grew beyond its limit."""


class ExplodedReadError(ExplodedError, UnsupportedError):
    """A number whose value set grew beyond its limit, and which is read value by value."""


def or_exploded(may_be_none: bool, infer: Callable[[], ValueSet]) -> ValueSet:
    """The set, or a record of why there is none: a sum of numbers can do without."""
    try:
        return infer()
    except ExplodedError as error:
        return ValueSet((), may_be_none, (), exploded=str(error))
