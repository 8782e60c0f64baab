"""The families of level-2 candidates, each of which can be switched off.

Each is a rule in a file of this folder, as are the rules that every program needs; `registry` lists
them all.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from optitracr import arguments


class Family(StrEnum):
    """A kind of saving that the solver may choose.

    Without a family a program still compiles, to a model that is as a rule larger.
    """

    VIEWS = "views"
    """Functions of one variable are read off that variable, without a component."""
    CUTS = "cuts"
    """MLPs compute a variable from any cut, not only from its operands."""
    COMPRESSION = "compression"
    """A variable holds one dimension for each class that its readers distinguish."""
    PUSH = "push"
    """Functions of what a head reads are applied before it."""
    SPLIT = "split"
    """Any MLP may read the raw output of a selector width's head."""
    SHARING = "sharing"
    """Equal selectors share a head, equal variables are one."""
    CONJUNCTIONS = "conjunctions"
    """A selector over a joint key or query is a sum of conditions on what lies below."""
    CIRCLES = "circles"
    """Equality is decided by two numbers, points on a circle, in place of a one-hot."""
    POWERS = "powers"
    """An order is decided by two numbers, powers of a base, in place of a one-hot."""
    THRESHOLDS = "thresholds"
    """Levels of several numbers are told apart in one hidden layer."""
    REWRITES = "rewrites"
    """Variables have other definitions, with which fewer layers do."""
    READOUTS = "readouts"
    """An output of many values is decoded from a few numbers, in place of a one-hot."""
    CODES = "codes"
    """Neurons read a category as a point of a circle, two numbers, in place of a one-hot."""
    GRADED = "graded"
    """A head looks at the first, the last or the best key, whose position is not computed."""
    INTERPOLATION = "interpolation"
    """Functions of a raw number take one neuron a value, and pass on some of its noise."""
    NETWORKS = "networks"
    """Small tables have networks that a search has found, others a sum of its own in each class."""
    ERASING = "erasing"
    """Neurons that determine a variable erase it beside what they compute."""
    JOINT = "joint"
    """Values and tables are of what goes together; where no input leads, anything may stand."""


EVERY_FAMILY = frozenset(Family)

SPOILED_BY_NORMS = frozenset({Family.POWERS})
"""Those with numbers so much smaller than others that what a norm rounds is as large."""

OF_EXACT_NEURONS = frozenset({Family.ERASING})
"""Those whose neurons have to be ReLU, and read what is there: what they leave would stay."""


def families_without(without: Collection[str] | str) -> frozenset[Family]:
    """The families that remain.

    Args:
        without: Names of families, or one string with commas.

    Raises:
        InputError: If there is no such family.
    """
    known = [family.value for family in Family]
    wanted = f"names of candidate families: {', '.join(known)}"
    left_out = arguments.names("without", without, known, wanted)
    return frozenset(family for family in Family if family.value not in left_out)
