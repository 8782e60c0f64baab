"""The levels of optimisation."""

from __future__ import annotations

from collections.abc import Collection

from optitracr import arguments
from optitracr.errors import InputError

LEVELS = (0, 1, 2)
"""0: Tracr's lowering and allocation; 1: the same components, allocated optimally;
2: components and allocation chosen together."""

ALLOCATED_LEVELS = LEVELS[1:]
"""Those with a problem for the solver."""

DEFAULT_LEVEL = 2
"""The smallest models; what takes too long there compiles at a lower level."""


def check_level(optimize: object, levels: Collection[int] = LEVELS) -> int:
    """A level out of some.

    Raises:
        InputError: If it is none of them.
    """
    level = arguments.integer("optimize", optimize)
    if level not in levels:
        known = ", ".join(map(str, levels))
        raise InputError(f"optimize is {arguments.shown(level)}; the levels are {known}")
    return level
