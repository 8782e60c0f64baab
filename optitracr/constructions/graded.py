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

from optitracr.constructions.bilinear import Bilinear, scaled
from optitracr.constructions.heads import HeadPlan, Reading, Slope, plan_head
from optitracr.constructions.needs import Need
from optitracr.craft.numerics import FLOAT32_EPSILON
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float, Int

ROUNDINGS = 4
"""Roundings of the largest logit that a logit is taken to be off by: two products, their sum, and
the scale of the softmax."""

MOST_OFF = 2.0
"""By how much a logit may be off, of some fifty in a step: attention leaks some fifty times as much
then, which is a millionth still of what a one-hot may be off by."""

STANDARD_OFF = 0.5
"""The same of the standard lowering, whose heads have smaller margins: what it carries level 2
carries too, whatever its conditions."""


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
class Steepness:
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
        return is_carried(self.largest, STANDARD_OFF)


def is_carried(largest: float, most_off: float = MOST_OFF) -> bool:
    """Whether float32 tells steps apart in logits of up to some size."""
    return ROUNDINGS * FLOAT32_EPSILON * largest <= most_off


def steepness(grades: Sequence[Grade], conditions: int, cold: float) -> Steepness:
    """The slope of a head over what all of some conditions select.

    Args:
        grades: What its keys add.
        conditions: How many conditions a selected key fulfils.
        cold: Logits between selected and not selected.
    """
    least = cold * sum(grade.least for grade in grades)
    most = cold * sum(grade.most for grade in grades)
    margin = most - least + cold
    return Steepness(cold, least, margin, conditions * margin + max(abs(least), abs(most)))


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


@dataclass(frozen=True, slots=True)
class GradeReading:
    """A number of a key, of which each unit is so many steps.

    Attributes:
        need: What is read, one column.
        weight: Steps for each unit; negative where less is better.
        least: The least number of a key.
        most: The most.
        at_bos: What may be read at BOS, where it need not be zero.
    """

    need: Need
    weight: float
    least: float
    most: float
    at_bos: float = 0.0

    @property
    def steps(self) -> tuple[float, float]:
        """The least and the most steps that it adds."""
        ends = self.weight * self.least, self.weight * self.most
        return min(ends), max(ends)


def steep_by(grades: Sequence[GradeReading], cold: float) -> float:
    """By how much the logits of conditions are multiplied, so that no grade outweighs them."""
    least, most = (cold * sum(grade.steps[side] for grade in grades) for side in (0, 1))
    unsure = cold * sum(abs(grade.weight * grade.at_bos) for grade in grades)
    # Twice the range leaves BOS room in the column that it shares with what keys add.
    return float((2.0 * (most - least) + unsure + cold) / cold)


def plan_best(
    terms: Sequence[Bilinear],
    grades: Sequence[GradeReading],
    values: Sequence[Reading],
    default: Float[FloatArray, " outputs"],
    cold: float,
) -> HeadPlan | None:
    """A head that looks at the best of the keys that fulfil some conditions.

    Args:
        terms: Bilinear forms of the conditions, `cold` between selected and not selected.
        grades: What its keys add, no two of an input the same.
        values: What the head copies.
        default: Shape [outputs]: what it writes where nothing is selected.
        cold: Logits between selected and not selected, and of a step.

    Returns:
        None if float32 does not tell the steps apart.
    """
    least, most = (cold * sum(grade.steps[side] for grade in grades) for side in (0, 1))
    unsure = cold * sum(abs(grade.weight * grade.at_bos) for grade in grades)
    factor = steep_by(grades, cold)
    if not is_carried(factor * sum(abs(term.selected) for term in terms) + most - least):
        return None
    above = cold * sum(max(0.0, grade.weight * grade.at_bos) for grade in grades)
    # Where all is selected BOS may stand lower, so that there is room too.
    lowest = (least if terms else min(2.0 * least, least - most)) - above
    slope = Slope(
        tuple(Reading(g.need, np.array([[cold * g.weight]])) for g in grades), lowest, most, unsure
    )
    steep = [scaled(term, factor) for term in terms]
    return plan_head(steep, values, default, cold, is_width=False, slope=slope)
