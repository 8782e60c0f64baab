"""Attention patterns: for each head in use a matrix, rows queries and columns keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.draw.picture import (
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
from optitracr.draw.residual import plural
from optitracr.draw.sublayers import Use, uses
from optitracr.draw.variables import Variables
from optitracr.model.running import forward_numpy
from optitracr.model.transformer import Transformer

WIDEST = 1060.0
"""Pixels that heads may take side by side: the width of the page's column."""

MOST = 24
"""Heads that are drawn: more than one looks at, while a deep program has hundreds."""

CELL, TITLE, GAP = 17.0, 32.0, 26.0
"""Side of a cell, room for the title above a head, and between two heads, in pixels: two digits of
a position fit a cell, and two lines the title."""

FAINTEST = 0.005
"""Weights below it are left white: they would be shown as 0.00, and their colour cannot be told
from white."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """What one head attends to on one input.

    Attributes:
        use: The head, and what it is for.
        weights: Shape [query, key]; each row sums to 1.
    """

    use: Use
    weights: NDArray[np.float64]


def patterns(model: Transformer, tokens: Sequence[Any]) -> tuple[Pattern, ...]:
    """The attention of every head in use, by layer.

    Args:
        model: The model.
        tokens: The input without BOS.

    Raises:
        InputError: If a token is unknown, or the length is wrong.
    """
    codes = model.input_encoder.encode([model.setting.bos, *tokens])
    output = forward_numpy(model, np.array([codes], dtype=np.int32)).transformer_output
    found = []
    for use in uses(model):
        if use.head:
            head = use.index[0]
            logits = np.asarray(output.attn_logits[use.layer][0, head], dtype=np.float64)
            weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
            found.append(Pattern(use, weights / weights.sum(axis=-1, keepdims=True)))
    return tuple(found)


def attention_picture(model: Transformer, tokens: Sequence[Any], variables: Variables) -> Picture:
    """The attention of every head on one input, as small matrices of equal size.

    Raises:
        InputError: If a token is unknown, or the length is wrong.
    """
    labels = [plain(fitted(str(token), 44, 10, 2)) for token in ("BOS", *tokens)]
    margin = max(text_width(label, 10) for label in labels) + 8
    side = CELL * len(labels)
    step = margin + max(side, 96.0) + GAP
    found = patterns(model, tokens)
    drawn = found[:MOST]
    across = max(1, min(len(drawn), int((WIDEST + GAP) // step)))
    below = margin if _upright(labels) else 16.0
    down = TITLE + side + below + GAP
    marks = []
    for place, pattern in enumerate(drawn):
        row, column = divmod(place, across)
        frame = _Frame(column * step + margin, row * down + TITLE, labels)
        marks.append(frame.mark(pattern, variables))
    rows = -(-len(drawn) // across)
    height, width = rows * down - (GAP - 10) * bool(rows), across * step
    note = _note(model, len(found))
    if note:
        marks.append(Mark((Text(4, height + 14, note, 11, fill=Paint(Role.MUTED)),), note))
        height, width = height + 24, max(width, text_width(note, 11) + 8)
    return Picture(
        "attention",
        f"Attention of each head on {' '.join(plain(str(token)) for token in tokens)}",
        f"{plural(len(drawn), 'matrix').replace('matrixs', 'matrices')}, rows queries, columns "
        "keys, darker where a query attends more",
        width,
        height,
        tuple(marks),
    )


def _note(model: Transformer, heads: int) -> str:
    if not heads:
        return f"level {model.level} needs no attention for this program"
    return f"and {plural(heads - MOST, 'more head')}" if heads > MOST else ""


def _upright(labels: Sequence[str]) -> bool:
    """Whether some token is too long to stand below a cell."""
    return any(len(label) > 2 for label in labels[1:])


class _Frame:
    """Where one matrix is."""

    def __init__(self, x: float, y: float, labels: Sequence[str]) -> None:
        self.x, self.y, self.labels = x, y, labels
        self.side = CELL * len(labels)

    def mark(self, pattern: Pattern, variables: Variables) -> Mark:
        use = pattern.use
        served = use.variables[0] if use.variables else ""
        return Mark(
            (*self._frame(use, served, variables), *self._cells(pattern), *self._axes()),
            f"{use}; {_summary(pattern, self.labels)}",
            variables.index(served),
        )

    def _frame(self, use: Use, served: str, variables: Variables) -> Iterator[Shape]:
        room = max(self.side, 96.0)
        yield Text(self.x, self.y - 19, f"layer {use.layer} head {use.index[0]}", 10.5, bold=True)
        yield Rectangle(self.x, self.y - 14, 8, 8, variables.fill(served), variables.edge(served))
        yield Text(
            self.x + 13, self.y - 6.5, fitted(use.label, room - 13, 10), 10, fill=Paint(Role.MUTED)
        )
        surface, line = Paint(Role.SURFACE), Paint(Role.LINE)
        yield Rectangle(self.x, self.y, self.side, self.side, surface, line)

    def _cells(self, pattern: Pattern) -> Iterator[Shape]:
        for query, key in np.argwhere(pattern.weights >= FAINTEST):
            heat = Paint(Role.HEAT, opacity=round(float(pattern.weights[query, key]), 3))
            yield Rectangle(self.x + key * CELL, self.y + query * CELL, CELL, CELL, heat)

    def _axes(self) -> Iterator[Shape]:
        muted = Paint(Role.MUTED)
        upright = _upright(self.labels)
        for place, label in enumerate(self.labels):
            middle = (place + 0.5) * CELL + 3.5
            yield Text(self.x - 5, self.y + middle, label, 10, "end", muted)
            if upright:
                below = self.y + self.side + 5
                yield Text(self.x + middle, below, label, 10, "end", muted, upright=True)
            else:
                across = self.x + middle - 3.5
                yield Text(across, self.y + self.side + 12, label, 10, "middle", muted)


def _summary(pattern: Pattern, labels: Sequence[str]) -> str:
    """What each position attends to most, in words."""
    most = pattern.weights.argmax(axis=-1)
    told = [f"{labels[q]} ({q}) to {labels[k]} ({k})" for q, k in enumerate(most) if q]
    return "most attention: " + ", ".join(told)
