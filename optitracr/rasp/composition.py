"""Functions of one value, one after another."""

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


def _steps(f: Callable[[Any], Value]) -> tuple[Callable[[Any], Value], ...]:
    return f.functions if isinstance(f, Composition) else (f,)
