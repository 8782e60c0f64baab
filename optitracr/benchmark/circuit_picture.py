"""A model's circuit as a picture: heads and MLPs, and the edges between them that are true."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from optitracr.circuit.edge_attribution import INPUT, LOGITS
from optitracr.circuit.truth import GroundTruth, truth_of
from optitracr.compiled import CompiledModel
from optitracr.draw.layers import Drawing, Place, layered
from optitracr.draw.picture import Line, Mark, Paint, Picture, Rectangle, Role, Text
from optitracr.draw.residual import plural

BOX, HEIGHT = 58.0, 22.0
"""Pixels of a box: a name such as a11.h11 fits it."""

COLUMN, ROW = 104.0, 34.0
"""Distance of ranks, and of boxes in a rank: lines have room between."""

WIDEST = 1060.0
"""Pixels of the page's column."""

MARGIN = 12.0
"""Pixels around the graph."""

FONT = 11.0
"""Pixels of a name: seven characters fit a box."""

ENDS = (INPUT, LOGITS)


def circuit_picture(model: CompiledModel) -> Picture:
    """The circuit, the input on the left and the logits on the right.

    Queries, keys and values of a head are one box; what an edge is read as is in its title.

    Args:
        model: The model.
    """
    truth = truth_of(model.circuit)
    ports = _ports(truth)
    nodes = [INPUT, *(name for name in _nodes(truth) if name not in ENDS), LOGITS]
    used = {name for pair in ports for name in pair} | {LOGITS}
    listed = [name for name in nodes if name in used]
    reads = {name: [source for source, reader in ports if reader == name] for name in listed}
    drawing = layered(listed, reads)
    column = min(COLUMN, (WIDEST - BOX) / max(drawing.ranks - 1, 1))
    marks = (*_lines(drawing, ports, column), *_boxes(drawing, column))
    told = f"{plural(len(listed), 'node')} and {plural(len(ports), 'connection')} in the circuit"
    width = 2 * MARGIN + column * (drawing.ranks - 1) + BOX
    return Picture("circuit", "Circuit", told, width, 2 * MARGIN + ROW * drawing.rows, marks)


def _nodes(truth: GroundTruth) -> list[str]:
    """The nodes of the full graph, each before those that read it."""
    return list(dict.fromkeys(writer for writer, _ in truth.edges))


def _ports(truth: GroundTruth) -> dict[tuple[str, str], list[str]]:
    """The circuit's edges between boxes: as what each reads the other."""
    found: dict[tuple[str, str], list[str]] = {}
    for (writer, reader), inside in zip(truth.edges, truth.inside.tolist(), strict=True):
        if inside:
            name, _, port = reader.partition("<")
            found.setdefault((writer, name), []).append(port.rstrip(">"))
    return found


def _at(place: Place, column: float) -> tuple[float, float]:
    return MARGIN + place.rank * column, MARGIN + (place.height + 0.5) * ROW


def _lines(
    drawing: Drawing, ports: dict[tuple[str, str], list[str]], column: float
) -> Iterator[Mark]:
    paint = Paint(Role.NEUTRAL_EDGE, opacity=0.8)
    for (source, reader), route in drawing.routes.items():
        first, *rest = route
        x, y = _at(first, column)
        points = [(x + BOX, y)]
        for place in rest[:-1]:
            x, y = _at(place, column)
            points += [(x, y), (x + BOX, y)]
        points.append(_at(rest[-1], column))
        pieces = tuple(Line((a, b), paint, 1.4, smooth=a[1] != b[1]) for a, b in pairwise(points))
        read = ", ".join(NAMES[port] for port in ports[source, reader] if port)
        yield Mark(pieces, f"{source} to {reader}" + (f", as {read}" if read else ""))


NAMES = {"q": "query", "k": "key", "v": "value"}
"""What the letters of ports stand for."""


def _boxes(drawing: Drawing, column: float) -> Iterator[Mark]:
    for name, place in drawing.places.items():
        x, middle = _at(place, column)
        fill = Paint(Role.PANEL if name in ENDS else Role.SURFACE)
        box = Rectangle(x, middle - HEIGHT / 2, BOX, HEIGHT, fill, Paint(Role.INK), 4.0)
        yield Mark((box, Text(x + BOX / 2, middle + FONT / 3, name, FONT, "middle")), name)
