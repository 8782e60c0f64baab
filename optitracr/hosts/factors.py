"""What a head of a host scores: 0 where a condition holds, whatever the scales, less where not.

Where a condition fails is a table over classes of queries and keys, factored in two: by a
dimension for each different row of it, or column, so that it is exactly 0 where it holds; or, for
what is an equality, by points on a sphere of fewer dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optitracr.craft.spaces import FloatArray
from optitracr.hosts.guest import Mask

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

LEAST_CODE = 3
"""Dimensions of a sphere's code at least: one for the constant, two for a circle."""


@dataclass(frozen=True, slots=True, eq=False)
class Factored:
    """A table of failures as a product: queries @ keys.T.

    Attributes:
        queries: Shape [query classes, inner].
        keys: Shape [key classes, inner].
        margin: The least that the product is where a condition fails.
        is_exact: Whether it is a sum of zeros where it holds; if not, it cancels.
    """

    queries: Float[FloatArray, "queries inner"]
    keys: Float[FloatArray, "keys inner"]
    margin: float
    is_exact: bool

    @property
    def inner(self) -> int:
        """Dimensions of the head that it takes."""
        return int(self.queries.shape[1])


def factored(tables: Sequence[Bool[Mask, "queries keys"]], room: int) -> list[Factored] | None:
    """Factors of the tables of a head's conditions.

    Args:
        tables: Where each fails.
        room: Dimensions of the head.

    Returns:
        None if they do not fit.
    """
    found = [_exact(table) for table in tables]
    order = sorted(range(len(found)), key=lambda place: -found[place].inner)
    for place in order:
        excess = sum(each.inner for each in found) - room
        if excess <= 0:
            break
        fewer = found[place].inner - excess
        code = _code(tables[place], max(fewer, min(LEAST_CODE, found[place].inner)))
        if code is not None and code.inner < found[place].inner:
            found[place] = code
    return found if sum(each.inner for each in found) <= room else None


def _exact(table: Bool[Mask, "queries keys"]) -> Factored:
    by_query, by_key = _by_rows(table), _by_rows(table.T)
    if by_key.inner < by_query.inner:
        return Factored(by_key.keys, by_key.queries, 1.0, True)
    return by_query


def _by_rows(table: Bool[Mask, "queries keys"]) -> Factored:
    """A dimension for each different row that fails anywhere."""
    rows, inverse = np.unique(table, axis=0, return_inverse=True)
    kept = np.flatnonzero(rows.any(axis=1))
    one_hot = inverse.ravel()[:, None] == kept[None, :]
    return Factored(one_hot.astype(np.float64), rows[kept].T.astype(np.float64), 1.0, True)


def _code(table: Bool[Mask, "queries keys"], inner: int) -> Factored | None:
    """An equality by points on a sphere; None if it is none."""
    rows, row = np.unique(table, axis=0, return_inverse=True)
    columns, column = np.unique(rows, axis=1, return_inverse=True)
    holds = ~columns
    if inner < LEAST_CODE or (holds.sum(axis=0) > 1).any() or (holds.sum(axis=1) > 1).any():
        return None
    # Each row has a point of its own; a column has that of the row that it matches, or its own.
    own = np.arange(holds.shape[1]) + holds.shape[0]
    of_column = np.where(holds.any(axis=0), holds.argmax(axis=0), own)
    points = _sphere(int(max(of_column.max(initial=0) + 1, holds.shape[0])), inner - 1)
    queries, keys = points[: holds.shape[0]][row.ravel()], points[of_column][column.ravel()]
    ones = np.ones((len(queries), 1)), np.ones((len(keys), 1))
    product = 1.0 - queries @ keys.T
    margin = float(product[table].min(initial=1.0))
    return Factored(np.hstack([ones[0], -queries]), np.hstack([ones[1], keys]), margin, False)


def _sphere(count: int, dimensions: int) -> Float[FloatArray, "count dimensions"]:
    """Points of a sphere that lie apart: a harmonic frame, of the lowest frequencies."""
    angles = 2 * np.pi * np.arange(count)[:, None] * np.arange(1, dimensions // 2 + 1) / count
    frame = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    if dimensions % 2:
        frame = np.hstack([frame, np.zeros((count, 1))])
    return np.asarray(frame / np.linalg.norm(frame, axis=1, keepdims=True))
