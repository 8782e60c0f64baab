"""HTML of values: cells, tables, colours of variables, and data for the page's script."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from optitracr.draw.markup import attributes, escaped, joined, markup
from optitracr.draw.variables import Variables


def shown(value: Any) -> str:
    """A RASP value as text: four digits of a number are enough to compare by eye."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, float):
        return f"{round(value, 6) + 0.0:.4g}"
    return str(value)


def embedded(data: Any) -> Markup:
    """JSON to stand in a script element, which no string in it can end."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704, since a script's text knows no character references


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    Attributes:
        html: Its content.
        number: Whether it is set to the right.
        tone: A class that colours it, or "".
    """

    html: Markup
    number: bool = False
    tone: str = ""


def text(value: object, tone: str = "") -> Cell:
    """A cell of plain text."""
    return Cell(escaped(value), tone=tone)


def number(value: int) -> Cell:
    """A cell with a whole number."""
    return Cell(escaped(f"{value:,}"), number=True)


@dataclass(frozen=True, slots=True)
class Row:
    """One row; its first cell is its head.

    Attributes:
        cells: From the left.
        variable: Index of the RASP variable that it is about, or None.
        tone: A class, or "".
    """

    cells: tuple[Cell, ...]
    variable: int | None = None
    tone: str = ""


def table(caption: str, heads: Sequence[Cell], rows: Iterable[Row], tone: str = "") -> Markup:
    """A table in a box of its own, which scrolls where the page is narrow."""
    return markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="Table: {caption}">'
        '<table class="{tone}"><caption class="hidden">{caption}</caption>'
        "<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>",
        caption=caption,
        tone=tone,
        head=joined(_cell("th", cell, "col") for cell in heads),
        body=joined(map(_row, rows), "\n"),
    )


def _row(row: Row) -> Markup:
    first, *rest = row.cells
    cells = joined((_cell("th", first, "row"), *(_cell("td", cell) for cell in rest)))
    return markup("<tr{}>{}</tr>", attributes(data_v=row.variable, class_=row.tone or None), cells)


def _cell(tag: str, cell: Cell, scope: str | None = None) -> Markup:
    names = " ".join(name for name in ("number" if cell.number else "", cell.tone) if name)
    told = attributes(scope=scope, class_=names or None)
    return markup("<{tag}{told}>{html}</{tag}>", tag=tag, told=told, html=cell.html)


def swatch(label: str, variables: Variables) -> Markup:
    """A variable's name with its colour."""
    index = variables.index(label)
    style = None if index is None else f"--fill:var(--v{index});--edge:var(--e{index})"
    colour = attributes(style=style)
    return markup('<span class="name"><i class="swatch"{}></i>{}</span>', colour, label)
