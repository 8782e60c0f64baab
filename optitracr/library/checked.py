"""Checks the arguments of the library's constructors by what their signatures say."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec

from optitracr import arguments
from optitracr.errors import ProgramError
from optitracr.rasp import SOp

P = ParamSpec("P")

LARGEST = 10**9
"""No position and no number of a program is larger: beyond every length that can be compiled, and
far from where integers and floats part."""

LEAST = {"max_seq_len": 1, "width": 1, "base": 2, "modulus": 1, "n": 0}
"""Where the smallest integer is another one than -LARGEST: a length, a width or a modulus is at
least 1, and a base has two digits."""

MOST = {"width": 100, "base": 36}
"""Where the largest is another one: a program of so many digits is already far too large, and there
are 36 digits, 0 to 9 and a to z."""


def checked(constructor: Callable[P, SOp]) -> Callable[P, SOp]:
    """The constructor, with a ProgramError for arguments of another type than it takes."""
    signature = inspect.signature(constructor)

    @functools.wraps(constructor)
    def build(*args: P.args, **kwargs: P.kwargs) -> SOp:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise ProgramError(f"{constructor.__name__}: {error}") from None
        for name, value in bound.arguments.items():
            parameter = signature.parameters[name]
            label = f"{constructor.__name__}: {name}"
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                found = tuple(_checked(name, label, parameter.annotation, part) for part in value)
                bound.arguments[name] = found
            else:
                bound.arguments[name] = _checked(name, label, parameter.annotation, value)
        return constructor(*bound.args, **bound.kwargs)

    return build


def _checked(name: str, label: str, annotation: str, value: object) -> Any:
    """A value of the annotated type.

    Raises:
        ProgramError: If it is of another.
    """
    match annotation:
        case "SOp":
            return arguments.instance(label, value, SOp, "an s-op", ProgramError)
        case "int":
            least, most = LEAST.get(name, -LARGEST), MOST.get(name, LARGEST)
            return arguments.integer(label, value, least, most, ProgramError)
        case "float":
            return arguments.number(label, value, kind=ProgramError)
        case "str":
            return arguments.text(label, value, ProgramError) or _empty(label, value)
        case "Callable[..., Value]":
            return arguments.function(label, value, ProgramError)
        case "Sequence[Value]":
            return _listed(label, value)
        case "Sequence[str]":
            return [_pair(label, entry) for entry in _listed(label, value)]
        case "tuple[int, ...]":
            return tuple(
                arguments.integer(f"{label}'s entry", entry, -LARGEST, LARGEST, ProgramError)
                for entry in _listed(label, value)
            )
        case "Any":
            return value
    raise AssertionError(f"{label} is annotated {annotation}, which has no check")


def _listed(label: str, value: object) -> list[Any]:
    found = arguments.sequence(label, value, "a sequence of values", kind=ProgramError)
    return found or _empty(label, value)


def _pair(label: str, value: object) -> str:
    found = arguments.text(f"{label}'s entry", value, ProgramError)
    if len(found) != 2:
        arguments.refuse(f"{label}'s entry", value, "two brackets, such as '()'", ProgramError)
    return found


def _empty(label: str, value: object) -> Any:
    arguments.refuse(label, value, "one that is not empty", ProgramError)
