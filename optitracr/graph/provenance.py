"""What a variable that the compiler made was made for."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from enum import Enum


class Role(Enum):
    """What a variable that the compiler made is of the one that it was made for."""

    MARKED = "marked"
    """Its values as texts, where a reader tells equal ones apart."""

    COUNT = "count"
    """How many positions it selects, or how many conditions on it hold."""

    CODED = "coded"
    """What it averages, with numbers for values that are none."""

    AVERAGE = "average"
    """Its mean, as a number, where it is categorical and may average."""

    CLASS = "class"
    """Its values as classes, where it is a number."""

    MEAN = "mean"
    """It with a number of its own in place of None."""

    LESS = "less"
    """What it averages, less its default."""

    DIFFERENCE = "difference"
    """Its difference from its default."""

    DEFAULT = "default"
    """Its default, on its own."""

    JOINT = "joint"
    """Several of the variables that it selects by, as one."""

    SHARE = "share"
    """The raw output of its head: 1 / (1 + number selected)."""

    CONDITION = "part"
    """Whether one of the conditions that it is made of holds."""

    SUMMAND = "summand"
    """The width of one of the disjoint parts of its selector, or of some of them."""

    WEIGHT = "weight"
    """What each key adds to a weighted sum of the counts that it is a function of."""

    RATIO = "ratio"
    """The mean of that: the weighted sum over how many positions the counts are taken from."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a variable that the compiler made comes from.

    Attributes:
        made_by: Name of the rewrite that made it.
        variable: Label of the variable that it was made for.
        role: What it is of that one.
    """

    made_by: str
    variable: str
    role: Role


def unused(label: str, taken: Container[str]) -> str:
    """A label for a variable that the compiler makes, which no other variable has."""
    while label in taken:
        label += "_"
    return label
