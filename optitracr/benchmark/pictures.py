"""Pictures of the figures of methods: means with their intervals, and curves."""

from __future__ import annotations

import math
from collections.abc import Sequence

from optitracr.benchmark.results import CURVE, Methods
from optitracr.draw.picture import (
    Line,
    Mark,
    Paint,
    Picture,
    Rectangle,
    Role,
    Shape,
    Text,
    text_width,
)

LABEL = 12.0
"""Pixels of a label's font."""

ROW = 26.0
"""Pixels of a row of means: a label with room around it."""

PLOT = 460.0
"""Pixels from 0 to 1: a page's half, on which a hundredth is seen."""

MARGIN = 14.0
"""Pixels around a picture, which half of an end's label sticks out by."""

HEIGHT = 260.0
"""Pixels of a curve from 0 to 1: lower than wide, as the share of edges is what is looked up."""

TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Marks of an axis of shares: where chance is, and half of the way on either side."""


def means_picture(name: str, title: str, figure: str, methods: Methods) -> Picture:
    """A row for each method that has a figure: the mean as a dot, and its interval as a line.

    Args:
        name: Of the picture.
        title: What the figure is.
        figure: Its key.
        methods: What `score_suite` has of each method.
    """
    own = [(place, name) for place, name in enumerate(methods) if figure in methods[name]]
    left = MARGIN + max(text_width(method, LABEL) for _, method in own) + MARGIN
    bottom = MARGIN + ROW * len(own)
    marks = [_axis(left, MARGIN, bottom)]
    for row, (place, method) in enumerate(own):
        y = MARGIN + ROW * (row + 0.5)
        value, interval = methods[method][figure], methods[method]["intervals"][figure]
        shapes: tuple[Shape, ...] = (Text(left - MARGIN, y + LABEL / 3, method, LABEL, "end"),)
        if value is not None:
            shapes += _dot(left, y, value, interval, place)
        marks.append(Mark(shapes, f"{method}: {_told(value, interval)}", place))
    said = "; ".join(mark.title for mark in marks[1:])
    width = left + PLOT + 2 * MARGIN
    return Picture(name, title, said, width, bottom + ROW + MARGIN, tuple(marks))


def _told(value: float | None, interval: Sequence[float]) -> str:
    if value is None:
        return "no model has it"
    return f"{value:.2f}, 95 % interval {interval[0]:.2f} to {interval[1]:.2f}"


def _dot(
    left: float, y: float, value: float, interval: Sequence[float], place: int
) -> tuple[Line | Rectangle, ...]:
    edge, fill = Paint(Role.VARIABLE_EDGE, place), Paint(Role.VARIABLE, place)
    low, high = (left + PLOT * x for x in interval)
    return (
        Line(((low, y), (high, y)), edge, 3.0),
        Rectangle(left + PLOT * value - 5, y - 5, 10, 10, fill, edge, 5.0),
    )


def _axis(left: float, top: float, bottom: float) -> Mark:
    """Lines at shares, with what they are below."""
    shapes: list[Shape] = []
    for tick in TICKS:
        x = left + PLOT * tick
        shapes.append(Line(((x, top), (x, bottom)), Paint(Role.LINE)))
        label = Text(x, bottom + LABEL + 4, f"{tick:g}", LABEL, "middle", Paint(Role.MUTED))
        shapes.append(label)
    return Mark(tuple(shapes))


def curves_picture(name: str, title: str, shares: Sequence[float], methods: Methods) -> Picture:
    """Faithfulness by the share of edges that are kept, on a logarithmic axis; a line a method.

    Args:
        name: Of the picture.
        title: What it shows.
        shares: Of the edges.
        methods: What `score_suite` has of each method.
    """
    left, top = 3 * MARGIN, MARGIN
    marks = [_grid(left, top, shares)]
    for place, (method, figures) in enumerate(methods.items()):
        pairs = zip(shares, figures.get(CURVE, ()), strict=False)
        known = [(share, value) for share, value in pairs if value is not None]
        if known:
            told = ", ".join(f"{value:.2f} of {share:.1%}" for share, value in known)
            places = [
                (left + PLOT * _along(share, shares), top + HEIGHT * (1 - value))
                for share, value in known
            ]
            marks.append(Mark(_line(places, place), f"{method}: {told}", place))
    said = "; ".join(mark.title for mark in marks[1:])
    width = left + PLOT + MARGIN * 3
    return Picture(name, title, said, width, top + HEIGHT + 2 * ROW, tuple(marks))


def _along(share: float, shares: Sequence[float]) -> float:
    """Where a share is from the least to the largest, in orders of magnitude."""
    low, high = math.log(shares[0]), math.log(shares[-1])
    return (math.log(share) - low) / (high - low)


def _line(points: Sequence[tuple[float, float]], place: int) -> tuple[Line | Rectangle, ...]:
    edge, fill = Paint(Role.VARIABLE_EDGE, place), Paint(Role.VARIABLE, place)
    dots = [Rectangle(x - 3, y - 3, 6, 6, fill, edge, 3.0) for x, y in points]
    return (Line(tuple(points), edge, 2.0), *dots) if len(points) > 1 else tuple(dots)


def _grid(left: float, top: float, shares: Sequence[float]) -> Mark:
    muted = Paint(Role.MUTED)
    shapes: list[Shape] = []
    for tick in TICKS:
        y = top + HEIGHT * (1 - tick)
        shapes.append(Line(((left, y), (left + PLOT, y)), Paint(Role.LINE)))
        shapes.append(Text(left - 6, y + LABEL / 3, f"{tick:g}", LABEL, "end", muted))
    for share in shares:
        x = left + PLOT * _along(share, shares)
        label = f"{100 * share:g}"
        shapes.append(Text(x, top + HEIGHT + LABEL + 6, label, LABEL, "middle", muted))
    middle, bottom = left + PLOT / 2, top + HEIGHT + 1.6 * ROW
    shapes.append(Text(middle, bottom, "% of edges kept", LABEL, "middle", muted))
    return Mark(tuple(shapes))
