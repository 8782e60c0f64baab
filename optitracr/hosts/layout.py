"""The columns of a guest in a host's stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optitracr.hosts.classes import NOWHERE, Classes
from optitracr.hosts.guest import Guest, Kind

BOS, ONE, ZERO, BALANCE = range(4)
"""The first columns: 1 at BOS; 1 elsewhere; always 0, which takes what reads do not sum to zero;
and what writes do not sum to zero."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the variables of a guest are held.

    Attributes:
        first: For each variable by name its first column.
        width: Columns in all.
    """

    first: Mapping[str, int]
    width: int


def laid_out(guest: Guest, classes: Classes) -> Layout:
    """A column for each class of each one-hot, and one for each share."""
    first: dict[str, int] = {}
    column = BALANCE + 1
    for held in guest.held:
        first[held.name] = column
        if held.kind is Kind.SHARE:
            column += 1
        else:
            column += int(classes[held.name].max(initial=NOWHERE)) + 1
    return Layout(first, column)
