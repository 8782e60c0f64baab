"""Heads that look at the best of the keys that they select: a slope over what they select.

Each key adds to its logit a number of steps by its score and its position, no two keys of an input
the same number. A step is as much as separates what a head selects from what it does not, so that
the best key has all the attention; and what is selected lies above what is not by the whole range
of the steps and a step more, so that no key that is not selected comes near one that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.craft.numerics import FLOAT32_EPSILON
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float, Int

ROUNDINGS = 4
"""Roundings of the largest logit that a logit is taken to be off by: two products, their sum, and
the scale of the softmax."""

MOST_OFF = 1.0
"""By how much a logit may be off, of some fifty in a step: attention leaks e squared times as much
then, which is a ten-millionth still of what a one-hot may be off by."""


@dataclass(frozen=True, slots=True, eq=False)
class Grade:
    """What a variable of a key adds to its logit.

    Attributes:
        label: The variable.
        steps: For each of its values, in steps.
    """

    label: str
    steps: Float[FloatArray, " values"]

    @property
    def least(self) -> float:
        """The least that it adds."""
        return float(self.steps.min(initial=0.0))

    @property
    def most(self) -> float:
        """The most that it adds."""
        return float(self.steps.max(initial=0.0))


@dataclass(frozen=True, slots=True)
class Slope:
    """How large the logits of a head are that looks at the best key.

    Attributes:
        step: Logits of a step.
        least: The least logit that all grades together add to that of a selected key.
        margin: Logits by which a key that misses a condition lies below one that does not.
        largest: The largest logit, whatever is selected.
    """

    step: float
    least: float
    margin: float
    largest: float

    @property
    def is_carried(self) -> bool:
        """Whether float32 tells the steps apart."""
        return ROUNDINGS * FLOAT32_EPSILON * self.largest <= MOST_OFF


def slope_of(grades: Sequence[Grade], conditions: int, cold: float) -> Slope:
    """The slope of a head over what all of some conditions select.

    Args:
        grades: What its keys add.
        conditions: How many conditions a selected key fulfils.
        cold: Logits between selected and not selected.
    """
    least = cold * sum(grade.least for grade in grades)
    most = cold * sum(grade.most for grade in grades)
    margin = most - least + cold
    return Slope(cold, least, margin, conditions * margin + max(abs(least), abs(most)))


def grades_of(
    score: str, ranks: Int[NDArray[np.integer], " values"], index: str, positions: int
) -> list[Grade]:
    """Steps by a score and, where it is the same, by the position: the later the more.

    Args:
        score: Label of the score.
        ranks: The place of each of its values in their order, the best last.
        index: Label of the index; the same if that is the score.
        positions: Positions of an input.
    """
    if score == index:
        return [Grade(score, ranks.astype(np.float64))]
    places = np.arange(positions, dtype=np.float64)
    return [Grade(score, ranks.astype(np.float64) * positions), Grade(index, places)]
