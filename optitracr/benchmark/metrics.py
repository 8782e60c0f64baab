"""How well scores of edges agree with a circuit: figures between 0 and 1, ties shared out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.errors import InputError

Scores = NDArray[np.float64]
Truth = NDArray[np.bool_]

DRAWS = 2_000
"""Of a bootstrap: the ends of a 95 % interval then move by a hundredth of its length."""

INTERVAL = (2.5, 97.5)
"""Percentiles of a 95 % interval, as papers give it."""


def auroc(scores: Scores, truth: Truth) -> float:
    """The area under the ROC curve: how often a true edge scores above a false one.

    Ties count half (Mann and Whitney 1947).

    Args:
        scores: Shape [edges].
        truth: Shape [edges].

    Returns:
        The area; nan where every edge is true, or none.

    Raises:
        InputError: If shapes differ, or a score is nan.
    """
    scores, truth = _checked(scores, truth)
    true, false = int(truth.sum()), int((~truth).sum())
    if not true or not false:
        return float("nan")
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    rank = (last - (count - 1) / 2)[place]
    return float((rank[truth].sum() - true * (true + 1) / 2) / (true * false))


def precision_at_size(scores: Scores, truth: Truth) -> float:
    """The share of true edges among as many of the best as the circuit has.

    Where the last of them tie with others, it is the mean over all choices among these.

    Args:
        scores: Shape [edges].
        truth: Shape [edges].

    Returns:
        The share; nan where no edge is true.

    Raises:
        InputError: If shapes differ, or a score is nan.
    """
    scores, truth = _checked(scores, truth)
    size = int(truth.sum())
    if not size:
        return float("nan")
    least = np.sort(scores)[-size]
    above, tied = scores > least, scores == least
    share = (size - int(above.sum())) / int(tied.sum())
    return float((truth[above].sum() + share * truth[tied].sum()) / size)


def _checked(scores: Scores, truth: Truth) -> tuple[Scores, Truth]:
    try:
        found, wanted = np.asarray(scores, dtype=np.float64), np.asarray(truth)
    except Exception:
        arguments.refuse("scores", scores, "an array of numbers, one an edge")
    if found.ndim != 1 or found.shape != wanted.shape or wanted.dtype != np.bool_:
        raise InputError(
            f"scores has shape {found.shape} and truth {wanted.shape} of {wanted.dtype}; give "
            "one number and one boolean an edge"
        )
    if np.isnan(found).any():
        raise InputError("scores holds nan; give every edge a number")
    return found, wanted


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over models, with its 95 % interval.

    Attributes:
        value: The mean; nan where no model has the figure.
        low: Lower end.
        high: Upper end.
        models: How many models have the figure.
    """

    value: float
    low: float
    high: float
    models: int


def mean_over(figures: list[float], seed: int = 0) -> Mean:
    """The mean of figures and its interval, by bootstrap; those that are nan are left out.

    Args:
        figures: One a model.
        seed: Of the bootstrap.

    Raises:
        InputError: If a figure is no number.
    """
    seed = arguments.integer("seed", seed, least=0)
    listed = arguments.collection("figures", figures, "numbers, one a model")
    try:
        known = np.array([float(x) for x in listed], dtype=np.float64)
    except Exception:
        arguments.refuse("figures", figures, "numbers, one a model")
    known = known[~np.isnan(known)]
    if not len(known):
        return Mean(float("nan"), float("nan"), float("nan"), 0)
    rng = np.random.default_rng(seed)
    means = known[rng.integers(len(known), size=(DRAWS, len(known)))].mean(axis=1)
    low, high = np.percentile(means, INTERVAL)
    return Mean(float(known.mean()), float(low), float(high), len(known))
