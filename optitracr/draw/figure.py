"""Pictures as Matplotlib figures, for PNG, SVG and PDF files."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from optitracr.draw.colours import LIGHT, Colours
from optitracr.draw.picture import Line, Paint, Picture, Rectangle, Role, Shape, Text, plain
from optitracr.draw.style import pyplot

POINT = 0.72
"""Points to a pixel: figures are drawn at 100 pixels an inch."""

FONT = "DejaVu Sans Mono"
"""Comes with Matplotlib, so that a figure is the same everywhere."""


def to_figure(picture: Picture, colours: Colours = LIGHT) -> Any:
    """A picture as a Matplotlib figure; `optitracr.draw.style.save` writes it.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    plt = pyplot()
    size = (picture.width / 100, picture.height / 100)
    figure = plt.figure(figsize=size, facecolor=colours.colour(Paint(Role.SURFACE)))
    plt.close(figure)
    axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axis.set(xlim=(0, picture.width), ylim=(picture.height, 0))
    axis.axis("off")
    drawer = _Drawer(axis, colours)
    for order, shape in enumerate(s for mark in picture.marks for s in mark.shapes):
        drawer.draw(shape, order)
    return figure


class _Drawer:
    """Draws shapes on one axis in one set of colours."""

    def __init__(self, axis: Any, colours: Colours) -> None:
        self.axis, self.colours = axis, colours

    def draw(self, shape: Shape, order: int) -> None:
        match shape:
            case Rectangle():
                self.rectangle(shape, order)
            case Line():
                self.line(shape, order)
            case Text():
                self.text(shape, order)

    def rectangle(self, shape: Rectangle, order: int) -> None:
        from matplotlib import patches

        corner = (shape.x, shape.y)
        look: dict[str, Any] = {
            "facecolor": self._paint(shape.fill),
            "edgecolor": self._paint(shape.stroke) if shape.stroke else "none",
            "linewidth": POINT if shape.stroke else 0.0,
            "linestyle": (0, (4, 3)) if shape.dashed else "solid",
            "zorder": order,
        }
        if shape.radius and min(shape.width, shape.height) > 2 * shape.radius:
            style = patches.BoxStyle.Round(pad=0, rounding_size=shape.radius)
            box = patches.FancyBboxPatch(corner, shape.width, shape.height, style, **look)
            self.axis.add_patch(box)
            return
        self.axis.add_patch(patches.Rectangle(corner, shape.width, shape.height, **look))

    def line(self, shape: Line, order: int) -> None:
        from matplotlib import patches
        from matplotlib.path import Path

        points, codes = [shape.points[0]], [Path.MOVETO]
        for to in shape.points[1:]:
            if shape.smooth:
                middle = (points[-1][0] + to[0]) / 2
                points += [(middle, points[-1][1]), (middle, to[1]), to]
                codes += [Path.CURVE4] * 3
            else:
                points.append(to)
                codes.append(Path.LINETO)
        patch = patches.PathPatch(
            Path(points, codes),
            facecolor="none",
            edgecolor=self._paint(shape.stroke),
            linewidth=shape.width * POINT,
            linestyle=(0, (4, 3)) if shape.dashed else "solid",
            zorder=order,
        )
        self.axis.add_patch(patch)

    def text(self, shape: Text, order: int) -> None:
        self.axis.text(
            shape.x,
            shape.y,
            _drawable(plain(shape.text)),
            fontsize=shape.size * POINT,
            fontfamily=FONT,
            fontweight="bold" if shape.bold else "normal",
            color=self._paint(shape.fill),
            ha={"start": "left", "middle": "center", "end": "right"}[shape.anchor],
            va="baseline",
            rotation=90 if shape.upright else 0,
            rotation_mode="anchor",
            parse_math=False,
            zorder=order,
        )

    def _paint(self, paint: Paint) -> tuple[str, float]:
        return self.colours.colour(paint), paint.opacity


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    """What the font can draw."""
    from matplotlib import font_manager, ft2font

    return frozenset(ft2font.FT2Font(font_manager.findfont(FONT)).get_charmap())


def _drawable(text: str) -> str:
    """A text with a box for each character that the font lacks."""
    return "".join(c if ord(c) in _characters() else "□" for c in text)
