"""Markup out of text: whatever is put into a template is escaped, so that it means itself.

What makes markup returns `Markup`, and what takes some asks for `Markup`: text that was not
escaped is an error of types there, and is escaped if it comes all the same. Templates are written
out in the code, which the linter checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import LiteralString

from markupsafe import Markup, escape

from optitracr.draw.picture import plain


def escaped(value: object) -> Markup:
    """A value's text as it means itself in an element or a quoted attribute; markup stays."""
    return value if isinstance(value, Markup) else escape(plain(str(value)))


def markup(template: LiteralString, *values: object, **named: object) -> Markup:
    """A template, its fields filled as by `str.format` with what is escaped or markup."""
    filled = {name: escaped(value) for name, value in named.items()}
    return Markup(template).format(*map(escaped, values), **filled)  # noqa: S704, by its type


def attributes(**values: object) -> Markup:
    """Attributes, each behind a space; those that are None are left out.

    An underscore within a name stands for a dash, and one behind it for nothing: `class_`.
    """
    return joined(
        markup(' {}="{}"', name.rstrip("_").replace("_", "-"), value)
        for name, value in values.items()
        if value is not None
    )


def joined(parts: Iterable[Markup], between: LiteralString = "") -> Markup:
    """Pieces of markup, one behind the other."""
    return Markup(between).join(parts)  # noqa: S704, by its type
