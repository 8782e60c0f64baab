"""Heads and neurons of each sublayer: what each computes or erases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optitracr.draw.picture import Mark, Paint, Picture, Rectangle, Role, Shape, Text, fitted, plain
from optitracr.draw.residual import plural
from optitracr.draw.variables import Variables, shown_name
from optitracr.model.names import node_name
from optitracr.model.record import HEAD
from optitracr.model.transformer import Transformer

LEFT, TOP = 62.0, 44.0
"""Pixels for the names of layers, and for the two headings with what they say below."""

HEADS, NEURONS, GAP = 420.0, 520.0, 30.0
"""Room for the heads, for the neurons, and between them, in pixels: together the width of the
page's column."""

ROW, TALLEST = 34.0, 900.0
"""Height of a layer, and of all layers, at most: a name fits a row, and a deep model a page."""

LEAST = 3.0
"""Narrowest bar, in pixels, that is seen and can be pointed at."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a head or some neurons are for.

    Attributes:
        layer: Its layer.
        index: The head, or the first neuron and the one after the last.
        amount: Neurons, or 1 for a head.
        variables: RASP variables that it helps to compute.
        erases: Variables of the residual stream that it erases, each with its RASP variable.
    """

    layer: int
    index: tuple[int, ...]
    amount: int
    variables: tuple[str, ...]
    erases: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """The circuit's name of the node."""
        return node_name(self.layer, self.index)

    @property
    def head(self) -> bool:
        """Whether it is a head."""
        return len(self.index) == 1

    @property
    def label(self) -> str:
        """What it computes, or "×" and what it erases."""
        erased = [f"× {shown_name(variable, name)}" for name, variable in self.erases]
        return plain(" + ".join(dict.fromkeys([*self.variables, *erased]))) or "nothing"

    def __str__(self) -> str:
        size = "" if self.head else f" ({plural(self.amount, 'neuron')})"
        parts = [f"computes {', '.join(self.variables)}"] * bool(self.variables)
        names = dict.fromkeys(shown_name(variable, name) for name, variable in self.erases)
        parts += [f"erases {', '.join(names)}"] * bool(names)
        return f"{self.name}{size} {' and '.join(parts) or 'has no part in the program'}"


def uses(model: Transformer) -> tuple[Use, ...]:
    """Heads and groups of neurons, by layer; neighbours that erase one variable together."""
    holds = {stay.name: stay.variable for stay in model.record.dimensions}
    found: list[Use] = []
    for node in model.record.nodes:
        erases = tuple((name, holds.get(name, "")) for name in node.erases)
        amount = 1 if node.kind == HEAD else node.index[1] - node.index[0]
        use = Use(node.layer, node.index, amount, node.variables, erases)
        if found and _alike(found[-1], use):
            use = _joined(found.pop(), use)
        found.append(use)
    return tuple(found)


def _alike(first: Use, second: Use) -> bool:
    erasing = not (first.variables or second.variables or first.head or second.head)
    same = {v for _, v in first.erases} == {v for _, v in second.erases}
    return erasing and same and first.layer == second.layer


def _joined(first: Use, second: Use) -> Use:
    index = (first.index[0], second.index[-1])
    erases = tuple(dict.fromkeys((*first.erases, *second.erases)))
    return Use(first.layer, index, first.amount + second.amount, (), erases)


def sublayers_picture(title: str, model: Transformer, variables: Variables) -> Picture:
    """One row a layer: its heads side by side, its neurons as bars as long as they are many."""
    found, layers = uses(model), model.size.layers
    row = min(ROW, TALLEST / max(layers, 1))
    marks = [Mark(tuple(_captions(model)))]
    for layer in range(layers):
        y = TOP + layer * row
        label = f"layer {layer}" if row >= 16 else str(layer)
        if row >= 10 or layer % 5 == 0:
            caption = Text(LEFT - 10, y + row / 2 + 3, label, 11, "end", Paint(Role.MUTED))
            marks.append(Mark((caption,)))
        heads = [use for use in found if use.layer == layer and use.head]
        neurons = [use for use in found if use.layer == layer and not use.head]
        marks += _row(heads, LEFT, HEADS / max(model.size.heads, 1), y, row, variables)
        left = LEFT + HEADS + GAP
        marks += _row(neurons, left, NEURONS / max(model.size.neurons, 1), y, row, variables)
    if not layers:
        note = "no layer: the output is read straight off the embedding"
        marks.append(Mark((Text(LEFT, TOP + 14, note, 12),), note))
    return Picture(
        "sublayers",
        f"Heads and neurons of each layer, {title}",
        f"{plural(layers, 'layer')}: " + ("; ".join(str(use) for use in found[:20]) or "none"),
        LEFT + HEADS + GAP + NEURONS + 12,
        TOP + max(row * layers, 26) + 8,
        tuple(marks),
    )


def _captions(model: Transformer) -> Iterator[Shape]:
    size, muted = model.size, Paint(Role.MUTED)
    yield Text(LEFT, 14, "Attention", 12, bold=True)
    heads = f"up to {plural(size.heads, 'head')} of size {size.head_size}"
    yield Text(LEFT, 30, heads if size.heads else "no heads", 10, fill=muted)
    left = LEFT + HEADS + GAP
    yield Text(left, 14, "MLP", 12, bold=True)
    neurons = f"up to {plural(size.neurons, 'neuron')}" if size.neurons else "no neurons"
    yield Text(left, 30, neurons, 10, fill=muted)


def _row(
    found: Sequence[Use],
    left: float,
    unit: float,
    y: float,
    row: float,
    variables: Variables,
) -> Iterator[Mark]:
    """Bars side by side; a bar is never too narrow to be seen, the widest give way."""
    room = unit * sum(use.amount for use in found)
    widths = [max(LEAST, use.amount * unit) for use in found]
    surplus = sum(widths) - room
    if surplus > 0:
        widest = widths.index(max(widths))
        widths[widest] = max(LEAST, widths[widest] - surplus)
    x = left
    for use, width in zip(found, widths, strict=True):
        yield from _bar(use, x, y + min(3.0, row / 8), width - 1.0, row * 0.8, variables)
        x += width


def _bar(
    use: Use, x: float, y: float, width: float, height: float, variables: Variables
) -> Iterator[Mark]:
    """One part for each variable, so that each has its colour; what erases is dashed."""
    parts = [(variable, False) for variable in use.variables]
    parts += [(variable, True) for variable in dict.fromkeys(v for _, v in use.erases)]
    parts = parts or [("", False)]
    share = width / len(parts)
    for place, (variable, erases) in enumerate(parts):
        fill = Paint(Role.SURFACE) if erases else variables.fill(variable)
        edge, dashed = variables.edge(variable), erases and share > 24
        shapes: list[Shape] = [
            Rectangle(x + place * share, y, share, height, fill, edge, 3.0, dashed)
        ]
        names = [n for n, v in use.erases if v == variable] if erases else [use.name]
        name = ", ".join(dict.fromkeys(shown_name(variable, n) for n in names))
        name = name if variable or erases else use.label
        label = fitted(f"× {name}" if erases else name, share - 8, 10.5) if height >= 11 else ""
        if label:
            ink = Paint(Role.INK if erases else Role.LABEL)
            shapes.append(Text(x + place * share + 5, y + height / 2 + 3.5, label, 10.5, fill=ink))
        yield Mark(tuple(shapes), str(use), variables.index(variable))
