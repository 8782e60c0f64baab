"""Codes: the numbers that stand for a variable's values, as points of a line or of the plane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.arguments import shown, text
from optitracr.candidates.component import Held
from optitracr.draw.deciding import Corners, Deciding, Lines, deciding, regions
from optitracr.draw.figure import to_figure
from optitracr.draw.picture import (
    Line,
    Mark,
    Paint,
    Picture,
    Rectangle,
    Role,
    Shape,
    Text,
    fitted,
    plain,
    text_width,
)
from optitracr.draw.residual import column_names, plural, state_name
from optitracr.draw.variables import Variables, variables_of
from optitracr.errors import NotFoundError
from optitracr.model.layout import Tenancy
from optitracr.model.transformer import Transformer

WIDEST = 1058.0
"""Pixels that codes may take side by side: the width of the page's column less margins."""

MOST = 24
"""Codes that are drawn: more than one looks at, while a deep program has a hundred."""

SIDE, LONG, TALL = 196.0, 480.0, 66.0
"""Side of a plane, and the two of a line's box, in pixels: the values of some dozen points can be
told apart, and four planes or two lines stand side by side."""

TITLE, NOTE, GAP = 36.0, 20.0, 24.0
"""Room for the title above a code, for what reads it below, and between two, in pixels."""

MARGIN = 1.0
"""Pixels beside all codes, so that outlines are not cut off."""

DOT = 9.0
"""Diameter of a point, in pixels: its colour is seen, and its label stands beside it."""

LABEL = 10.0
"""Size of a value's label, and the least distance between two, in pixels."""

LISTED = 12
"""Points that a text names: with more nobody hears it to the end, and the table has them all."""

