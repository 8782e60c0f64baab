"""Plans of attention heads: what they read of queries, keys and values, and their factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optitracr.constructions.bilinear import Bilinear
from optitracr.constructions.needs import Need
from optitracr.craft.numerics import bos_logit
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float

BOS_QUERY = 4.0
"""How much more than any key, in units of the largest logit, the BOS query attends to BOS: what the
conditions of a head add up to there, about a unit each, leaves BOS ahead."""

LARGEST_PART = 0.5
"""Part of what the BOS query finds at BOS that it may find at a key in the same column: what is
left to BOS is twice the largest logit, by `BOS_QUERY`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A linear reading of one variable.

    Attributes:
        need: What is read.
        weights: Shape [columns of the need, inner or outputs].
    """

    need: Need
    weights: Float[FloatArray, "columns outputs"]


@dataclass(frozen=True, slots=True)
class Slope:
    """What keys add to their logits, so that a head looks at the best of those it selects.

    Attributes:
        keys: Readings of the key position, each as one column of logits.
        least: The least that they add up to at a selected key.
        most: The most.
        at_bos: How large it may be at BOS.
    """

    keys: tuple[Reading, ...]
    least: float
    most: float
    at_bos: float = 0.0


@dataclass(frozen=True, slots=True)
class HeadPlan:
    """A head in the coordinates of what it reads.

    Attributes:
        queries: Readings of the query position.
        keys: Readings of the key position.
        values: Readings of the value position; none for a width, which reads BOS alone.
        b_query: Shape [inner].
        bos_query: Shape [inner]: added for the BOS query.
        bos_key: Shape [inner]: the BOS key.
        bos_value: Shape [outputs]: what BOS contributes.
        uneven: By how much the logits of what is selected differ at most, as the plan is made.
        alone: By how much more that of one key differs.
    """

    queries: tuple[Reading, ...]
    keys: tuple[Reading, ...]
    values: tuple[Reading, ...]
    b_query: Float[FloatArray, " inner"]
    bos_query: Float[FloatArray, " inner"]
    bos_key: Float[FloatArray, " inner"]
    bos_value: Float[FloatArray, " outputs"]
    uneven: float = 0.0
    alone: float = 0.0

    @property
    def most_uneven(self) -> float:
        """By how much the logits of what is selected differ at most, whichever it is."""
        return self.uneven + self.alone

    @property
    def needs(self) -> tuple[Need, ...]:
        """What the head reads beside BOS: queries, keys, values."""
        return tuple(r.need for r in (*self.queries, *self.keys, *self.values))

    @property
    def reads_bos(self) -> bool:
        """Whether it reads the BOS dimension."""
        return bool(self.bos_key.any() or self.bos_value.any())

    @property
    def head_size(self) -> int:
        """Columns that the QK circuit needs."""
        return int(self.b_query.size)

    def at_bos(self, columns: int) -> Float[FloatArray, " columns"]:
        """What BOS contributes to so many columns, zero to those that it has none for."""
        written = np.zeros(columns)
        written[: self.bos_value.size] = self.bos_value[:columns]
        return written

    @property
    def value_width(self) -> int:
        """Columns that the OV circuit needs."""
        used = int(np.flatnonzero(self.bos_value).max(initial=-1)) + 1
        return max([used, *(int(r.weights.shape[1]) for r in self.values)])


def plan_head(
    terms: Sequence[Bilinear],
    values: Sequence[Reading],
    default: Float[FloatArray, " outputs"],
    cold: float,
    is_width: bool,
    slope: Slope | None = None,
) -> HeadPlan:
    """Adds up the conditions of a head; BOS stands half-way below those who fulfil all.

    Args:
        terms: Bilinear forms of the conditions.
        values: What the head averages.
        default: Shape [outputs]: what it writes where nothing is selected.
        cold: Logits between selected and not selected.
        is_width: Whether BOS is attended like a selected key.
        slope: What keys add to that; BOS stands as far below the least of it.
    """
    inner = sum(term.inner for term in terms)
    selected = float(sum(term.selected + term.bos for term in terms))
    logit = bos_logit(selected, cold, is_width) + (0.0 if slope is None else slope.least)
    reads_bos = any(term.bos_query.any() for term in terms) or logit != 0
    own = slope is not None and not _shares_column(terms, slope, logit)
    size = inner + int(own) + int(reads_bos)
    b_query, bos_query, bos_key = (np.zeros(size) for _ in range(3))
    queries, keys = [], []
    first = 0
    for term in terms:
        part = slice(first, first + term.inner)
        if term.query is not None:
            weights = np.zeros((term.query.columns, size))
            weights[:, part] = term.w_query
            if reads_bos:
                weights[:, -1] = term.bos_query
            queries.append(Reading(term.query, weights))
        if term.key is not None:
            weights = np.zeros((term.key.columns, size))
            weights[:, part] = term.w_key
            keys.append(Reading(term.key, weights))
        b_query[part] = term.b_query
        first += term.inner
    if slope is not None:
        column, scale = (first, 1.0) if own else (-1, logit)
        for reading in slope.keys:
            weights = np.zeros((reading.need.columns, size))
            weights[:, column] = reading.weights[:, 0] / scale
            keys.append(Reading(reading.need, weights))
        b_query[column] = scale
    if reads_bos:
        b_query[-1] = logit
        bos_key[-1] = 1.0
        steep = [] if slope is None else [slope.most - slope.least + slope.at_bos]
        bos_query[-1] = BOS_QUERY * max([cold, *steep, *(_largest(term) for term in terms)])
    read = tuple(queries), tuple(keys), tuple(values)
    uneven = _uneven(terms, alone=False), _uneven(terms, alone=True)
    return HeadPlan(*read, b_query, bos_query, bos_key, default, *uneven)


def _uneven(terms: Sequence[Bilinear], alone: bool) -> float:
    """How uneven some terms are together, of those with one key a place, or of the others."""
    return sum((term.uneven for term in terms if term.alone is alone), 0.0)


def _shares_column(terms: Sequence[Bilinear], slope: Slope, logit: float) -> bool:
    """Whether what keys add may stand in the column of BOS, multiplied by the logit of BOS.

    Then no query may add to that column, and the BOS query, which adds most, still has to find BOS
    far ahead of every key.
    """
    if any(term.bos_query.any() for term in terms) or logit == 0:
        return False
    return max(slope.least / logit, slope.most / logit) <= LARGEST_PART


def _largest(term: Bilinear) -> float:
    """A bound of a term's logits, whatever its query holds at BOS."""
    return float(max(abs(term.selected), abs(term.bos_query).max(initial=0.0)))
