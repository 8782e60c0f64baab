"""The residual stream over time: which dimensions hold which variable, state by state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

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
    text_width,
)
from optitracr.draw.variables import Variables, shown_name
from optitracr.model.layout import Layout, Tenancy, erased
from optitracr.model.transformer import Transformer

WIDEST, TALLEST = 880.0, 560.0
"""Room for the cells of all panels together, and of the tallest, in pixels: with labels and margins
the width of the page's column, and a screen beside its bars."""

CELL_WIDTH, CELL_HEIGHT = 64.0, 13.0
"""Largest cell, one dimension at one state, where models are compared: a short name fits its
height, and larger ones would only make the picture larger."""

ALONE_WIDTH, ALONE_HEIGHT = 150.0, 19.0
"""Largest cell where there is one model: there is room for longer names."""

LEFT, TOP, GAP, BOTTOM = 34.0, 68.0, 40.0, 12.0
"""Pixels for the numbers of dimensions, for the title and the names of states, between two panels,
and below them."""

THINNEST = 3.0
"""Side of a box, in pixels, below which an outline would leave nothing of its colour."""

LABEL_HEIGHT = 8.0
"""Height of a box, in pixels, from which a name can be read in it; so small is its font then."""

CROSS_WIDTH, CROSS_HEIGHT = 24.0, 11.0
"""Box, in pixels, from which the cross of an erasure fits beside two letters of a name."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One model's stream.

    Attributes:
        title: What stands above it.
        model: The model.
    """

    title: str
    model: Transformer


def told(tenancy: Tenancy, layout: Layout) -> str:
    """A variable's stay in the residual stream, in words."""
    name = tenancy.variable.label
    shown = shown_name(tenancy.holds, name)
    held = "" if name == shown else f" (held as {name})"
    erasing = f"erased by {sublayer_name(tenancy.end)}"
    return (
        f"{shown}{held}: {column_names(tenancy.columns)}, {state_name(tenancy.birth)} "
        f"to {state_name(tenancy.end)}, {erasing if erased(tenancy, layout) else 'kept to the end'}"
    )


def sublayer_name(sublayer: int) -> str:
    """For instance "layer 1's MLP"."""
    return f"layer {sublayer // 2}'s {'MLP' if sublayer % 2 else 'attention'}"


def state_name(state: int) -> str:
    """For instance "the embedding", or "after layer 0's attention"."""
    return f"after {sublayer_name(state - 1)}" if state else "the embedding"


def runs(columns: Sequence[int]) -> list[tuple[int, int]]:
    """Contiguous runs of columns, each as its first and the one after its last."""
    ordered = sorted(columns)
    cuts = [i + 1 for i, (a, b) in enumerate(pairwise(ordered)) if b != a + 1]
    starts, stops = [0, *cuts], [*cuts, len(ordered)]
    return [(ordered[i], ordered[j - 1] + 1) for i, j in zip(starts, stops, strict=True) if j > i]


def column_names(columns: Sequence[int]) -> str:
    """For instance "dimensions 0–3, 7"."""
    unit = "dimension" if len(columns) == 1 else "dimensions"
    return f"{unit} {spans(columns)}" if columns else "no dimension"


def spans(columns: Sequence[int]) -> str:
    """For instance "0–3, 7"."""
    return ", ".join(str(a) if b == a + 1 else f"{a}–{b - 1}" for a, b in runs(columns))


def plural(count: int, unit: str) -> str:
    """For instance "1 layer", "2,000 layers"."""
    return f"{count:,} {unit}" + "s" * (count != 1)


def cell_size(panels: Sequence[Panel]) -> tuple[float, float]:
    """Width and height of one dimension at one state, in pixels."""
    alone = len(panels) == 1
    states = sum(panel.model.layout.states for panel in panels)
    tallest = max(panel.model.size.width for panel in panels)
    wide = min(ALONE_WIDTH if alone else CELL_WIDTH, WIDEST / states)
    return wide, min(ALONE_HEIGHT if alone else CELL_HEIGHT, TALLEST / max(tallest, 1))


def residual_picture(panels: Sequence[Panel], variables: Variables) -> Picture:
    """The residual streams of some models side by side, at the same scale.

    Time runs to the right, one column a state (after so many sublayers); dimensions run
    downwards. A rectangle is a contiguous run of dimensions that hold one variable.
    """
    wide, tall = cell_size(panels)
    tallest = max(panel.model.size.width for panel in panels)
    x, marks = LEFT, []
    for panel in panels:
        scale = _Scale(panel, x, wide, tall)
        marks += [*scale.frame(), *scale.marks(variables)]
        x += max(scale.width, text_width(panel.title, 13), text_width(scale.subtitle, 11))
        x += GAP + LEFT
    sizes = [
        f"{panel.title}: {plural(panel.model.size.width, 'dimension')}, "
        f"{plural(panel.model.size.layers, 'layer')}"
        for panel in panels
    ]
    return Picture(
        "residual",
        f"Residual stream over time, {' and '.join(panel.title for panel in panels)}",
        f"One row a dimension, one column a state, one colour a variable. {'; '.join(sizes)}.",
        x - GAP - LEFT + BOTTOM,
        TOP + tall * tallest + BOTTOM,
        tuple(marks),
    )