PLANE = 2
"""Numbers of a code that is drawn in the plane; those of more are not drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """One stay of a variable that is held as numbers.

    Attributes:
        stay: The stay.
        variable: The RASP variable.
        points: The numbers of each class, [classes, numbers].
        classes: The values of each class, None among them.
        read: How it is read.
    """

    stay: Tenancy
    variable: str
    points: NDArray[np.float64]
    classes: list[tuple[object, ...]]
    read: Deciding

    @property
    def in_plane(self) -> bool:
        """Whether it has two numbers."""
        return len(self.stay.columns) == PLANE

    def labels(self) -> list[str]:
        """What stands beside each point."""
        return [plain(", ".join(map(shown, values))) for values in self.classes]

    def named(self) -> list[str]:
        """Each point in words: "'a' at 1, 0"."""
        rows = [", ".join(f"{number:.3g}" for number in row) for row in self.points + 0.0]
        return [f"{label} at {row}" for label, row in zip(self.labels(), rows, strict=True)]

    def told(self) -> str:
        """Where it is held, and by what it is read."""
        stay = self.stay
        first, last = state_name(stay.birth), state_name(stay.end)
        alive = first if stay.birth == stay.end else f"{first} to {last}"
        return f"{stay.variable.label}: {column_names(stay.columns)}, {alive}"

    def readers(self) -> str:
        """For instance "read by 1 head, 4 neurons alone, 3 neurons with others, the output"."""
        read = self.read
        output = "the output" if read.scores is not None else "the output with others"
        parts = [
            plural(read.heads, "head") if read.heads else "",
            f"{plural(read.alone, 'neuron')} alone" if read.alone else "",
            f"{plural(read.together, 'neuron')} with others" if read.together else "",
            output if read.output else "",
        ]
        return f"read by {', '.join(part for part in parts if part) or 'nothing'}"


def codes_of(model: Transformer) -> tuple[Code, ...]:
    """Every variable that is held as one or two numbers which stand for its values, by birth.

    Raises:
        NotFoundError: If the model was read from a file that holds no program.
    """
    reference = model.program
    known: dict[str, Held] = {**reference.readings, **reference.shares}
    found = []
    for stay in model.layout.tenancies:
        held = known.get(stay.variable.label)
        drawn = stay.variable.numerical and len(stay.columns) <= PLANE
        if held is not None and held.rows is not None and drawn:
            points, classes = held.classes
            found.append(Code(stay, held.label, points, classes, deciding(model, stay)))
    return tuple(found)


def codes_picture(model: Transformer, variables: Variables, variable: str | None = None) -> Picture:
    """Points that stand for values: those of the plane first, then those of lines.

    Args:
        model: The model.
        variables: The variables and their colours.
        variable: The one whose codes are drawn; all by default.

    Raises:
        NotFoundError: If the variable is held as no points; or the model was read from a file that
            holds no program.
    """
    every = codes_of(model)
    found = every if variable is None else _of(model, every, text("variable", variable))
    drawn = sorted(found[:MOST], key=lambda code: not code.in_plane)
    marks: list[Mark] = []
    x = y = tall = width = 0.0
    for code in drawn:
        wide, high = (SIDE, SIDE) if code.in_plane else (LONG, TALL)
        if x and (x + wide > WIDEST or high != tall):
            x, y = 0.0, y + TITLE + tall + NOTE + GAP
        marks += _Frame(code, x + MARGIN, y + TITLE, wide, high).marks(variables)
        width, tall, x = max(width, x + wide), high, x + wide + GAP
    height = y + TITLE + tall + NOTE if drawn else 0.0
    note = _note(model, len(found))
    if note:
        marks.append(Mark((Text(4, height + 14, note, 11, fill=Paint(Role.MUTED)),), note))
        width, height = max(width, text_width(note, 11) + 8), height + 24
    return Picture(
        "points",
        f"Points that stand for values, {variable or f'level {model.level}'}",
        f"{plural(len(drawn), 'code')}: each point is labelled with the values that it stands for; "
        "solid lines part what the output is read out as, dashed ones are where neurons begin to "
        "be on",
        width + 2 * MARGIN,
        height,
        tuple(marks),
    )


def draw_code(model: Transformer, variable: str) -> Any:
    """The points that stand for a variable's values, wherever it is held so.

    A dashed square is None; solid lines part what the output is read out as, and dashed ones are
    where neurons that read nothing else begin to be on.

    Args:
        model: The model.
        variable: The label of an s-op.

    Returns:
        A Matplotlib figure.

    Raises:
        NotFoundError: If it is held as no points of a line or of the plane; or the model was read
            from a file that holds no program.
        MissingExtraError: If matplotlib is not installed.
    """
    return to_figure(codes_picture(model, variables_of([model]), variable))


def _of(model: Transformer, codes: Sequence[Code], variable: str) -> tuple[Code, ...]:
    found = tuple(code for code in codes if code.variable == variable)
    if not found:
        named = ", ".join(dict.fromkeys(code.variable for code in codes)) or "none"
        raise NotFoundError(
            f"level {model.level} holds no variable {variable!r} as points that stand for values; "
            f"held so are: {named}"
        )
    return found


def _note(model: Transformer, codes: int) -> str:
    if not codes:
        return f"level {model.level} holds each value in a dimension of its own, or numbers alone"
    return f"and {plural(codes - MOST, 'more code')}" if codes > MOST else ""


class _Frame:
    """Where one code is drawn."""

    def __init__(self, code: Code, x: float, y: float, wide: float, high: float) -> None:
        self.code, self.x, self.y, self.wide, self.high = code, x, y, wide, high
        points = code.points
        if code.in_plane:
            # Room for labels all around.
            reach = 1.42 * float(abs(points).max(initial=0.0)) or 1.0
            self.low, self.span = np.array([-reach, -reach]), 2.0 * reach
        else:
            low, span = float(points.min()), float(np.ptp(points)) or 1.0
            self.low, self.span = np.array([low - 0.06 * span]), 1.12 * span

    def at(self, point: Sequence[float]) -> tuple[float, float]:
        """Pixels of a point."""
        across = (float(point[0]) - self.low[0]) / self.span
        up = (float(point[1]) - self.low[1]) / self.span if len(point) == PLANE else 0.5
        return self.x + across * self.wide, self.y + (1.0 - up) * self.high

    @property
    def corners(self) -> Corners:
        """The ends of the line, or the corners of the plane in order."""
        low, high = self.low, self.low + self.span
        if not self.code.in_plane:
            return [(float(low[0]),), (float(high[0]),)]
        (a, b), (c, d) = low.tolist(), high.tolist()
        return [(a, b), (c, b), (c, d), (a, d)]

    def marks(self, variables: Variables) -> Iterator[Mark]:
        """The frame with its lines, then each point."""
        index = variables.index(self.code.variable)
        shapes = [*self._frame(variables), *self._borders(), *self._edges()]
        yield Mark(tuple(shapes), self._title(), index)
        fill, edge = variables.fill(self.code.variable), variables.edge(self.code.variable)
        kept = self._labelled()
        named = self.code.named()
        for place, point in enumerate(self.code.points):
            dot = [*self._dot(point, fill, edge)]
            if place in kept:
                dot.append(self._label(point, kept[place]))
            yield Mark(tuple(dot), f"{self.code.variable} is {named[place]}", index)

    def _title(self) -> str:
        named = self.code.named()
        more = [f"and {len(named) - LISTED} more"] if len(named) > LISTED else []
        listed = "; ".join([*named[:LISTED], *more])
        return f"{self.code.variable}, held as {self.code.told()}, {self.code.readers()}: {listed}"

    def _frame(self, variables: Variables) -> Iterator[Shape]:
        code, muted, line = self.code, Paint(Role.MUTED), Paint(Role.LINE)
        fill, edge = variables.fill(code.variable), variables.edge(code.variable)
        name = fitted(plain(code.variable), self.wide - 14, 11)
        yield Rectangle(self.x, self.y - 30, 9, 9, fill, edge)
        yield Text(self.x + 14, self.y - 22, name, 11, bold=True)
        yield Text(self.x, self.y - 8, fitted(self._where(), self.wide, 9.5), 9.5, fill=muted)
        below = fitted(code.readers(), self.wide, 9.5)
        yield Text(self.x, self.y + self.high + 14, below, 9.5, fill=muted)
        yield Rectangle(self.x, self.y, self.wide, self.high, Paint(Role.PANEL), line, 4.0)
        middle = self.at((0.0,) * PLANE if code.in_plane else (0.0,))
        yield Line(((self.x, middle[1]), (self.x + self.wide, middle[1])), line)
        if code.in_plane:
            yield Line(((middle[0], self.y), (middle[0], self.y + self.high)), line)

    def _where(self) -> str:
        stay = self.code.stay
        columns = ", ".join(f"d{column}" for column in stay.columns)
        states = f"{stay.birth}–{stay.end}" if stay.birth < stay.end else str(stay.end)
        unit = "states" if stay.birth < stay.end else "state"
        return f"{columns}; {unit} {states}"

    def _borders(self) -> Iterator[Shape]:
        """Borders of the regions of outputs."""
        if self.code.read.scores is None:
            return
        ink = Paint(Role.INK, opacity=0.55)
        for corners in regions(self.code.read.scores, self.corners):
            if corners and self.code.in_plane:
                yield Line(tuple(map(self.at, [*corners, corners[0]])), ink)
            elif corners:
                for end in {min(corners), max(corners)} - set(self.corners):
                    x, y = self.at(end)
                    yield Line(((x, y - 24), (x, y + 24)), ink)

    def _edges(self) -> Iterator[Shape]:
        """Where neurons that read nothing else begin to be on."""
        muted = Paint(Role.MUTED)
        for ends in _segments(self.code.read.edges, self.corners):
            if self.code.in_plane:
                yield Line(tuple(map(self.at, ends)), muted, dashed=True)
            else:
                x, y = self.at(ends[0])
                yield Line(((x, y - 18), (x, y + 18)), muted, dashed=True)

    def _dot(self, point: NDArray[np.float64], fill: Paint, edge: Paint) -> Iterator[Shape]:
        """A disc; a dashed square for nothing, which is zero in all numbers."""
        x, y = self.at(tuple(point))
        nothing = not point.any() and None in self.code.classes[_place(self.code.points, point)]
        radius = 0.0 if nothing else 0.499 * DOT
        paint = Paint(Role.SURFACE) if nothing else fill
        yield Rectangle(x - DOT / 2, y - DOT / 2, DOT, DOT, paint, edge, radius, dashed=nothing)

    def _label(self, point: NDArray[np.float64], label: str) -> Text:
        x, y = self.at(tuple(point))
        if not self.code.in_plane:
            return Text(x, y + DOT + LABEL, label, LABEL, "middle")
        size = hypot(*point)
        along = (point / size).tolist() if size else [0.6, -0.8]
        anchor = "middle" if abs(along[0]) < 0.3 else ("start" if along[0] > 0 else "end")
        away = DOT / 2 + 4.0
        return Text(x + away * along[0], y - (away + 3.0) * along[1] + 3.5, label, LABEL, anchor)

    def _labelled(self) -> dict[int, str]:
        """The labels that are drawn, by point: as many as there is room for."""
        kept: dict[int, str] = {}
        taken: list[tuple[float, float, float]] = []
        for place, (point, label) in enumerate(
            zip(self.code.points, self.code.labels(), strict=True)
        ):
            short = fitted(label, 46.0 if self.code.in_plane else 70.0, LABEL, 2)
            drawn = self._label(point, short)
            width = text_width(short, LABEL)
            left = drawn.x - {"start": 0.0, "middle": width / 2, "end": width}[drawn.anchor]
            box = (left, left + width, drawn.y)
            inside = self.x <= left and left + width <= self.x + self.wide
            if short and inside and not any(_overlap(box, other) for other in taken):
                kept[place] = short
                taken.append(box)
        return kept


def _place(points: NDArray[np.float64], point: NDArray[np.float64]) -> int:
    return int((points == point).all(axis=1).argmax())


def _overlap(one: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    """Whether two labels, of left and right ends and baselines, touch."""
    apart = one[1] + 3.0 < other[0] or other[1] + 3.0 < one[0]
    return not apart and abs(one[2] - other[2]) < LABEL


def _segments(lines: Lines, corners: Corners) -> Iterator[Corners]:
    """The parts of lines within a frame; of points on a line, those between its ends."""
    for normal, constant in zip(lines.weights, lines.constant, strict=True):
        found: Corners = []
        heights = [float(np.dot(normal, corner) + constant) for corner in corners]
        for place, corner in enumerate(corners):
            before, lower, upper = corners[place - 1], heights[place - 1], heights[place]
            if (lower < 0.0) != (upper < 0.0):
                share = lower / (lower - upper)
                found.append(
                    tuple(a + share * (b - a) for a, b in zip(before, corner, strict=True))
                )
        if len(found) >= PLANE:
            yield found[:PLANE]
