"""Checks of what users pass: each names the argument, shows the value, and says what to give.

Integers and texts of NumPy count as Python's and come back as these; True is no integer. What
comes back is what the code behind the check works with, so that an iterator is read once.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from itertools import islice
from numbers import Real
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NoReturn

from optitracr.errors import FileError, InputError, OptitracrError

LONGEST = 10**7
"""Entries that are read of an argument, so that an endless iterator gets an error in place of
all memory; what has so many entries is beyond every other limit."""

SHOWN = 80
"""Characters of a value in a message: enough to recognise it, and still one line."""

PLAIN = (bool, int, float, str, bytes, list, tuple, dict, set)
"""Types whose values show what they are."""

Kind = type[OptitracrError]


def shown(value: object) -> str:
    """A value for a message: short, in one line, and whatever its `__repr__` does."""
    try:
        text = repr(value)
    except Exception:
        return f"a {type(value).__name__} that cannot be shown"
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def refuse(name: str, value: object, wanted: str, kind: Kind = InputError) -> NoReturn:
    """Raises the error for an argument: its name, the value, and what is expected.

    Args:
        name: The argument.
        value: What was given.
        wanted: What is expected, as a noun.
        kind: The error's class.
    """
    of = "" if value is None or type(value) in PLAIN else f" of type {type(value).__name__}"
    raise kind(f"{name} is {shown(value)}{of}; give {wanted}")


def integer(
    name: str,
    value: object,
    least: int | None = None,
    most: int | None = None,
    kind: Kind = InputError,
) -> int:
    """A whole number, NumPy's included.

    Raises:
        OptitracrError: Of `kind`, if it is none, or out of range.
    """
    wanted = "an integer"
    if least is not None and most is not None:
        wanted = f"an integer from {least} to {most}"
    elif least is not None:
        wanted = f"an integer of at least {least}"
    elif most is not None:
        wanted = f"an integer of at most {most}"
    try:
        # An array of one entry counts as an integer too, but no user means one.
        number = None if _is_boolean(value) or _has_axes(value) else operator.index(value)  # type: ignore[arg-type]
    except Exception:
        number = None
    too_small = number is not None and least is not None and number < least
    too_large = number is not None and most is not None and number > most
    if number is None or too_small or too_large:
        refuse(name, value, wanted, kind)
    return number


def number(
    name: str, value: object, least: float | None = None, kind: Kind = InputError
) -> int | float:
    """A real number that is no nan; infinity counts.

    Raises:
        OptitracrError: Of `kind`, if it is none, or smaller than `least`.
    """
    wanted = "a number" if least is None else f"a number of at least {least:g}"
    if not isinstance(value, Real) or _is_boolean(value):
        refuse(name, value, wanted, kind)
    try:
        found = operator.index(value) if hasattr(value, "__index__") else float(value)
        # An integer beyond all floats is no number that anything here can use.
        small = math.isnan(float(found)) or (least is not None and found < least)
    except Exception:
        refuse(name, value, wanted, kind)
    if small:
        refuse(name, value, wanted, kind)
    return found


def boolean(name: str, value: object, kind: Kind = InputError) -> bool:
    """True or False, NumPy's included.

    Raises:
        OptitracrError: Of `kind`, if it is neither.
    """
    if _is_boolean(value):
        return bool(value)
    return refuse(name, value, "True or False", kind)


def text(name: str, value: object, kind: Kind = InputError) -> str:
    """A text; NumPy's comes back as Python's.

    Raises:
        OptitracrError: Of `kind`, if it is none.
    """
    if isinstance(value, str):
        return value if type(value) is str else str(value)
    return refuse(name, value, "a text", kind)


def choice(name: str, value: object, choices: Iterable[str], kind: Kind = InputError) -> str:
    """One of some texts.

    Raises:
        OptitracrError: Of `kind`, if it is none of them.
    """
    known = list(choices)
    if isinstance(value, str) and value in known:
        return str(value)
    return refuse(name, value, f"one of {', '.join(known)}", kind)


def instance(
    name: str, value: object, of: type | tuple[type, ...], wanted: str, kind: Kind = InputError
) -> Any:
    """A value of a class.

    Raises:
        OptitracrError: Of `kind`, if it is of another.
    """
    return value if isinstance(value, of) else refuse(name, value, wanted, kind)


def function(name: str, value: object, kind: Kind = InputError) -> Callable[..., Any]:
    """What can be called.

    Raises:
        OptitracrError: Of `kind`, if it cannot.
    """
    return value if callable(value) else refuse(name, value, "a function", kind)


def sequence(
    name: str,
    value: object,
    wanted: str = "a sequence of tokens, such as a list",
    most: int = LONGEST,
    kind: Kind = InputError,
) -> list[Any]:
    """The entries of something that has an order: a list, tuple, array, text, iterator.

    Entries of arrays come back as Python's own numbers and texts. Sets and dicts are refused:
    they have no order that a sequence could be read off.

    Args:
        name: The argument.
        value: What was given.
        wanted: What is expected, as a noun.
        most: At most one entry more is read, for the caller to refuse.
        kind: The error's class.

    Raises:
        OptitracrError: Of `kind`, if it has no entries, or no order.
    """
    if isinstance(value, Mapping | Set):
        refuse(name, value, f"{wanted}: this has no order", kind)
    return _entries(name, value, wanted, most, kind)


def collection(
    name: str, value: object, wanted: str, most: int = LONGEST, kind: Kind = InputError
) -> list[Any]:
    """The entries of something whose order does not matter, sets included.

    Raises:
        OptitracrError: Of `kind`, if it has none.
    """
    return _entries(name, value, wanted, most, kind)


def _entries(name: str, value: Any, wanted: str, most: int, kind: Kind) -> list[Any]:
    try:
        listed = value.tolist() if _has_axes(value) else value
        entries = list(islice(iter(listed), most + 1))
    except MemoryError:
        raise
    except Exception as error:
        if isinstance(value, Iterable) and not _has_axes(value):
            raise kind(
                f"reading {name} raised {type(error).__name__}: {shown(str(error))}; give {wanted}"
            ) from error
        refuse(name, value, wanted, kind)
    if most == LONGEST and len(entries) > most:
        refuse(name, value, f"{wanted}, of at most {most:,} entries", kind)
    return entries


def names(name: str, value: object, choices: Collection[str], wanted: str) -> tuple[str, ...]:
    """Names out of some, given as one text with commas or as a collection of texts.

    Raises:
        InputError: If it is neither, or a name is unknown.
    """
    if isinstance(value, str):
        listed = [part.strip() for part in value.split(",") if part.strip()]
    else:
        listed = [
            text(f"an entry of {name}", part).strip()
            for part in collection(name, value, wanted, most=1000)
        ]
    for part in listed:
        if part not in choices:
            raise InputError(f"{name} names {shown(part)}, which is unknown; give {wanted}")
    return tuple(listed)


def path(name: str, value: object, wanted: str = "a path as text or pathlib.Path") -> Path:
    """A path of the file system.

    Raises:
        FileError: If it is none.
    """
    if isinstance(value, str | PathLike):
        try:
            found = fspath(value)
        except Exception:
            found = None
        if isinstance(found, str) and "\0" in found:
            raise FileError(
                f"{name} is {found!r}, with a null byte, which no path holds; leave it out"
            )
        if isinstance(found, str):
            return Path(found)
    return refuse(name, value, wanted, FileError)


def _is_boolean(value: object) -> bool:
    # NumPy's is no subclass of bool; this module stays free of NumPy, which takes a while to load.
    return isinstance(value, bool) or (
        type(value).__module__ == "numpy" and type(value).__name__ in ("bool", "bool_")
    )


def _has_axes(value: object) -> bool:
    """Whether it is an array, of whichever library, of at least one axis."""
    return bool(getattr(value, "shape", ())) and callable(getattr(value, "tolist", None))
