"""Attention heads: a selector as a QK circuit, with BOS as the default target.

A query attends to BOS with half the logit of a selected key, so that a selector that
selects nothing yields the zero vector (Tracr, Lindner et al. 2023, appendix). The BOS
query attends to BOS alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optitracr.craft.blocks import Head
from optitracr.craft.spaces import FloatArray, Space, join

if TYPE_CHECKING:
    from jaxtyping import Float


def selector_head(
    queries: Space,
    keys: Space,
    selected: Float[FloatArray, "queries keys"],
    bos: Space,
    one: Space,
    values: Space,
    output: Space,
    value_output: Float[FloatArray, "values output"],
    coldness: float,
    attend_bos: bool = False,
) -> Head:
    """A head that averages `values` over the selected positions.

    Args:
        queries: Space of the query variable.
        keys: Space of the key variable.
        selected: Shape [queries, keys], 1 where the predicate holds, else 0.
        bos: The BOS direction, 1 at BOS alone.
        one: The constant direction, 1 everywhere but at BOS.
        values: Space that is averaged; BOS is added to it if missing.
        output: Space written.
        value_output: Shape [values, output].
        coldness: Logit of a selected key.
        attend_bos: BOS is always selected too (for widths), instead of by default only.
    """
    query = join(queries, bos, one)
    key = join(keys, bos)
    value = join(values, bos)
    query_key = np.zeros((len(query), len(key)))
    query_key[np.ix_(queries.positions_in(query), keys.positions_in(key))] = selected * coldness
    bos_key = key.position[bos.directions[0]]
    query_key[query.position[one.directions[0]], bos_key] = coldness * (1.0 if attend_bos else 0.5)
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


def _shorter_side(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Factors a matrix with an identity on its shorter side."""
    rows, columns = matrix.shape
    if columns <= rows:
        return matrix, np.eye(columns)
    return np.eye(rows), matrix
