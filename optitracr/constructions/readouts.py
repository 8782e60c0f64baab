"""Readouts: many classes are decoded from a few numbers, as the largest of linear scores.

Each class has a point, and the residual stream holds the point of the class that it is in. The
score of a class is as linear in what is held as the unembedding is; the point of each class is
chosen such that its own score is the largest there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optitracr.craft.spaces import FloatArray
from optitracr.rounding import UNIT

if TYPE_CHECKING:
    from jaxtyping import Float

LEAD = 0.5
"""By how much the score of the right class has to exceed zero and all others, errors included:
below it None is decoded (see `optitracr.model.forward.choose`), and who adds up scores in another
order has as much room."""

MAX_CLASSES = 4096
"""Classes beyond which no points are tried: the scores of all at the points of all are compared,
in arrays of 128 MB for so many. On one line float32 tells some thousand apart."""

ROOM = 8.0
"""By how much places may exceed the scale where there may be none: three times their size times an
error of 0.01, over the scale, is the largest score of nothing, a quarter up to here."""

EVEN = 1e-9
"""Largest part of a step by which values may be off the places on a line with equal steps: what
dividing in float64 leaves."""


@dataclass(frozen=True, slots=True)
class Readout:
    """Points, and the scores by which they are told apart.

    Attributes:
        points: What is held of each class.
        weights: From what is held to the score of each class.
    """

    points: Float[FloatArray, "classes width"]
    weights: Float[FloatArray, "width classes"]

    def lead(self, noise: float) -> float:
        """By how much the right score exceeds all others and zero, at the least.

        Args:
            noise: By how much each number that is held may be off; what float32 rounds comes
                on top.
        """
        scores = self.points @ self.weights
        rounding = _rounding(self.points.shape[1]) * (abs(self.points) @ abs(self.weights))
        own = (np.diag(scores) - np.diag(rounding))[:, None]
        ahead = own - scores - rounding
        for number in self.weights:
            ahead -= noise * abs(number[:, None] - number)
        np.fill_diagonal(ahead, np.inf)
        alone = own[:, 0] - noise * abs(self.weights).sum(axis=0)
        return float(min(alone.min(initial=np.inf), ahead.min(initial=np.inf)))

    def nothing(self, noise: float) -> float:
        """The largest score where nothing is held: zero but for the noise.

        Args:
            noise: By how much each number may be off from zero.
        """
        return float(noise * abs(self.weights).sum(axis=0).max(initial=0.0))

    def bears(self, noise: float, may_be_none: bool = False) -> bool:
        """Whether the right class is decoded though each number may be off by so much.

        Args:
            noise: That much.
            may_be_none: Whether there may be none, which all scores below 1/2 stand for.
        """
        silent = not may_be_none or self.nothing(noise) <= LEAD / 2
        return silent and self.lead(noise) > LEAD


def _rounding(terms: int) -> float:
    """Relative error of a sum of products of rounded weights."""
    return (terms + 1) * UNIT


def line_readout(places: Float[FloatArray, " classes"], scale: float = 1.0) -> Readout | None:
    """Points on a line beside a constant: (x, k), with the scores 2xy + (1 - x^2) of each x.

    Args:
        places: Where each class is on the line, two of them at least 1 apart.
        scale: Of what is held; the scores stay as they are.

    Returns:
        None if there are too many to try.
    """
    if places.size > MAX_CLASSES:
        return None
    constant = _as_large(places)
    points = np.stack([places, np.full(places.size, constant)], axis=1)
    weights = np.stack([2.0 * places, (1.0 - places**2) / constant])
    return Readout(points * scale, weights / scale)


def scale_with_none(places: Float[FloatArray, " classes"]) -> float:
    """The scale at which errors of what holds nothing add up to no class, if they are small."""
    return max(1.0, _as_large(places) / ROOM)


def _as_large(places: FloatArray) -> float:
    """A power of two as large as the places: exact in float32, and no more sensitive than they."""
    return float(2.0 ** np.ceil(np.log2(max(1.0, abs(places).max(initial=0.0)))))


def even_places(numbers: Float[FloatArray, " classes"]) -> Float[FloatArray, " classes"] | None:
    """Numbers as places about 0 in whole steps; None if they are not that evenly spaced.

    Args:
        numbers: Distinct, increasing.
    """
    if numbers.size < 2:
        return None
    places = (numbers - numbers[0]) / np.diff(numbers).min()
    if not (abs(places - np.rint(places)) <= EVEN * np.maximum(1.0, places)).all():
        return None
    return np.asarray(np.rint(places) - np.rint(places[-1]) / 2)


def ranks(classes: int) -> Float[FloatArray, " classes"]:
    """The places of classes by number, about 0."""
    return np.arange(classes, dtype=np.float64) - (classes - 1) / 2
