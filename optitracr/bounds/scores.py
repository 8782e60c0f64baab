"""Whether scores that are a token's plus a position's can have the right ones largest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from jaxtyping import Float, Int

MAX_DIFFERENCES = 20_000
"""Differences of scores that are weighed against each other: a linear program of so many columns
takes about a second."""

LARGEST_DENOMINATOR = 1_000
"""Of factors: vertices of such programs are fractions of small numbers, and what is no fraction of
these does not add up exactly, and is not used."""


@dataclass(frozen=True, slots=True)
class Side:
    """For each difference of scores where it stands, and of which classes.

    Attributes:
        place: The token, or the position.
        gains: The class that wins there, 0 for None.
        loses: Another class.
    """

    place: Int[NDArray[np.intp], " differences"]
    gains: Int[NDArray[np.intp], " differences"]
    loses: Int[NDArray[np.intp], " differences"]

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(max(self.gains.max(), self.loses.max())) + 1

    def matrix(self) -> Any:
        """How often each score of a place is added, less how often it is taken away: sparse."""
        from scipy.sparse import coo_array

        columns = np.arange(self.place.size)
        rows = [self.place * self.classes + classes for classes in (self.gains, self.loses)]
        # None's score is 0 throughout.
        signs = [np.where(self.gains > 0, 1.0, 0.0), np.where(self.loses > 0, -1.0, 0.0)]
        shape = ((int(self.place.max()) + 1) * self.classes, columns.size)
        placed = (np.concatenate(rows), np.concatenate([columns, columns]))
        return coo_array((np.concatenate(signs), placed), shape=shape)

    def is_even(self, factors: Sequence[Fraction]) -> bool:
        """Whether each score is added as often as it is taken away."""
        sums: dict[tuple[int, int], Fraction] = {}
        for k, factor in enumerate(factors):
            for classes, sign in ((self.gains, 1), (self.loses, -1)):
                key = int(self.place[k]), int(classes[k])
                sums[key] = sums.get(key, Fraction(0)) + sign * factor
        return not any(total for (_, member), total in sums.items() if member > 0)


def no_scores(
    token: Int[NDArray[np.intp], " cells"],
    position: Int[NDArray[np.intp], " cells"],
    best: Int[NDArray[np.intp], " cells"],
) -> str | None:
    """Why no scores of tokens and of positions add up to ones of which the right is largest.

    The winner's score less another's is nowhere negative, and positive where the other comes
    before it. Factors of these differences are looked for with which every token's score of every
    class is added as often as it is taken away, and every position's: then 0 would be positive.

    Args:
        token: Of each combination of token and position that occurs.
        position: Likewise.
        best: The class that is said there, 0 for None.

    Returns:
        None if they may.
    """
    classes = np.unique(best)
    if classes.size < 2 or best.size * (classes.size - 1) > MAX_DIFFERENCES:
        return None
    cell, place = np.nonzero(classes != best[:, None])
    sides = [Side(where[cell], best[cell], classes[place]) for where in (token, position)]
    factors = _factors(sides)
    if not any(factors) or not all(side.is_even(factors) for side in sides):
        return None
    count = sum(1 for factor in factors if factor)
    return (
        "no scores that are a token's plus a position's have the right ones largest: of "
        f"{count} differences of two scores that would have to be positive, some weighed sum is 0"
    )


def _factors(sides: Sequence[Side]) -> list[Fraction]:
    """Factors as a linear program finds them, as fractions that may not add up exactly."""
    from scipy.optimize import linprog
    from scipy.sparse import vstack

    matrix = vstack([side.matrix() for side in sides])
    count = matrix.shape[1]
    found = linprog(-np.ones(count), A_eq=matrix, b_eq=np.zeros(matrix.shape[0]), bounds=(0.0, 1.0))
    solution: Float[NDArray[np.float64], " differences"] = (
        np.zeros(count) if found.x is None else np.asarray(found.x)
    )
    return [Fraction(x).limit_denominator(LARGEST_DENOMINATOR) for x in solution.tolist()]
