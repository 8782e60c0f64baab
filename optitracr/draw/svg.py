"""Pictures as SVG, to stand inside a page or alone."""

from __future__ import annotations

from html import escape

from optitracr.draw.colours import Colours, StyleSheetColours
from optitracr.draw.picture import Line, Mark, Paint, Picture, Rectangle, Shape, Text, plain

FONT = "ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace"
"""Monospaced, so that it is known beforehand which label fits."""


def to_svg(picture: Picture, colours: Colours | None = None, interactive: bool = True) -> str:
    """A picture as an SVG element.

    Args:
        picture: The picture.
        colours: Colours of paints; by default CSS variables, for a page that defines them.
        interactive: Whether marks name their variable in `data-v` and can be focused; the
            first takes the Tab key, and a script moves the focus on with the arrow keys.
    """
    drawer = _Drawer(colours or StyleSheetColours())
    parts, waiting = [], interactive
    for mark in picture.marks:
        parts.append(drawer.mark(mark, interactive, waiting))
        waiting = waiting and not mark.title
    width, height = _number(picture.width), _number(picture.height)
    label = escape(plain(f"{picture.title}. {picture.description}"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="picture picture-{picture.name}" '
        f'role="{"group" if interactive else "img"}" aria-label="{label}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="{escape(FONT)}">\n' + "\n".join(parts) + "\n</svg>"
    )


class _Drawer:
    """Draws shapes in one set of colours."""

    def __init__(self, colours: Colours) -> None:
        self.colours = colours

    def mark(self, mark: Mark, interactive: bool, first: bool) -> str:
        shapes = "".join(self.shape(shape) for shape in mark.shapes)
        variable = "" if mark.variable is None else f' data-v="{mark.variable}"'
        if not mark.title:
            return f'<g aria-hidden="true"{variable}>{shapes}</g>' if interactive else shapes
        title = f"<title>{escape(plain(mark.title))}</title>"
        if not interactive:
            return f"<g>{title}{shapes}</g>"
        focus = f'tabindex="{0 if first else -1}"'
        return f'<g class="mark" role="img" {focus}{variable}>{title}{shapes}</g>'

    def shape(self, shape: Shape) -> str:
        match shape:
            case Rectangle():
                return self.rectangle(shape)
            case Line():
                return self.line(shape)
            case Text():
                return self.text(shape)

    def rectangle(self, shape: Rectangle) -> str:
        radius = f' rx="{_number(shape.radius)}"' if shape.radius else ""
        dashes = ' stroke-dasharray="4 3"' if shape.dashed else ""
        stroke = self._paint("stroke", shape.stroke) if shape.stroke else ""
        return (
            f'<rect x="{_number(shape.x)}" y="{_number(shape.y)}" '
            f'width="{_number(shape.width)}" height="{_number(shape.height)}"{radius}'
            f"{self._paint('fill', shape.fill)}{stroke}{dashes}/>"
        )

    def line(self, shape: Line) -> str:
        dashes = ' stroke-dasharray="4 3"' if shape.dashed else ""
        (x, y), *rest = shape.points
        steps = [f"M{_number(x)} {_number(y)}"]
        for to_x, to_y in rest:
            if shape.smooth:
                middle = _number((x + to_x) / 2)
                control = f"C{middle} {_number(y)} {middle} {_number(to_y)} "
                steps.append(f"{control}{_number(to_x)} {_number(to_y)}")
            else:
                steps.append(f"L{_number(to_x)} {_number(to_y)}")
            x, y = to_x, to_y
        return (
            f'<path d="{"".join(steps)}" fill="none" stroke-width="{_number(shape.width)}"'
            f"{self._paint('stroke', shape.stroke)}{dashes}/>"
        )

    def text(self, shape: Text) -> str:
        x, y = _number(shape.x), _number(shape.y)
        anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
        weight = ' font-weight="600"' if shape.bold else ""
        turn = f' transform="rotate(-90 {x} {y})"' if shape.upright else ""
        return (
            f'<text x="{x}" y="{y}" font-size="{_number(shape.size)}"{anchor}{weight}{turn}'
            f"{self._paint('fill', shape.fill)}>{escape(plain(shape.text))}</text>"
        )

    def _paint(self, what: str, paint: Paint) -> str:
        opacity = "" if paint.opacity == 1.0 else f' {what}-opacity="{_number(paint.opacity)}"'
        return f' {what}="{self.colours.colour(paint)}"{opacity}'


def _number(value: float) -> str:
    """Two decimals at most: a picture is no place for rounding errors."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
