"""Functions of one value that are made of others: one after another, or with a constant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from optitracr.rasp.expression import Value
from optitracr.rasp.identity import plain


class Composition:
    """Functions applied one after another, until one gives None. Flat, so never too deep."""

    __slots__ = ("functions",)

    def __init__(self, functions: tuple[Callable[[Any], Value], ...]) -> None:
        self.functions = functions

    @classmethod
    def of(cls, first: Callable[[Any], Value], then: Callable[[Any], Value]) -> Composition:
        """Two functions as one, flat where they are such compositions."""
        return cls((*_steps(first), *_steps(then)))

    def __call__(self, value: Value) -> Value:
        """The last result, or None from where one is."""
        for function in self.functions:
            if value is None:
                return None
            value = plain(function(value))
        return value


class WithConstant:
    """A function of two values, of which one is a constant."""

    __slots__ = ("constant", "function", "is_first")

    def __init__(
        self, function: Callable[[Any, Any], Value], constant: Value, is_first: bool
    ) -> None:
        self.function, self.constant, self.is_first = function, constant, is_first

    def __call__(self, value: Value) -> Value:
        """The function of the constant and the value, in their order."""
        if self.is_first:
            return self.function(self.constant, value)
        return self.function(value, self.constant)


def _steps(f: Callable[[Any], Value]) -> tuple[Callable[[Any], Value], ...]:
    return f.functions if isinstance(f, Composition) else (f,)
