"""Selectors combined into one `Select` where that can be done.

What comes out as a `Select` follows its rule for None: it selects nothing where its key or
query is None, also after a negation. `simplify=False` keeps the combination as written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from optitracr import arguments
from optitracr.errors import ProgramError
from optitracr.rasp.aggregate import SelectorWidth
from optitracr.rasp.selector import (
    Comparison,
    Predicate,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    check_selector,
)
from optitracr.rasp.sop import Full, IndicesType, SOp, TokensType

_OPPOSITE = {
    Comparison.EQ: Comparison.NEQ,
    Comparison.NEQ: Comparison.EQ,
    Comparison.LT: Comparison.GEQ,
    Comparison.GEQ: Comparison.LT,
    Comparison.GT: Comparison.LEQ,
    Comparison.LEQ: Comparison.GT,
    Comparison.TRUE: Comparison.FALSE,
    Comparison.FALSE: Comparison.TRUE,
}


def selector_not(inner: Selector, simplify: bool = True) -> Selector:
    """The negation of a selector; that of a `Select` is a `Select`."""
    check_selector("selector_not", "operand", inner)
    if arguments.boolean("simplify", simplify, ProgramError) and isinstance(inner, SelectorNot):
        return inner.inner
    if arguments.boolean("simplify", simplify, ProgramError) and isinstance(inner, Select):
        return Select(inner.keys, inner.queries, _negation(inner.predicate))
    return SelectorNot(inner)


def selector_and(fst: Selector, snd: Selector, simplify: bool = True) -> Selector:
    """The conjunction of two selectors, as one `Select` if keys and queries agree."""
    check_selector("selector_and", "first operand", fst)
    check_selector("selector_and", "second operand", snd)
    if arguments.boolean("simplify", simplify, ProgramError):
        for one, other in ((fst, snd), (snd, fst)):
            if _is_constant(one, Comparison.TRUE):
                return other
            if _is_constant(one, Comparison.FALSE):
                return one
        merged = _merged(fst, snd, all)
        if merged is not None:
            return merged
    return SelectorAnd(fst, snd)


def selector_or(fst: Selector, snd: Selector, simplify: bool = True) -> Selector:
    """The disjunction of two selectors, as one `Select` if keys and queries agree."""
    check_selector("selector_or", "first operand", fst)
    check_selector("selector_or", "second operand", snd)
    if arguments.boolean("simplify", simplify, ProgramError):
        for one, other in ((fst, snd), (snd, fst)):
            if _is_constant(one, Comparison.FALSE):
                return other
            if _is_constant(one, Comparison.TRUE):
                return one
        merged = _merged(fst, snd, any)
        if merged is not None:
            return merged
    return SelectorOr(fst, snd)


def _is_constant(selector: Selector, comparison: Comparison) -> bool:
    """Whether it is all TRUE or all FALSE, whatever the input."""
    if not isinstance(selector, Select) or selector.predicate is not comparison:
        return False
    return comparison is Comparison.FALSE or all(
        _is_never_none(sop) for sop in (selector.keys, selector.queries)
    )


def _is_never_none(sop: SOp) -> bool:
    if isinstance(sop, Full):
        return sop.fill is not None
    return isinstance(sop, TokensType | IndicesType | SelectorWidth)


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
    return Select(keys, queries, _Combination.of(combine, predicates))


def _common(fst: SOp, snd: SOp) -> SOp | None:
    """The one of two s-ops that serves for both: a constant gives way to any other."""
    if fst is snd or (isinstance(snd, Full) and snd.fill is not None):
        return fst
    if isinstance(fst, Full) and fst.fill is not None:
        return snd
    return None


def _curried(select: Select, keys: SOp, queries: SOp) -> Predicate:
    """Its predicate, reading its own constants in place of other keys or queries."""
    key = select.keys if isinstance(select.keys, Full) and select.keys is not keys else None
    query = (
        select.queries
        if isinstance(select.queries, Full) and select.queries is not queries
        else None
    )
    if key is None and query is None:
        return select.predicate
    return _Curried(select.predicate, key, query)


def _negation(predicate: Predicate) -> Predicate:
    if isinstance(predicate, Comparison):
        return _OPPOSITE[predicate]
    if isinstance(predicate, _Negation):
        return predicate.inner
    return _Negation(predicate)


class _Composed:
    """A predicate made of others, which may be nested thousands deep."""

    __slots__ = ()

    def __call__(self, key: Any, query: Any) -> bool:
        return _holds(self, key, query)


class _Curried(_Composed):
    """A predicate that reads constants in place of the key, the query or both."""

    __slots__ = ("inner", "keys", "queries")

    def __init__(self, inner: Predicate, keys: Full | None, queries: Full | None) -> None:
        self.inner, self.keys, self.queries = inner, keys, queries

    def arguments(self, key: Any, query: Any) -> tuple[Any, Any]:
        """What the inner predicate is called with."""
        return (
            key if self.keys is None else self.keys.fill,
            query if self.queries is None else self.queries.fill,
        )


class _Negation(_Composed):
    """A predicate that holds where another does not."""

    __slots__ = ("inner",)

    def __init__(self, inner: Predicate) -> None:
        self.inner = inner


class _Combination(_Composed):
    """Several predicates under `all` or `any`."""

    __slots__ = ("combine", "predicates")

    def __init__(
        self, combine: Callable[[Iterable[object]], bool], predicates: tuple[Predicate, ...]
    ) -> None:
        self.combine = combine
        self.predicates = predicates

    @classmethod
    def of(
        cls, combine: Callable[[Iterable[object]], bool], predicates: Iterable[Predicate]
    ) -> _Combination:
        parts: list[Predicate] = []
        for predicate in predicates:
            if isinstance(predicate, cls) and predicate.combine is combine:
                parts.extend(predicate.predicates)
            else:
                parts.append(predicate)
        return cls(combine, tuple(parts))


def _holds(predicate: Predicate, key: Any, query: Any) -> bool:
    """Whether a predicate holds, asking its parts in order until one decides; no recursion."""
    waiting: list[tuple[_Composed, Iterator[Predicate], Any, Any]] = []
    while True:
        while isinstance(predicate, _Curried | _Negation | _Combination):
            if isinstance(predicate, _Curried):
                key, query = predicate.arguments(key, query)
                predicate = predicate.inner
                continue
            parts = iter(
                predicate.predicates if isinstance(predicate, _Combination) else (predicate.inner,)
            )
            waiting.append((predicate, parts, key, query))
            predicate = next(parts)
        found = bool(predicate(key, query))
        following: Predicate | None = None
        while waiting and following is None:
            owner, parts, key, query = waiting[-1]
            if isinstance(owner, _Combination) and found is (owner.combine is all):
                following = next(parts, None)
            elif isinstance(owner, _Negation):
                found = not found
            if following is None:
                waiting.pop()
        if following is None:
            return found
        predicate = following
