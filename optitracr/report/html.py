"""HTML from plain text: escaping, values, tables, and data for the page's script."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from optitracr.draw.picture import plain
from optitracr.draw.variables import Variables


def escaped(text: object) -> str:
    """Text that means itself in an element or in a quoted attribute."""
    return escape(plain(str(text)))


def shown(value: Any) -> str:
    """A RASP value as text: four digits of a number are enough to compare by eye."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, float):
        return f"{round(value, 6) + 0.0:.4g}"
    return str(value)


def embedded(data: Any) -> str:
    """JSON to stand in a script element, which no string in it can end."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    Attributes:
        html: Its content.
        number: Whether it is set to the right.
        tone: A class that colours it, or "".
    """

    html: str
    number: bool = False
    tone: str = ""


def text(value: object, tone: str = "") -> Cell:
    """A cell of plain text."""
    return Cell(escaped(value), tone=tone)


def number(value: int) -> Cell:
    """A cell with a whole number."""
    return Cell(f"{value:,}", number=True)


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


def table(caption: str, heads: Sequence[Cell], rows: Iterable[Row], tone: str = "") -> str:
    """A table in a box of its own, which scrolls where the page is narrow."""
    head = "".join(f'<th scope="col"{_classes(cell)}>{cell.html}</th>' for cell in heads)
    body = "\n".join(_row(row) for row in rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="Table: {escaped(caption)}">'
        f'<table class="{tone}"><caption class="hidden">{escaped(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _row(row: Row) -> str:
    first, *rest = row.cells
    cells = f'<th scope="row"{_classes(first)}>{first.html}</th>'
    cells += "".join(f"<td{_classes(cell)}>{cell.html}</td>" for cell in rest)
    variable = "" if row.variable is None else f' data-v="{row.variable}"'
    tone = f' class="{row.tone}"' if row.tone else ""
    return f"<tr{variable}{tone}>{cells}</tr>"


def _classes(cell: Cell) -> str:
    names = " ".join(name for name in ("number" if cell.number else "", cell.tone) if name)
    return f' class="{names}"' if names else ""


def swatch(label: str, variables: Variables) -> str:
    """A variable's name with its colour."""
    index = variables.index(label)
    if index is None:
        return f'<span class="name"><i class="swatch"></i>{escaped(label)}</span>'
    style = f"--fill:var(--v{index});--edge:var(--e{index})"
    return f'<span class="name"><i class="swatch" style="{style}"></i>{escaped(label)}</span>'
