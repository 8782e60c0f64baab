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
    """

    queries: tuple[Reading, ...]
    keys: tuple[Reading, ...]
    values: tuple[Reading, ...]
    b_query: Float[FloatArray, " inner"]
    bos_query: Float[FloatArray, " inner"]
    bos_key: Float[FloatArray, " inner"]
    bos_value: Float[FloatArray, " outputs"]

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
) -> HeadPlan:
    """Adds up the conditions of a head; BOS stands half-way below those who fulfil all.

    Args:
        terms: Bilinear forms of the conditions.
        values: What the head averages.
        default: Shape [outputs]: what it writes where nothing is selected.
        cold: Logits between selected and not selected.
        is_width: Whether BOS is attended like a selected key.
    """
    inner = sum(term.inner for term in terms)
    logit = bos_logit(float(sum(term.selected + term.bos for term in terms)), cold, is_width)
    reads_bos = any(term.bos_query.any() for term in terms) or logit != 0
    size = inner + int(reads_bos)
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
    if reads_bos:
        b_query[-1] = logit
        bos_key[-1] = 1.0
        bos_query[-1] = BOS_QUERY * max([cold, *(_largest(term) for term in terms)])
    return HeadPlan(
        tuple(queries), tuple(keys), tuple(values), b_query, bos_query, bos_key, default
    )


def _largest(term: Bilinear) -> float:
    """A bound of a term's logits, whatever its query holds at BOS."""
    return float(max(abs(term.selected), abs(term.bos_query).max(initial=0.0)))
