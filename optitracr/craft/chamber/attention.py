"""Attention heads: a selector as a QK circuit, with BOS as the default target.

A query attends to BOS with a logit half-way below that of a selected key, so that a selector
that selects nothing yields the zero vector (Tracr, Lindner et al. 2023, appendix). The BOS
query attends to BOS alone. Where several conditions have to hold, their logits add up: a key
that misses one is as far below a selected one as a key that misses the only one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optitracr.craft.blocks import Head
from optitracr.craft.numerics import bos_logit
from optitracr.craft.spaces import FloatArray, Space, join

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True, slots=True)
class Selected:
    """A condition on a key and a query.

    Attributes:
        queries: Space of the query variable.
        keys: Space of the key variable.
        table: Shape [queries, keys], 1 where it holds, else 0.
    """

    queries: Space
    keys: Space
    table: Float[FloatArray, "queries keys"]


@dataclass(frozen=True, slots=True)
class Graded:
    """What a key adds to its logit, whatever the query.

    Attributes:
        keys: Space of the key variable.
        logits: For each of its values.
    """

    keys: Space
    logits: Float[FloatArray, " keys"]


def selector_head(
    conditions: Sequence[Selected],
    bos: Space,
    one: Space,
    values: Space,
    output: Space,
    value_output: Float[FloatArray, "values output"],
    coldness: float,
    attend_bos: bool = False,
    grades: Sequence[Graded] = (),
    bos_below: float | None = None,
) -> Head:
    """A head that averages `values` over the selected positions.

    Args:
        conditions: What has to hold of a selected key and its query.
        bos: The BOS direction, 1 at BOS alone.
        one: The constant direction, 1 everywhere but at BOS.
        values: Space that is averaged; BOS is added to it if missing.
        output: Space written.
        value_output: Shape [values, output].
        coldness: Logit of each condition.
        attend_bos: BOS is always selected too (for widths), instead of by default only.
        grades: What keys add to their logits, so that the best of them has all the attention.
        bos_below: How far below a selected key, what it adds not counted, BOS stands; half of
            the coldness if it is not given.
    """
    query = join(*(each.queries for each in conditions), bos, one)
    key = join(*(each.keys for each in conditions), *(each.keys for each in grades), bos)
    value = join(values, bos)
    query_key = np.zeros((len(query), len(key)))
    _add_conditions(query_key, query, key, conditions, coldness)
    bos_key = key.position[bos.directions[0]]
    constant = query.position[one.directions[0]]
    for graded in grades:
        query_key[constant, graded.keys.positions_in(key)] += graded.logits
    selected = float(coldness * len(conditions))
    query_key[constant, bos_key] = (
        bos_logit(selected, coldness, attend_bos) if bos_below is None else selected - bos_below
    )
    query_key[query.position[bos.directions[0]], bos_key] = coldness
    padded = np.zeros((len(value), len(output)))
    padded[values.positions_in(value)] = value_output
    w_query, w_key = _shorter_side(query_key)
    w_value, w_output = _shorter_side(padded[padded.any(axis=1)])
    spread = np.zeros((len(value), w_value.shape[1]))
    spread[padded.any(axis=1)] = w_value
    return Head(
        query,
        key,
        value,
        output,
        w_query,
        np.zeros(w_query.shape[1]),
        w_key.T,
        spread,
        np.zeros(w_value.shape[1]),
        w_output,
    )


def _add_conditions(
    query_key: FloatArray, query: Space, key: Space, conditions: Sequence[Selected], coldness: float
) -> None:
    """Adds up the logits of conditions, [query, key]."""
    for each in conditions:
        block = np.ix_(each.queries.positions_in(query), each.keys.positions_in(key))
        query_key[block] += each.table * coldness


def _shorter_side(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Factors a matrix with an identity on its shorter side."""
    rows, columns = matrix.shape
    if columns <= rows:
        return matrix, np.eye(columns)
    return np.eye(rows), matrix
