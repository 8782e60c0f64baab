"""Selectors: which keys each query attends to.

`selector_and`, `selector_or` and `selector_not` make one `Select` where that can be done. What
comes out as a `Select` follows its rule for None: it selects nothing where its key or query is
None, also after a negation. `simplify=False` keeps the combination as written. What
`at_most_one` promises is never simplified away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NoReturn

from optitracr import arguments
from optitracr.errors import ProgramError
from optitracr.rasp.expression import (
    RASPExpr,
    SelectorValue,
    Value,
    check_function,
    describe,
    postorder,
    wrong_operand,
)
from optitracr.rasp.predicates import Combination, Comparison, Curried, Predicate, negated
from optitracr.rasp.sop import Full, SOp, check_sop


class Selector(RASPExpr):
    """A boolean matrix, one row a query and one column a key; `& | ~` combine selectors."""

    default_label_name = "selector"

    def __call__(self, xs: Sequence[Value]) -> SelectorValue:
        """Evaluates the selector on a sequence of tokens.

        Raises:
            EvaluationError: If the program is undefined on it.
        """
        return self._interpreted(xs)

    def __and__(self, other: Selector) -> Selector:
        return selector_and(self, other)

    def __or__(self, other: Selector) -> Selector:
        return selector_or(self, other)

    def __invert__(self) -> Selector:
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


class SelectorAtMostOne(Selector):
    """Selects what another selector does, with the promise that it is one key or none.

    Attributes:
        inner: The other selector.
    """

    default_label_name = "selector_at_most_one"

    def __init__(self, inner: Selector) -> None:
        """Builds the promise about `inner`; `at_most_one` gives back what makes it already.

        Raises:
            ProgramError: If the operand is no selector.
        """
        super().__init__()
        self.inner: Selector = check_selector("SelectorAtMostOne", "operand", inner)

    @property
    def children(self) -> Sequence[RASPExpr]:
        """The other selector."""
        return [self.inner]


def at_most_one(selector: Selector) -> Selector:
    """A selector with its author's promise that each query selects one key at most.

    The compiler relies on it: an Aggregate of it is a copy and no mean. An input on which a query
    selects two keys, among those that it sees, is undefined: the interpreter raises there, as
    where a function does, and the model may give anything.

    Raises:
        ProgramError: If it is no selector.
    """
    check_selector("at_most_one", "selector", selector)
    return selector if isinstance(selector, SelectorAtMostOne) else SelectorAtMostOne(selector)


def selector_not(inner: Selector, simplify: bool = True) -> Selector:
    """The negation of a selector; that of a `Select` is a `Select`."""
    check_selector("selector_not", "operand", inner)
    if arguments.boolean("simplify", simplify, ProgramError) and isinstance(inner, SelectorNot):
        return inner.inner
    if arguments.boolean("simplify", simplify, ProgramError) and isinstance(inner, Select):
        return Select(inner.keys, inner.queries, negated(inner.predicate))
    return SelectorNot(inner)


def selector_and(fst: Selector, snd: Selector, simplify: bool = True) -> Selector:
    """The conjunction of two selectors, as one `Select` if keys and queries agree."""
    check_selector("selector_and", "first operand", fst)
    check_selector("selector_and", "second operand", snd)
    if arguments.boolean("simplify", simplify, ProgramError):
        simpler = _simpler(fst, snd, Comparison.TRUE, Comparison.FALSE, all)
        if simpler is not None:
            return simpler
    return SelectorAnd(fst, snd)


def selector_or(fst: Selector, snd: Selector, simplify: bool = True) -> Selector:
    """The disjunction of two selectors, as one `Select` if keys and queries agree."""
    check_selector("selector_or", "first operand", fst)
    check_selector("selector_or", "second operand", snd)
    if arguments.boolean("simplify", simplify, ProgramError):
        simpler = _simpler(fst, snd, Comparison.FALSE, Comparison.TRUE, any)
        if simpler is not None:
            return simpler
    return SelectorOr(fst, snd)


def _simpler(
    fst: Selector,
    snd: Selector,
    neutral: Comparison,
    absorbing: Comparison,
    combine: Callable[[Iterable[object]], bool],
) -> Selector | None:
    """One of two selectors where the other is constant, or one `Select` for both, or None."""
    for one, other in ((fst, snd), (snd, fst)):
        if _is_constant(one, neutral) and not _makes_promise(one):
            return other
        if _is_constant(one, absorbing) and not _makes_promise(other):
            return one
    return _merged(fst, snd, combine)


def _makes_promise(selector: Selector) -> bool:
    """Whether `at_most_one` stands in what a selector is made of: without it more is defined."""
    return any(isinstance(part, SelectorAtMostOne) for part in postorder(selector))


def _is_constant(selector: Selector, comparison: Comparison) -> bool:
    """Whether it is all TRUE or all FALSE, whatever the input."""
    if not isinstance(selector, Select) or selector.predicate is not comparison:
        return False
    return comparison is Comparison.FALSE or all(
        sop.never_none for sop in (selector.keys, selector.queries)
    )


def _merged(
    fst: Selector, snd: Selector, combine: Callable[[Iterable[object]], bool]
) -> Select | None:
    """One `Select` over the keys and queries that both have, or None."""
    if not isinstance(fst, Select) or not isinstance(snd, Select):
        return None
    keys = _common(fst.keys, snd.keys)
    queries = _common(fst.queries, snd.queries)
    if keys is None or queries is None:
        return None
    predicates = (_curried(fst, keys, queries), _curried(snd, keys, queries))
    return Select(keys, queries, Combination.of(combine, predicates))


def _common(fst: SOp, snd: SOp) -> SOp | None:
    """The one of two s-ops that serves for both: a constant gives way to any other."""
    if fst is snd or (isinstance(snd, Full) and snd.fill is not None):
        return fst
    if isinstance(fst, Full) and fst.fill is not None:
        return snd
    return None


def _curried(select: Select, keys: SOp, queries: SOp) -> Predicate:
    """Its predicate, reading its own constants in place of other keys or queries."""
    key = select.keys.fill if isinstance(select.keys, Full) and select.keys is not keys else None
    query = (
        select.queries.fill
        if isinstance(select.queries, Full) and select.queries is not queries
        else None
    )
    if key is None and query is None:
        return select.predicate
    return Curried(select.predicate, key, query)
