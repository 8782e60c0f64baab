"""Dimensions by lifetime: one column of the residual stream while one variable holds it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr.model.layout import Layout


@dataclass(frozen=True, slots=True)
class Stay:
    """One dimension while one variable holds it.

    Attributes:
        column: The dimension.
        name: The variable of the residual stream.
        direction: Its direction that the dimension holds, `name` or `name:value`.
        variable: The RASP variable, or "" (BOS, the constant).
        first: First state at which it can be read.
        last: Last state at which it can be read.
        carries: What the dimension carries, in words.
    """

    column: int
    name: str
    direction: str
    variable: str
    first: int
    last: int
    carries: str

    @property
    def key(self) -> str:
        """Its name in graphs: `d{column}@{first}-{last}`."""
        return f"d{self.column}@{self.first}-{self.last}"


def stays_of(layout: Layout) -> tuple[Stay, ...]:
    """Every stay, by birth, then column."""
    found = [
        Stay(column, held.label, direction.label, entry.holds, entry.birth, entry.end, carries)
        for entry in layout.tenancies
        for held in (entry.variable,)
        for column, direction, carries in zip(
            entry.columns, held.space.directions, entry.names, strict=True
        )
    ]
    return tuple(sorted(found, key=lambda stay: (stay.first, stay.column)))


def held_at(stays: tuple[Stay, ...], states: int, width: int) -> NDArray[np.intp]:
    """Shape [states, width]: which stay holds each column at each state, or -1."""
    held = np.full((states, width), -1, dtype=np.intp)
    for place, stay in enumerate(stays):
        held[stay.first : stay.last + 1, stay.column] = place
    return held
