"""Frozen dataclasses as JSON and back, checked against their annotations.

Annotations may be bool, int, float, str, enums of strings, tuples, dataclasses, one of these
or None, and `Any` for a RASP value.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from optitracr.files.values import (
    INTEGER_BITS,
    FieldError,
    Plain,
    shown,
    value_from_plain,
    value_to_plain,
)


@lru_cache(maxsize=64)
def _hints(record: type) -> dict[str, Any]:
    """The annotation of each field that the constructor takes."""
    found = get_type_hints(record)
    return {field.name: found[field.name] for field in fields(record) if field.init}


def to_plain(value: Any, hint: Any, field: str = "") -> Plain:
    """A value of an annotated type as JSON.

    Args:
        value: The value.
        hint: Its annotation.
        field: Its place, for messages.

    Raises:
        FieldError: If a file cannot hold it.
    """
    try:
        return _writer(hint)(value)
    except (FieldError, ValueError):
        # Once more, step by step, to say where it is.
        return _to_plain(value, hint, field)


SMALL = 2**63
"""Integers up to here are of course within what files hold."""

Writer = Callable[[Any], Plain]


@lru_cache(maxsize=256)
def _writer(hint: Any) -> Writer:
    """What writes values of an annotated type; its errors do not say where.

    An annotation is taken apart once, and not for each of the thousands of values of a manifest.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        present = _writer(_present(arguments))
        return lambda value: None if value is None else present(value)
    if origin is tuple and arguments[-1] is ...:
        return _list_writer(arguments[0])
    if origin is tuple:
        entries = [_writer(argument) for argument in arguments]
        return lambda value: [write(part) for write, part in zip(entries, value, strict=True)]
    if is_dataclass(hint):
        parts = [(name, _writer(part)) for name, part in _hints(hint).items()]  # type: ignore[arg-type]
        return lambda value: {name: write(getattr(value, name)) for name, write in parts}
    if hint is Any:
        return _any
    if hint is str or hint is bool:
        return lambda value: value if type(value) is hint else _scalar_to_plain(value, hint, "")
    if hint in NAMES:
        return lambda value: (
            _any(value) if type(value) is hint else _scalar_to_plain(value, hint, "")
        )
    return lambda value: _scalar_to_plain(value, hint, "")


def _list_writer(hint: Any) -> Writer:
    """What writes tuples of values of one annotated type."""
    write = _writer(hint)
    selves = {NoneType, bool, str} if hint is Any else {hint} & {bool, str}
    if not selves:
        return lambda value: [write(part) for part in value]
    # Most tuples hold nothing but what stands for itself.
    return lambda value: (
        [*value] if selves.issuperset(map(type, value)) else [write(part) for part in value]
    )


def _any(value: Any) -> Plain:
    """A RASP value; the commonest stand for themselves."""
    kind = type(value)
    if value is None or kind is bool or kind is str or (kind is int and -SMALL < value < SMALL):
        return value
    if kind is float and value - value == 0.0:  # It is finite.
        return value
    return value_to_plain(value, "")


def _to_plain(value: Any, hint: Any, field: str) -> Plain:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return None if value is None else _to_plain(value, _present(arguments), field)
    if origin is tuple:
        parts = _parts(arguments, len(value))
        if parts is None:
            raise FieldError(field, f"has {len(value)} entries")
        pairs = enumerate(zip(value, parts, strict=True))
        return [_to_plain(entry, part, f"{field}[{i}]") for i, (entry, part) in pairs]
    if is_dataclass(hint):
        return {
            name: _to_plain(getattr(value, name), part, _join(field, name))
            for name, part in _hints(hint).items()  # type: ignore[arg-type]
        }
    return _scalar_to_plain(value, hint, field)


def _scalar_to_plain(value: Any, hint: Any, field: str) -> Plain:
    try:
        if hint is bool:
            return bool(value)
        if hint is int:
            return value_to_plain(int(operator.index(value)), field)
        if hint is float:
            return value_to_plain(value if type(value) is int else float(value), field)
    except (TypeError, ValueError) as error:
        if isinstance(error, FieldError):
            raise
        raise FieldError(field, f"is {shown(value)} and no {hint.__name__}") from None
    if hint is Any:
        return value_to_plain(value, field)
    if not isinstance(value, str):
        raise FieldError(field, f"is {shown(value)} and no text")
    return str(value)


def from_plain(data: Plain, hint: Any, field: str = "") -> Any:
    """The value of an annotated type that JSON stands for.

    Args:
        data: What was read.
        hint: The annotation.
        field: Its place, for messages.

    Raises:
        FieldError: If it is of another type, or a field is missing or unknown.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return None if data is None else from_plain(data, _present(arguments), field)
    if origin is tuple:
        parts = _parts(arguments, len(data)) if isinstance(data, list) else None
        if parts is None:
            wanted = "list" if arguments[-1] is ... else f"list of {len(arguments)}"
            raise FieldError(field, f"is {shown(data)} and no {wanted}")
        pairs = enumerate(zip(data, parts, strict=True))
        return tuple(from_plain(entry, part, f"{field}[{i}]") for i, (entry, part) in pairs)
    if is_dataclass(hint):
        return _record(data, hint, field)
    return _scalar_from_plain(data, hint, field)


def _record(data: Plain, record: Any, field: str) -> Any:
    hints = _hints(record)
    if not isinstance(data, dict):
        raise FieldError(field or "it", f"is {shown(data)} and no object")
    for name in (*hints, *data):
        if name not in data or name not in hints:
            what = "is missing" if name in hints else "is unknown"
            raise FieldError(_join(field, shown(name).strip("'\"")), what)
    values = {
        name: from_plain(data[name], hint, _join(field, name)) for name, hint in hints.items()
    }
    try:
        return record(**values)
    except ValueError as error:
        raise FieldError(field, f"is wrong: {error}") from None


def _scalar_from_plain(data: Plain, hint: Any, field: str) -> Any:
    if hint is Any:
        return value_from_plain(data, field)
    if hint is float:
        data = value_from_plain(data, field)
        fits = isinstance(data, int | float) and not isinstance(data, bool)
    elif hint is int:
        fits = type(data) is int and data.bit_length() <= INTEGER_BITS
    elif issubclass(hint, StrEnum):
        known = [member.value for member in hint]
        if data not in known:
            raise FieldError(field, f"is {shown(data)} and none of {', '.join(known)}")
        return hint(data)
    else:
        fits = type(data) is hint
    if not fits:
        raise FieldError(field, f"is {shown(data)} and no {NAMES[hint]}")
    return data


NAMES = {bool: "boolean", int: "integer", float: "number", str: "text"}


def _present(arguments: tuple[Any, ...]) -> Any:
    """What an optional field is when it is not None."""
    (present,) = (argument for argument in arguments if argument is not NoneType)
    return present


def _parts(arguments: tuple[Any, ...], count: int) -> tuple[Any, ...] | None:
    """The annotation of each entry of a tuple; None if it has another number of them."""
    if arguments[-1] is ...:
        return (arguments[0],) * count
    return arguments if len(arguments) == count else None


def _join(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name
