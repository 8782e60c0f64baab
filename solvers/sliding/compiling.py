"""Functions of arrays that run as machine code: local search makes millions of small steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
T = TypeVar("T")


TYPES = {"Numbers": "int64[::1]", "int": "int64", "bool": "boolean", "None": "void"}
"""What numbers and arrays of them are to a processor, by the names that they have in Python."""


def compiled(function: Callable[P, T]) -> Callable[P, T]:
    """The function as machine code, which is kept beside its file.

    Where nothing can be kept, as in a folder that is not to be written to by a user without a
    cache, each process makes it anew.

    Args:
        function: Of arrays and numbers; its annotations say of which.
    """
    *arguments, result = (TYPES[name] for name in function.__annotations__.values())
    signature = f"{result}({', '.join(arguments)})"
    try:
        return cast("Callable[P, T]", njit(signature, cache=True)(function))
    except RuntimeError:
        return cast("Callable[P, T]", njit(signature)(function))
