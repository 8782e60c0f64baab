"""Docstrings as they are written here, for autodoc and napoleon."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

from sphinx.domains.python._object import PyObject

DESCRIPTIONS = ("attribute", "data", "property")
COLON = "\ue000"
"""Stands for a colon while napoleon looks for types."""

CODE = re.compile(r"(?<![`:\w])`([^`\n]+)`(?!`)")
"""Code between single backquotes, which is how docstrings mark it here."""

ARRAY = re.compile(
    r"~?(?:numpy\.)?ndarray\[tuple\[~?(?:typing\.)?Any, \.\.\.\], "
    r"~?(?:numpy\.)?dtype\[~?(?:numpy\.)?(\w+)\]\]"
)
"""NDArray, as its annotations print."""

SHAPED = re.compile(r"""\w+\[NDArray\[np\.(\w+?)_?\], ["'][^"']*["']\]""")
"""An array with its shape, as it is written; a name such as `np.bool_` would be a link."""


def before_napoleon(
    app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Keeps habits from being misread, and lists the values of enumerations.

    An indented paragraph in a module's docstring is an example. Types stand in annotations, so a
    colon in the description of an attribute or a result ends none: napoleon would read
    `Sizes: all of them.` as of type Sizes.
    """
    del app, name, options
    lines[:] = [CODE.sub(r"``\1``", line) for line in lines]
    results = [place + 1 for place, line in enumerate(lines[:-1]) if line.strip() == "Returns:"]
    for place in (*results, *([0] if what in DESCRIPTIONS and lines else [])):
        lines[place] = lines[place].replace(":", COLON)
    if isinstance(thing, type) and issubclass(thing, Enum):
        lines += ["", f"Values: {', '.join(f'``{member}``' for member in thing.__members__)}.", ""]
    if what == "module":
        lines[:] = _with_examples(lines)


def after_napoleon(
    app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Puts colons back, and shortens the types of arrays."""
    del app, what, name, thing, options
    lines[:] = [_shortened(line.replace(COLON, ":")) for line in lines]


def shorten_signature(
    app: Any,
    what: str,
    name: str,
    thing: Any,
    options: Any,
    signature: str | None,
    result: str | None,
) -> tuple[str | None, str | None]:
    """Shortens the types of arrays in signatures."""
    del app, what, name, thing, options
    return signature and _shortened(signature), result and _shortened(result)


def _shortened(text: str) -> str:
    return SHAPED.sub(r"NDArray[\1]", ARRAY.sub(r"NDArray[\1]", text))


def _with_examples(lines: list[str]) -> list[str]:
    marked: list[str] = []
    inside = False
    for line in lines:
        indented = line.startswith("    ")
        if indented and not inside and marked and marked[-1] == "":
            marked += ["::", ""]
        inside = indented or (inside and line == "")
        marked.append(line)
    return marked


def setup(app: Any) -> dict[str, bool]:
    """Registers the hooks, and the word that Google's style has for attributes."""
    app.connect("autodoc-process-docstring", before_napoleon, priority=400)
    app.connect("autodoc-process-docstring", after_napoleon, priority=600)
    app.connect("autodoc-process-signature", shorten_signature)
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
