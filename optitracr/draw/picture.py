"""Pictures as data: shapes in pixels, painted by roles, drawn by any back end.

A picture knows no colour: shapes name what they are painted as (ink, the third variable, a
share of heat), and a back end looks that up in a theme. So the page, which has a light and a
dark theme, and the figure in a paper are the same picture.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

CHARACTER = 0.602
"""Width of one character of the monospaced label font, as a share of its size: that of DejaVu Sans
Mono. The other fonts of the list are as wide or narrower, so that labels fit."""


class Role(StrEnum):
    """What a shape is painted as."""

    INK = "ink"
    MUTED = "muted"
    LINE = "line"
    PANEL = "panel"
    SURFACE = "surface"
    NEUTRAL = "neutral"
    NEUTRAL_EDGE = "neutral-edge"
    HEAT = "heat"
    VARIABLE = "variable"
    VARIABLE_EDGE = "variable-edge"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Paint:
    """A role, for a variable its index, and how opaque.

    Attributes:
        role: What is painted.
        index: Which variable, for the roles of variables.
        opacity: From 0 to 1.
    """

    role: Role
    index: int = 0
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle; x and y are its top left corner, y grows downwards."""

    x: float
    y: float
    width: float
    height: float
    fill: Paint
    stroke: Paint | None = None
    radius: float = 0.0
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Straight pieces between points, or, if smooth, curves that leave and arrive sideways."""

    points: tuple[tuple[float, float], ...]
    stroke: Paint
    width: float = 1.0
    dashed: bool = False
    smooth: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; y is its baseline, the anchor "start", "middle" or "end"."""

    x: float
    y: float
    text: str
    size: float = 11.0
    anchor: str = "start"
    fill: Paint = Paint(Role.INK)
    bold: bool = False
    upright: bool = False


Shape = Rectangle | Line | Text


@dataclass(frozen=True, slots=True)
class Mark:
    """Shapes that stand for one thing.

    Attributes:
        shapes: What is drawn, later over earlier.
        title: What it is, in words; "" for decoration, which a reader's software passes over.
        variable: Index of the RASP variable that it belongs to; None for none.
    """

    shapes: tuple[Shape, ...]
    title: str = ""
    variable: int | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing of some width and height, in pixels.

    Attributes:
        name: Which picture it is.
        title: What it shows, in a line.
        description: What it shows, in words for who does not see it.
        width: In pixels.
        height: In pixels.
        marks: What is drawn, later over earlier.
    """

    name: str
    title: str
    description: str
    width: float
    height: float
    marks: tuple[Mark, ...]


def text_width(text: str, size: float) -> float:
    """Width of a label in pixels."""
    return len(text) * size * CHARACTER


def fitted(text: str, width: float, size: float, least: int = 4) -> str:
    """A text that fits a width, shortened with an ellipsis, or "" where too little is left.

    Args:
        text: The text.
        width: Pixels that there are.
        size: Of the font.
        least: Fewest characters that a shortened text keeps.
    """
    room = int(width / (size * CHARACTER))
    if len(text) <= room:
        return text
    return f"{text[: room - 1]}…" if room > least else ""


def plain(text: str) -> str:
    """A text that every file and browser can show: no control characters, no half characters.

    Bidirectional controls go too: they would reorder what stands beside them.
    """
    return "".join("\N{REPLACEMENT CHARACTER}" if _unshowable(c) else c for c in text)


def _unshowable(character: str) -> bool:
    bidirectional = "\u200e" <= character <= "\u200f" or "\u202a" <= character <= "\u202e"
    isolates = "\u2066" <= character <= "\u2069"
    odd = unicodedata.category(character) in ("Cc", "Cs") or ord(character) & 0xFFFE == 0xFFFE
    return odd or bidirectional or isolates
