"""The program graph: s-ops as boxes, what they read as lines, and what became of each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from optitracr.candidates.savings import SavingKind, Savings
from optitracr.draw.layers import Drawing, layered
from optitracr.draw.picture import (
    Line,
    Mark,
    Paint,
    Picture,
    Rectangle,
    Role,
    Text,
    fitted,
    plain,
    text_width,
)
from optitracr.draw.residual import plural
from optitracr.draw.variables import Variables
from optitracr.graph.program import (
    Aggregate,
    Best,
    Elementwise,
    Input,
    Node,
    ProgramGraph,
    Width,
    operation_reads,
)

WIDEST, TALLEST = 1060.0, 640.0
"""Pixels of the page's column, and of a screen beside its bars."""

BOX, COLUMN, ROW = 132.0, 172.0, 52.0
"""Width of a box, distance of ranks, and distance of boxes in a rank, at most: a name of some
twenty characters fits a box, and lines have room between two ranks."""

MARGIN = 14.0
"""Pixels around the graph: room for the outline of the output."""

LABEL_WIDTH, LABEL_HEIGHT = 24.0, 10.0
"""Box, in pixels, from which a few letters of a name can be read in it."""

LARGE_HEIGHT, TWO_LINES_HEIGHT = 18.0, 29.0
"""Heights of a box, in pixels, from which the large font fits it, and two lines."""

WITHOUT = (SavingKind.VIEWED, SavingKind.FUSED, SavingKind.UNUSED)
"""What leaves a variable without a component of its own."""


def kind_of(node: Node) -> str:
    """What computes a node, in a word."""
    match node.operation:
        case Input():
            return "input"
        case Elementwise():
            return "map" if node.operation.operands else "constant"
        case Aggregate():
            return "aggregate"
        case Width():
            return "selector width"
        case Best():
            return "best key"


def graph_picture(graph: ProgramGraph, savings: Savings, variables: Variables) -> Picture:
    """The program as a layered drawing, inputs on the left, the output on the right.

    Args:
        graph: The program as the user wrote it.
        savings: What became of each variable in the model.
        variables: Whose colours they have.
    """
    nodes = [node.label for node in graph.nodes]
    reads = {n.label: tuple(dict.fromkeys(operation_reads(n.operation))) for n in graph.nodes}
    drawing = layered(nodes, reads)
    canvas = _Canvas(graph, savings, variables, drawing)
    return Picture(
        "graph",
        "Program graph",
        f"{plural(len(nodes), 's-op')}, inputs on the left, the output {plain(graph.output)} on "
        "the right; dashed boxes have no component of their own",
        2 * MARGIN + canvas.column * (drawing.ranks - 1) + canvas.box,
        2 * MARGIN + canvas.row * drawing.rows,
        (*canvas.lines(), *canvas.boxes()),
    )


class _Canvas:
    """Pixels of a drawing's ranks and heights."""

    def __init__(
        self, graph: ProgramGraph, savings: Savings, variables: Variables, drawing: Drawing
    ) -> None:
        self.graph, self.variables, self.drawing = graph, variables, drawing
        self.fate: dict[str, list[SavingKind]] = {}
        for row in savings:
            self.fate.setdefault(row.variable, []).append(row.kind)
        self.column = min(COLUMN, (WIDEST - BOX) / max(drawing.ranks - 1, 1))
        self.box = max(min(BOX, 0.84 * self.column), 6.0)
        self.row = min(ROW, TALLEST / drawing.rows)
        self.height = min(34.0, max(0.7 * self.row, 3.0))

    def x(self, rank: int) -> float:
        return MARGIN + rank * self.column

    def y(self, height: float) -> float:
        return MARGIN + (height + 0.5) * self.row

    def lines(self) -> Iterator[Mark]:
        """Lines in the colour of what is read."""
        for (source, _), route in self.drawing.routes.items():
            points = [(self.x(route[0].rank) + self.box, self.y(route[0].height))]
            for place in route[1:-1]:
                x, y = self.x(place.rank), self.y(place.height)
                points += [(x, y), (x + self.box, y)]
            points.append((self.x(route[-1].rank), self.y(route[-1].height)))
            edge = self.variables.edge(source)
            paint = Paint(edge.role, edge.index, 0.7)
            pieces = tuple(
                Line((a, b), paint, 1.4, smooth=a[1] != b[1]) for a, b in pairwise(points)
            )
            yield Mark(pieces, "", self.variables.index(source))

    def boxes(self) -> Iterator[Mark]:
        """A box for each node, with its label and what became of it where there is room."""
        for node in self.graph.nodes:
            place = self.drawing.places[node.label]
            x, y = self.x(place.rank), self.y(place.height) - self.height / 2
            fate = self.fate.get(node.label, [])
            without = any(kind in WITHOUT for kind in fate)
            output = node.label == self.graph.output
            fill = Paint(Role.SURFACE) if without else self.variables.fill(node.label)
            edge = Paint(Role.INK) if output else self.variables.edge(node.label)
            box = Rectangle(
                x, y, self.box, self.height, fill, edge, min(5.0, self.height / 4), without
            )
            words = tuple(self._words(node, fate, x, y, without))
            yield Mark((box, *words), self._title(node, fate), self.variables.index(node.label))

    def _words(
        self, node: Node, fate: list[SavingKind], x: float, y: float, bare: bool
    ) -> Iterator[Text]:
        """The label, in two lines if it must be; else what became of it below."""
        if self.height < LABEL_HEIGHT or self.box < LABEL_WIDTH:
            return
        ink = Paint(Role.INK if bare else Role.LABEL)
        middle, center, room = x + self.box / 2, y + self.height / 2, self.box - 6
        label = plain(node.label)
        size = 11.0 if self.height >= LARGE_HEIGHT else 9.0
        lines = [label] if text_width(label, size) <= room else _broken(label, room, size)
        if self.height < TWO_LINES_HEIGHT:
            yield Text(middle, center + 3.5, fitted(label, room, size), size, "middle", ink)
        elif len(lines) == 2:
            yield Text(middle, center - 2.5, lines[0], size, "middle", ink, bold=True)
            yield Text(middle, center + 10.5, lines[1], size, "middle", ink, bold=True)
        else:
            yield Text(middle, center - 2.5, lines[0], size, "middle", ink, bold=True)
            told = " · ".join(dict.fromkeys([kind_of(node), *(kind.value for kind in fate)]))
            second = told if text_width(told, 9) <= room else kind_of(node)
            yield Text(middle, center + 10.5, fitted(second, room, 9), 9, "middle", ink)

    def _title(self, node: Node, fate: list[SavingKind]) -> str:
        reads = ", ".join(dict.fromkeys(operation_reads(node.operation)))
        told = ", ".join(dict.fromkeys(kind.value for kind in fate))
        of = f" of {reads}" if reads else ""
        output = ", the output" if node.label == self.graph.output else ""
        return f"{node.label}: {kind_of(node)}{of}{output}" + (f"; {told}" if told else "")


def _broken(label: str, room: float, size: float) -> list[str]:
    """A label as two lines, broken after an underscore if one is in reach."""
    fits = max(int(room / text_width("m", size)), 1)
    cut = label.rfind("_", 1, fits) + 1
    cut = cut if len(label) - cut <= fits and cut else fits
    return [label[:cut], fitted(label[cut:], room, size)]
