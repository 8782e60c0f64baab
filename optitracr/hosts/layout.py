"""The columns of a guest in a host's stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optitracr.craft.spaces import FloatArray
from optitracr.hosts.classes import NOWHERE, Classes
from optitracr.hosts.guest import Guest, Kind

COPIES = 8
"""Columns that hold a constant or a share, by which what is read of it is shared out: a power of
two, which rounds nothing."""

SIGNS = np.tile([1.0, -1.0], COPIES // 2)
"""What each of them holds of it: of both signs, so that they balance each other."""

BOS = slice(0, COPIES)
"""Columns that hold 1 at BOS."""

ONE = slice(COPIES, 2 * COPIES)
"""Columns that hold 1 elsewhere."""

ZEROS = slice(2 * COPIES, 3 * COPIES)
"""Columns that are always 0, under a norm that subtracts a mean: among them what reads do not sum
to zero is shared out."""

BALANCES = slice(3 * COPIES, 4 * COPIES)
"""Columns that hold the opposite of all that writes do not sum to zero, under such a norm."""


def shared(value: float | FloatArray) -> FloatArray:
    """What is read of each column of a constant or a share, for a value, or for a row of them."""
    return np.multiply.outer(SIGNS / COPIES, value)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the variables of a guest are held.

    Attributes:
        first: For each variable by name its first column.
        width: Columns in all.
    """

    first: Mapping[str, int]
    width: int


def laid_out(guest: Guest, classes: Classes, subtracts_mean: bool) -> Layout:
    """A column for each class of each one-hot, and some for each share.

    Args:
        guest: The guest.
        classes: The classes of each one-hot.
        subtracts_mean: Whether the norms of the host do.
    """
    first: dict[str, int] = {}
    column = BALANCES.stop if subtracts_mean else ONE.stop
    for held in guest.held:
        first[held.name] = column
        if held.kind is Kind.SHARE:
            column += COPIES
        else:
            column += int(classes[held.name].max(initial=NOWHERE)) + 1
    return Layout(first, column)
