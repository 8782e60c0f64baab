"""Predicates: whether a query selects a key, and what is made of several of them."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from optitracr.rasp.expression import Value


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


def negated(predicate: Predicate) -> Predicate:
    """A predicate that holds where another does not."""
    if isinstance(predicate, Comparison):
        return _OPPOSITE[predicate]
    if isinstance(predicate, Negation):
        return predicate.inner
    return Negation(predicate)


class _Composed:
    """A predicate made of others, which may be nested thousands deep."""

    __slots__ = ()

    def __call__(self, key: Any, query: Any) -> bool:
        return _holds(self, key, query)


class Curried(_Composed):
    """A predicate that reads constants in place of the key, the query or both."""

    __slots__ = ("inner", "key", "query")

    def __init__(self, inner: Predicate, key: Value, query: Value) -> None:
        """Curries `inner`; a constant that is None leaves the argument as it is."""
        self.inner, self.key, self.query = inner, key, query

    def arguments(self, key: Any, query: Any) -> tuple[Any, Any]:
        """What the inner predicate is called with."""
        return (
            key if self.key is None else self.key,
            query if self.query is None else self.query,
        )


class Negation(_Composed):
    """A predicate that holds where another does not."""

    __slots__ = ("inner",)

    def __init__(self, inner: Predicate) -> None:
        self.inner = inner


class Combination(_Composed):
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
    ) -> Combination:
        """The combination of some predicates, flat where they are such combinations."""
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
        while isinstance(predicate, Curried | Negation | Combination):
            if isinstance(predicate, Curried):
                key, query = predicate.arguments(key, query)
                predicate = predicate.inner
                continue
            parts = iter(
                predicate.predicates if isinstance(predicate, Combination) else (predicate.inner,)
            )
            waiting.append((predicate, parts, key, query))
            predicate = next(parts)
        found = bool(predicate(key, query))
        following: Predicate | None = None
        while waiting and following is None:
            owner, parts, key, query = waiting[-1]
            if isinstance(owner, Combination) and found is (owner.combine is all):
                following = next(parts, None)
            elif isinstance(owner, Negation):
                found = not found
            if following is None:
                waiting.pop()
        if following is None:
            return found
        predicate = following
