"""Pictures as SVG, to stand inside a page or alone."""

from __future__ import annotations

from markupsafe import Markup

from optitracr.draw.colours import Colours, StyleSheetColours
from optitracr.draw.markup import attributes, joined, markup
from optitracr.draw.picture import Line, Mark, Paint, Picture, Rectangle, Shape, Text

FONT = "ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace"
"""Monospaced, so that it is known beforehand which label fits."""

DASHES = "4 3"
"""Pixels drawn and left out: short enough to show on the shortest side of a node."""


def to_svg(picture: Picture, colours: Colours | None = None, interactive: bool = True) -> Markup:
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
    described = attributes(
        class_=f"picture picture-{picture.name}",
        role="group" if interactive else "img",
        aria_label=f"{picture.title}. {picture.description}",
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
        font_family=FONT,
    )
    namespace = attributes(xmlns="http://www.w3.org/2000/svg")
    return markup("<svg{}{}>\n{}\n</svg>", namespace, described, joined(parts, "\n"))


class _Drawer:
    """Draws shapes in one set of colours."""

    def __init__(self, colours: Colours) -> None:
        self.colours = colours

    def mark(self, mark: Mark, interactive: bool, first: bool) -> Markup:
        shapes = joined(map(self.shape, mark.shapes))
        if not mark.title and not interactive:
            return shapes
        variable = attributes(data_v=mark.variable)
        if not mark.title:
            return markup('<g aria-hidden="true"{}>{}</g>', variable, shapes)
        title = markup("<title>{}</title>", mark.title)
        if not interactive:
            return markup("<g>{}{}</g>", title, shapes)
        told = attributes(class_="mark", role="img", tabindex=0 if first else -1)
        return markup("<g{}{}>{}{}</g>", told, variable, title, shapes)

    def shape(self, shape: Shape) -> Markup:
        match shape:
            case Rectangle():
                return self.rectangle(shape)
            case Line():
                return self.line(shape)
            case Text():
                return self.text(shape)

    def rectangle(self, shape: Rectangle) -> Markup:
        place = attributes(
            x=_number(shape.x),
            y=_number(shape.y),
            width=_number(shape.width),
            height=_number(shape.height),
            rx=_number(shape.radius) if shape.radius else None,
        )
        fill = self._paint("fill", shape.fill)
        stroke = self._paint("stroke", shape.stroke) if shape.stroke else Markup()
        return markup("<rect{}{}{}{}/>", place, fill, stroke, _dashes(shape.dashed))

    def line(self, shape: Line) -> Markup:
        way = attributes(d=_way(shape), fill="none", stroke_width=_number(shape.width))
        stroke = self._paint("stroke", shape.stroke)
        return markup("<path{}{}{}/>", way, stroke, _dashes(shape.dashed))

    def text(self, shape: Text) -> Markup:
        x, y = _number(shape.x), _number(shape.y)
        look = attributes(
            x=x,
            y=y,
            font_size=_number(shape.size),
            text_anchor=None if shape.anchor == "start" else shape.anchor,
            font_weight=600 if shape.bold else None,
            transform=f"rotate(-90 {x} {y})" if shape.upright else None,
        )
        return markup("<text{}{}>{}</text>", look, self._paint("fill", shape.fill), shape.text)

    def _paint(self, what: str, paint: Paint) -> Markup:
        opacity = None if paint.opacity == 1.0 else _number(paint.opacity)
        named = {what: self.colours.colour(paint), f"{what}_opacity": opacity}
        return attributes(**named)


def _way(line: Line) -> str:
    """A line's points as the commands of a path."""
    (x, y), *rest = line.points
    steps = [f"M{_number(x)} {_number(y)}"]
    for to_x, to_y in rest:
        if line.smooth:
            middle = _number((x + to_x) / 2)
            control = f"C{middle} {_number(y)} {middle} {_number(to_y)} "
            steps.append(f"{control}{_number(to_x)} {_number(to_y)}")
        else:
            steps.append(f"L{_number(to_x)} {_number(to_y)}")
        x, y = to_x, to_y
    return "".join(steps)


def _dashes(dashed: bool) -> Markup:
    return attributes(stroke_dasharray=DASHES if dashed else None)


def _number(value: float) -> str:
    """Two decimals at most: a picture is no place for rounding errors."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
