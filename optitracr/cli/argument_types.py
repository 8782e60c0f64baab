"""Types of arguments: each turns text into a value, or says in plain words what it expects."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from typing import Any

NO_CHECK = "none"
"""What stands on a command line for check=False."""


def whole(text: str) -> int:
    """A whole number from 0 on.

    Raises:
        ArgumentTypeError: If it is none.
    """
    try:
        number = int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no whole number") from None
    if number < 0:
        raise ArgumentTypeError(f"{number} is less than 0")
    return number


def natural(text: str) -> int:
    """A whole number from 1 on.

    Raises:
        ArgumentTypeError: If it is none.
    """
    number = whole(text)
    if number < 1:
        raise ArgumentTypeError(f"{number} is not at least 1")
    return number


def seconds(text: str) -> float:
    """A time of at least 0 seconds.

    Raises:
        ArgumentTypeError: If it is none.
    """
    number = _real(text, "number of seconds")
    if not (math.isfinite(number) and number >= 0):
        raise ArgumentTypeError(f"{text} is no time; give 0 or more seconds")
    return number


def factor(text: str) -> float:
    """A number of at least 1.

    Raises:
        ArgumentTypeError: If it is none.
    """
    number = _real(text, "number")
    if not (math.isfinite(number) and number >= 1):
        raise ArgumentTypeError(f"{text} is not at least 1")
    return number


def share(text: str) -> float:
    """A number from 0 to 1.

    Raises:
        ArgumentTypeError: If it is none.
    """
    number = _real(text, "number")
    if not 0 <= number <= 1:
        raise ArgumentTypeError(f"{text} is not from 0 to 1")
    return number


def _real(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no {what}") from None


def vocabulary(text: str) -> tuple[str, ...]:
    """Tokens between commas, as they are written.

    Raises:
        ArgumentTypeError: If there is none, or one is empty.
    """
    tokens = tuple(text.split(","))
    if "" in tokens:
        what = "holds no token" if set(tokens) == {""} else "has an empty token"
        raise ArgumentTypeError(f"{text!r} {what}; write tokens with commas between: a,b,c")
    return tokens


def numbers(tokens: tuple[str, ...]) -> tuple[Any, ...]:
    """The tokens as numbers if each is written as Python writes one; else as they are."""
    read = tuple(_number(token) for token in tokens)
    return tokens if None in read else read


def _number(text: str) -> int | float | None:
    """The number that is written so, and not 007 or nan, which are names."""
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        if math.isfinite(number) and str(number) == text:
            return number
    return None


def spells(text: str, token: Any) -> bool:
    """Whether a token can be written so; a number in more than one way."""
    if str(token) == text:
        return True
    if type(token) not in (int, float):
        return False
    try:
        return bool(type(token)(text) == token)
    except ValueError:
        return False