class _Scale:
    """Where a panel's states and dimensions are."""

    def __init__(self, panel: Panel, left: float, wide: float, tall: float) -> None:
        self.panel, self.left, self.wide, self.tall = panel, left, wide, tall
        self.states, self.columns = panel.model.layout.states, panel.model.size.width
        self.width, self.height = wide * self.states, tall * self.columns
        self.subtitle = (
            f"{plural(self.columns, 'dimension')} × {plural(panel.model.size.layers, 'layer')}"
        )

    def frame(self) -> Iterator[Mark]:
        """Titles, the empty stream, and both axes."""
        muted = Paint(Role.MUTED)
        shapes: list[Shape] = [
            Text(self.left, 16, self.panel.title, 13, bold=True),
            Text(self.left, 33, self.subtitle, 11, fill=muted),
            Rectangle(self.left, TOP, self.width, self.height, Paint(Role.PANEL), Paint(Role.LINE)),
        ]
        for row in _ticks(self.columns, self.tall, 13.0):
            y = TOP + (row + 0.5) * self.tall + 3
            shapes.append(Text(self.left - 5, y, str(row), 9, "end", muted))
        shapes += self._states()
        yield Mark(tuple(shapes))

    def _states(self) -> Iterator[Shape]:
        """Names of states, or only of layers where there is no room."""
        muted, line = Paint(Role.MUTED), Paint(Role.LINE)
        roomy = self.wide >= text_width("embed", 10)
        if roomy or 2 * self.wide >= text_width("embed", 9):
            yield Text(self.left + self.wide / 2, TOP - 6, "embed", 10, "middle", muted)
        for layer in _ticks(self.states // 2, 2 * self.wide, 20.0):
            x = self.left + (2 * layer + 1) * self.wide
            named = 2 * self.wide >= text_width("layer 00", 10) + 8
            name = f"layer {layer}" if named else str(layer)
            y = TOP - 20 if roomy else TOP - 6
            yield Text(x + self.wide, y, name, 10, "middle", muted)
            yield Line(((x, TOP - 16), (x, TOP + self.height)), line)
            if roomy:
                for half, sublayer in enumerate(("attn", "MLP")):
                    yield Text(x + (half + 0.5) * self.wide, TOP - 6, sublayer, 10, "middle", muted)

    def marks(self, variables: Variables) -> Iterator[Mark]:
        """One mark a stay."""
        layout = self.panel.model.layout
        for stay in layout.tenancies:
            shapes = [s for run in runs(stay.columns) for s in self._run(stay, run, variables)]
            title = f"{self.panel.title}: {told(stay, layout)}"
            yield Mark(tuple(shapes), title, variables.index(stay.holds))

    def _run(self, stay: Tenancy, run: tuple[int, int], variables: Variables) -> Iterator[Shape]:
        x, y = self.left + stay.birth * self.wide, TOP + run[0] * self.tall
        width = (stay.end - stay.birth + 1) * self.wide
        height = (run[1] - run[0]) * self.tall
        thin = min(height, width) < THINNEST
        edge = variables.edge(stay.holds)
        fill = variables.fill(stay.holds)
        yield Rectangle(x, y, width, height, fill, None if thin else edge)
        gone = erased(stay, self.panel.model.layout)
        cross = gone and height >= CROSS_HEIGHT and width >= CROSS_WIDTH
        if gone and not thin:
            yield Line(((x + width - 1.5, y + 1), (x + width - 1.5, y + height - 1)), edge, 3)
        if cross:
            yield Text(x + width - 9, y + height / 2 + 3.5, "×", 11, "middle", Paint(Role.LABEL))
        size = max(LABEL_HEIGHT, min(11.0, 0.85 * height))
        name = shown_name(stay.holds, stay.variable.label)
        label = fitted(name, width - 8 - 12 * cross, size) if height >= LABEL_HEIGHT else ""
        if label:
            yield Text(x + 4, y + height / 2 + 0.33 * size, label, size, fill=Paint(Role.LABEL))


def _ticks(count: int, pitch: float, room: float) -> range:
    """Which of so many rows or columns are numbered, so that numbers do not touch."""
    steps = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
    step = next((s for s in steps if s * pitch >= room), max(count, 1))
    return range(0, count, step)
