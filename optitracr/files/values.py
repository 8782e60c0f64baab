"""RASP values as JSON and back, with their exact types.

None, booleans, integers, finite floats and strings stand for themselves. What JSON does not
tell apart is an object of one key: {"tuple": [...]}, {"fraction": [3, 4]},
{"float": "inf"}, {"numpy": ["float32", 0.5]}.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np

from optitracr import arguments

Plain = Any
"""What `json` writes and reads: None, bool, int, float, str, and lists and dicts of these."""

INTEGER_BITS = 4096
"""Size of the largest integer, beyond any that programs reach; Python reads no more than some
14,000 bits from text."""

DEPTH = 32
"""How deep tuples may be nested: beyond any that programs make, and so little that recursion over
them is safe."""

INFINITIES = {"inf": math.inf, "-inf": -math.inf}
NUMPY_TYPES = frozenset(
    (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "str"),
    )
)


class FieldError(ValueError):
    """A field of a manifest that is wrong; what reads or writes the file says which file.

    Attributes:
        field: Its place, such as `residual_map.tenancies[3].birth`.
        reason: What is wrong with it.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


def shown(value: object) -> str:
    """A value for a message, in one short line."""
    kind = type(value).__name__
    if isinstance(value, int) and value.bit_length() > INTEGER_BITS:
        return "a huge integer"
    if isinstance(value, dict | list):
        return f"an object of {len(value)} keys" if kind == "dict" else f"a list of {len(value)}"
    text = arguments.shown(value).encode("ascii", "backslashreplace").decode("ascii")
    return text if len(text) <= 60 else f"{text[:57]}..."


def check_range(field: str, number: int, least: int, most: int) -> None:
    """Checks that a number is in a range, both ends included.

    Raises:
        FieldError: If it is not.
    """
    if not least <= number <= most:
        raise FieldError(field, f"is {shown(number)}, which is not from {least} to {most}")


def check_distinct(field: str, values: Iterable[Any]) -> None:
    """Checks that nothing occurs twice.

    Raises:
        FieldError: If something does.
    """
    listed = list(values)
    if len(set(listed)) < len(listed):
        raise FieldError(field, "holds one thing twice")


def value_to_plain(value: Any, field: str) -> Plain:
    """A value as JSON, from which `value_from_plain` makes it again.

    Raises:
        FieldError: If it is of a type, or a number of a size, that a file cannot hold.
    """

    def refuse(part: Any) -> NoReturn:
        raise FieldError(
            field,
            f"holds {shown(part)} of type {type(part).__name__}, which a model file cannot; use "
            "numbers but nan, strings, booleans, and tuples of them",
        )

    return _plain(value, refuse)


def any_to_plain(value: Any) -> Plain:
    """Any value as JSON, for readers: in the form that files have, if they can hold it.

    What they cannot is an object of one key: {"float": "nan"}, {"frozenset": [...]}, and
    {"repr": "..."} for all else.
    """
    return _plain(value, _told)


def _told(value: Any) -> Plain:
    """A value that no file can hold."""
    if isinstance(value, float) and math.isnan(value):
        return {"float": "nan"}
    if type(value) is tuple:
        return {"tuple": [any_to_plain(part) for part in value]}
    if type(value) is frozenset:
        return {"frozenset": sorted(map(any_to_plain, value), key=json.dumps)}
    try:
        return {"repr": repr(value)}
    except Exception:  # A user's method, which may raise anything.
        return {"repr": f"a {type(value).__name__} that cannot be shown"}


def _plain(value: Any, other: Callable[[Any], Plain], depth: int = 0) -> Plain:
    """A value as JSON; `other` says what becomes of what files cannot hold."""
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int and value.bit_length() <= INTEGER_BITS:
        return value
    if type(value) is float and not math.isnan(value):
        return value if math.isfinite(value) else {"float": repr(value)}
    if type(value) is tuple and depth < DEPTH:
        return {"tuple": [_plain(part, other, depth + 1) for part in value]}
    if type(value) is Fraction:
        parts = (value.numerator, value.denominator)
        return {"fraction": [_plain(part, other) for part in parts]}
    plain = _numpy_to_plain(value) if isinstance(value, np.generic) else None
    return other(value) if plain is None else plain


def _numpy_to_plain(value: np.generic) -> Plain:
    name = "str" if isinstance(value, np.str_) else value.dtype.name
    if name not in NUMPY_TYPES or np.dtype(name).type is not type(value):
        return None
    inner = value.item()
    if isinstance(inner, float) and not math.isfinite(inner):
        return None
    return {"numpy": [name, inner]}


def value_from_plain(data: Plain, field: str, depth: int = 0) -> Any:
    """A value from JSON; always hashable.

    Raises:
        FieldError: If it is none that `value_to_plain` writes.
    """
    if data is None or isinstance(data, bool | float | str):
        return data
    if isinstance(data, int) and data.bit_length() <= INTEGER_BITS:
        return data
    if isinstance(data, dict) and len(data) == 1:
        (tag, inner), *_ = data.items()
        if tag == "tuple" and isinstance(inner, list) and depth < DEPTH:
            return tuple(value_from_plain(part, field, depth + 1) for part in inner)
        if tag == "float" and isinstance(inner, str) and inner in INFINITIES:
            return INFINITIES[inner]
        if isinstance(inner, list) and len(inner) == 2:
            found = _pair_from_plain(tag, inner[0], inner[1])
            if found is not None:
                return found
    raise FieldError(field, f"is {shown(data)}, which is no value")


def _pair_from_plain(tag: str, first: Plain, second: Plain) -> Any:
    """A fraction or a number of NumPy's; None if the pair is not as it was written."""
    if tag == "fraction" and type(first) is int and type(second) is int and second > 0:
        fraction = Fraction(first, second)
        return fraction if fraction.denominator == second else None
    if tag != "numpy" or not isinstance(first, str) or first not in NUMPY_TYPES:
        return None
    kind: Any = np.str_ if first == "str" else np.dtype(first).type
    try:
        with np.errstate(all="ignore"):
            value = kind(second)
    except (TypeError, ValueError, OverflowError):
        return None
    same = value.item() == second and type(value.item()) is type(second)
    return value if same else None
