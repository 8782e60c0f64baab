"""All programs of the set, by name."""

from __future__ import annotations

from hard_set import brackets, counts, numbers, positions, recall
from hard_set.program import Hard

PROGRAMS: tuple[Hard, ...] = (
    *recall.PROGRAMS,
    *brackets.PROGRAMS,
    *counts.PROGRAMS,
    *positions.PROGRAMS,
    *numbers.PROGRAMS,
)
"""In the order of the table."""
