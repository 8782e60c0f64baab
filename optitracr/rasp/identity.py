"""When two values are the same, and what the scalars of NumPy stand for.

Python says that `True`, `1` and `1.0` are equal, and `0.0` and `-0.0`, while a function of a
program can tell them apart. To the interpreter they are different values: the same values are
equal, of the same type, and alike in all of their parts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from optitracr.rasp.expression import Value

_KINDS = "biufcSU"
"""NumPy's letters for booleans, numbers and text."""


def plain(value: Value) -> Value:
    """A scalar of NumPy as the number or text of Python that it stands for, also in a tuple.

    Any other value is given back as it is.
    """
    kind = type(value)
    if kind is tuple:
        parts = tuple(map(plain, value))
        return parts if any(a is not b for a, b in zip(parts, value, strict=True)) else value
    # By name, so that the language can be imported without NumPy.
    if kind.__module__ == "numpy" and kind.__name__ != "ndarray":
        described = getattr(value, "dtype", None)
        return value.item() if getattr(described, "kind", "?") in _KINDS else value
    return value


def identity_key(value: Value) -> Any:
    """What two values have in common just when they are the same.

    Raises:
        TypeError: If the value cannot be hashed, when the key is.
    """
    kind = type(value)
    if kind is int or kind is str or kind is bool:
        return (kind, value)
    if isinstance(value, tuple):
        return (kind, *map(identity_key, value))
    if isinstance(value, frozenset):
        return (kind, frozenset(map(identity_key, value)))
    if isinstance(value, complex):
        return (kind, identity_key(value.real), identity_key(value.imag))
    # Text tells 0.0 from -0.0 and Decimal("1") from Decimal("1.0"), and says nan to any nan.
    if isinstance(value, Decimal) or (isinstance(value, float) and (not value or value != value)):
        return (kind, str(value))
    return (kind, value)


def is_same(one: Value, other: Value) -> bool:
    """Whether two values that can be hashed are the same."""
    return bool(identity_key(one) == identity_key(other))


def equals_itself(value: Value) -> bool:
    """Whether a value equals itself in all of its parts, as nan does not."""
    if isinstance(value, tuple | frozenset):
        return all(map(equals_itself, value))
    return bool(value == value)
