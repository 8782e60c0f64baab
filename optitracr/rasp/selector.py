"""Selectors: which keys each query attends to."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Protocol

from optitracr import arguments
from optitracr.errors import ProgramError
from optitracr.rasp.expression import (
    RASPExpr,
    SelectorValue,
    Value,
    check_function,
    describe,
    wrong_operand,
)
from optitracr.rasp.sop import SOp, check_sop


class Predicate(Protocol):
    """Says whether a query selects a key."""

    def __call__(self, key: Any, query: Any, /) -> bool:
        """Whether `query` selects `key`."""
        ...


class Comparison(enum.Enum):
    """The usual predicates; each is called as `comparison(key, query)`."""

    EQ = "=="
    LT = "<"
    LEQ = "<="
    GT = ">"
    GEQ = ">="
    NEQ = "!="
    TRUE = "True"
    FALSE = "False"

    def __call__(self, key: Any, query: Any) -> bool:
        """Whether the comparison holds, the key on its left."""
        return _COMPARISONS[self](key, query)


_COMPARISONS: dict[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.EQ: lambda key, query: key == query,
    Comparison.LT: lambda key, query: key < query,
    Comparison.LEQ: lambda key, query: key <= query,
    Comparison.GT: lambda key, query: key > query,
    Comparison.GEQ: lambda key, query: key >= query,
    Comparison.NEQ: lambda key, query: key != query,
    Comparison.TRUE: lambda key, query: True,
    Comparison.FALSE: lambda key, query: False,
}


class Selector(RASPExpr):
    """A boolean matrix, one row a query and one column a key; `& | ~` combine selectors."""

    default_label_name = "selector"

    def __call__(self, xs: Sequence[Value]) -> SelectorValue:
        """Evaluates the selector on a sequence of tokens.

        Raises:
            EvaluationError: If the program is undefined on it.
        """
        from optitracr.rasp.evaluate import evaluate_selector

        return evaluate_selector(self, xs)

    def __and__(self, other: Selector) -> Selector:
        from optitracr.rasp.simplify import selector_and

        return selector_and(self, other)

    def __or__(self, other: Selector) -> Selector:
        from optitracr.rasp.simplify import selector_or

        return selector_or(self, other)

    def __invert__(self) -> Selector:
        from optitracr.rasp.simplify import selector_not

        return selector_not(self)

    __rand__ = __and__
    __ror__ = __or__

    def __bool__(self) -> NoReturn:
        raise ProgramError(
            f"selector {describe(self)} has no truth value; use & | ~ instead of and, or, not"
        )


def check_selector(owner: str, role: str, value: Selector) -> Selector:
    """Returns an operand that is a selector.

    Raises:
        ProgramError: If it is none.
    """
    if isinstance(value, Selector):
        return value
    raise wrong_operand(owner, role, "a selector", value)


class Select(Selector):
    """Selects by a predicate of a key and a query; never where either is None.

    Attributes:
        keys: Compared from each position that may be selected.
        queries: Compared from each position that selects.
        predicate: Called as `predicate(key, query)`.
    """

    default_label_name = "select"

    def __init__(self, keys: SOp, queries: SOp, predicate: Predicate) -> None:
        """Builds the selector of `keys` by `queries`.

        Raises:
            ProgramError: If keys or queries are no s-op, or the predicate no function.
        """
        super().__init__()
        self.keys: SOp = check_sop("Select", "keys", keys)
        self.queries: SOp = check_sop("Select", "queries", queries)
        check_function("Select", "predicate", predicate)
        self.predicate: Predicate = predicate

    @property
    def children(self) -> Sequence[RASPExpr]:
        """Keys and queries."""
        return [self.keys, self.queries]


MATRIX = "a list of rows, one a query, each a list of True and False"


def _row(name: str, row: object) -> list[bool]:
    """One row of a constant matrix; 1 and 0 stand for True and False too.

    Raises:
        ProgramError: If it is none.
    """
    listed = arguments.sequence(f"a row of {name[4:]}", row, MATRIX, kind=ProgramError)
    for entry in listed:
        if not isinstance(entry, int | float) or entry not in (0, 1):
            arguments.refuse(f"an entry of {name[4:]}", entry, "True or False", ProgramError)
    return [bool(entry) for entry in listed]


class ConstantSelector(Selector):
    """A fixed matrix.

    Attributes:
        value: The matrix, one row a query.
        check_length: Whether inputs must have just its length; if not, it is cut to
            theirs, or False beyond its edge.
    """

    default_label_name = "constant_selector"

    def __init__(self, value: SelectorValue, check_length: bool = True) -> None:
        """Builds the constant selector `value`.

        Raises:
            ProgramError: If it is no matrix of True and False.
        """
        super().__init__()
        name = "the value of ConstantSelector"
        rows = arguments.sequence(name, value, MATRIX, kind=ProgramError)
        self.value: SelectorValue = [_row(name, row) for row in rows]
        self.check_length = arguments.boolean("check_length", check_length, ProgramError)

    @property
    def children(self) -> Sequence[RASPExpr]:
        """None: it is a constant."""
        return []


class SelectorAnd(Selector):
    """Selects where both of two selectors do.

    Attributes:
        fst: The first selector.
        snd: The second selector.
    """

    default_label_name = "selector_and"

    def __init__(self, fst: Selector, snd: Selector) -> None:
        """Builds the conjunction; `selector_and` or `&` simplify it where they can.

        Raises:
            ProgramError: If an operand is no selector.
        """
        super().__init__()
        self.fst: Selector = check_selector("SelectorAnd", "first operand", fst)
        self.snd: Selector = check_selector("SelectorAnd", "second operand", snd)

    @property
    def children(self) -> Sequence[RASPExpr]:
        """Both selectors."""
        return [self.fst, self.snd]


class SelectorOr(Selector):
    """Selects where either of two selectors does.

    Attributes:
        fst: The first selector.
        snd: The second selector.
    """

    default_label_name = "selector_or"

    def __init__(self, fst: Selector, snd: Selector) -> None:
        """Builds the disjunction; `selector_or` or `|` simplify it where they can.

        Raises:
            ProgramError: If an operand is no selector.
        """
        super().__init__()
        self.fst: Selector = check_selector("SelectorOr", "first operand", fst)
        self.snd: Selector = check_selector("SelectorOr", "second operand", snd)

    @property
    def children(self) -> Sequence[RASPExpr]:
        """Both selectors."""
        return [self.fst, self.snd]


class SelectorNot(Selector):
    """Selects where another selector does not.

    Attributes:
        inner: The other selector.
    """

    default_label_name = "selector_not"

    def __init__(self, inner: Selector) -> None:
        """Builds the negation; `selector_not` or `~` simplify it where they can.

        Raises:
            ProgramError: If the operand is no selector.
        """
        super().__init__()
        self.inner: Selector = check_selector("SelectorNot", "operand", inner)

    @property
    def children(self) -> Sequence[RASPExpr]:
        """The other selector."""
        return [self.inner]
