"""Readouts: classes are decoded from a few numbers, as the largest of linear scores.

The residual stream holds a number, and each class has some numbers that are its own, beside one
another on the line. The score of a class is linear in the number, and a constant beside it; all
scores together are the tangents of a convex function, of which that of the right class is on top.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.craft.spaces import FloatArray
from optitracr.rounding import UNIT

if TYPE_CHECKING:
    from jaxtyping import Float, Int

NONE = -1
"""The class of numbers that stand for None."""

CHOSEN = 0.5
"""What the largest score has to pass, as `optitracr.model.forward.choose` decodes it."""

LEAD = 1.0
"""By how much the right score exceeds all others, and a half, where no number is off: a whole
logit, as with a one-hot."""

LEAST_LEAD = 0.25
"""By how much it has to exceed them whatever is off: half of what a one-hot's score does, which is
room for whoever adds up scores in another order."""

MAX_CLASSES = 4096
"""Classes beyond which no scores are tried: those of all are compared at the numbers of all, in
arrays of 128 MB for so many."""

FARTHEST = 2.0**24
"""Steps from the first place to the last up to which float32 tells all of them apart."""

EVEN = 1e-9
"""Largest part of a step by which values may be off the places on a line with equal steps: what
dividing in float64 leaves."""


ROUNDINGS = 2
"""Roundings of a score beside one for each of its terms: those of a weight and of its product. The
constant is read of a power of two, and rounded as a weight alone."""

SAME = 1e-9
"""Distance, as a part of the largest, up to which two sums are the same: what float64 leaves."""


SUM_DIGITS = 9
"""Decimal digits to which the factors of a sum are rounded: the others are what float64 left."""


@dataclass(frozen=True, slots=True, eq=False)
class Readout:
    """Numbers, and the scores by which classes are told apart.

    Attributes:
        numbers: What may be held together.
        member: The class that each row stands for, or NONE.
        weights: What each score takes of the numbers.
        constant: What is added to each score at every position.
    """

    numbers: Float[FloatArray, "rows numbers"]
    member: Int[NDArray[np.intp], " rows"]
    weights: Float[FloatArray, "numbers classes"]
    constant: Float[FloatArray, " classes"]

    def leads(self, noise: Float[FloatArray, "rows numbers"] | float) -> Float[FloatArray, " rows"]:
        """By how much the right score of each row exceeds all others and a half, at the least.

        Where it is None, by how much all scores are below a half.

        Args:
            noise: By how much each number may be off; what float32 rounds comes on top.
        """
        scores = self.numbers @ self.weights + self.constant
        size = abs(self.numbers) @ abs(self.weights) + abs(self.constant)
        rounding = (ROUNDINGS + len(self.weights)) * UNIT * size
        known = np.flatnonzero(self.member != NONE)
        own = self.member[known]
        least = np.full(len(scores), CHOSEN)
        least[known] = (scores - rounding)[known, own]
        ahead = least[:, None] - scores - rounding
        chosen = least - CHOSEN
        off = np.broadcast_to(np.asarray(noise, dtype=np.float64), self.numbers.shape)
        for number, wrong in zip(self.weights, off.T, strict=True):
            slope = np.zeros(len(scores))
            slope[known] = number[own]
            ahead -= wrong[:, None] * abs(slope[:, None] - number)
            chosen -= wrong * abs(slope)
        ahead[known, own] = chosen[known]
        return np.asarray(ahead.min(axis=1))

    def bears(self, noise: Float[FloatArray, "rows numbers"] | float) -> bool:
        """Whether the right class is decoded though each number may be off by so much."""
        return float(self.leads(noise).min()) >= LEAST_LEAD


def sum_readout(
    numbers: Float[FloatArray, "rows numbers"],
    factors: Float[FloatArray, " numbers"],
    member: Int[NDArray[np.intp], " rows"],
    classes: int,
) -> Readout | None:
    """Lines over a sum of numbers, of which that of a class is on top at its own, by LEAD at least.

    Args:
        numbers: What may be held together, each row of one class.
        factors: How often each number is taken.
        member: The class of each row, or NONE.
        classes: How many there are; one without a row has a score that never passes a half.

    Returns:
        None if the sums of a class are not beside one another, or there are too many classes.
    """
    sums = numbers @ factors
    order = np.argsort(sums, kind="stable")
    along, of_sum = sums[order], member[order]
    first = np.flatnonzero(np.diff(of_sum, prepend=of_sum[0] - 1))
    own = of_sum[first]
    if np.unique(own).size < own.size or not 1 < own.size <= MAX_CLASSES:
        return None
    below, above = along[first[1:] - 1], along[first[1:]]
    if (above - below <= SAME * abs(along).max()).any():
        return None
    slope, height = _tangents(along[first], own, above, below)
    weights, constant = np.zeros(classes), np.zeros(classes)
    kept = own != NONE
    weights[own[kept]], constant[own[kept]] = slope[kept], height[kept]
    return Readout(numbers, member, factors[:, None] * weights, constant)


def sums_of(
    numbers: Float[FloatArray, "rows numbers"], member: Int[NDArray[np.intp], " rows"]
) -> Iterator[Float[FloatArray, " numbers"]]:
    """How often numbers are taken in sums of which a class may be a function.

    That of which the class is a linear function, if it is one; else once, with either sign.

    Args:
        numbers: What may be held together.
        member: The class of each row, or NONE.
    """
    if numbers.shape[1] == 1:
        yield np.ones(1)
        return
    system = np.column_stack([numbers, np.ones(len(numbers))])
    found = np.linalg.lstsq(system, member.astype(np.float64), rcond=None)[0]
    if (abs(system @ found - member) <= SAME * member.size).all():
        yield found[:-1].round(SUM_DIGITS)
        return
    for signs in product((1.0, -1.0), repeat=numbers.shape[1] - 1):
        yield np.array([1.0, *signs])


def _tangents(
    start: FloatArray, classes: NDArray[np.intp], above: FloatArray, below: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The slope and the height of the line of each class, from the lowest numbers on.

    Those of two that are beside each other cross half-way between their numbers, so steeply that
    one exceeds the other by LEAD where these begin.

    Args:
        start: The lowest number of each class.
        classes: The classes in order.
        above: That of each but the first.
        below: The highest number of the class before.
    """
    turn = 2.0 * LEAD / (above - below)
    slope = np.concatenate([[0.0], np.cumsum(turn)])
    height = np.concatenate([[0.0], np.cumsum(-turn * (above + below) / 2.0)])
    none = np.flatnonzero(classes == NONE)
    if none.size:
        base = int(none[0])
    else:
        products = abs(start * (slope - slope[:, None]))
        base = int((products + abs(height - height[:, None])).max(axis=1).argmin())
    lift = CHOSEN + (0.0 if none.size else LEAD)
    return slope - slope[base], height - height[base] + lift


SIGNED = 1.5
"""The score of one of two classes, without a constant: None, at zero, is as far below a half as the
right score would be above it with a lead of LEAD."""


def sign_readout(member: Int[NDArray[np.intp], " numbers"]) -> Readout:
    """Two classes at -1 and 1, and None at 0 where there may be: no constant is needed.

    Args:
        member: The classes at -1 and 1, or at -1, 0 and 1.
    """
    places = np.array([-1.0, 1.0]) if member.size == 2 else np.array([-1.0, 0.0, 1.0])
    weights = np.zeros(2)
    weights[member[[0, -1]]] = -SIGNED, SIGNED
    return Readout(places[:, None], member, weights[None], np.zeros(2))


def even_places(numbers: Float[FloatArray, " classes"]) -> Float[FloatArray, " classes"] | None:
    """Numbers as places in whole steps from the first; None if they are not that evenly spaced.

    Args:
        numbers: Distinct, increasing.
    """
    if numbers.size < 2:
        return None
    places = (numbers - numbers[0]) / np.diff(numbers).min()
    if not places[-1] <= FARTHEST:
        return None
    if not (abs(places - np.rint(places)) <= EVEN * np.maximum(1.0, places)).all():
        return None
    return np.asarray(np.rint(places))
