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
from optitracr.hosts.amplitudes import FLOAT32_ROUNDING
from optitracr.hosts.guest import Mask

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

ZERO = 1e-9
"""What rounds to 0 in float64, and is no margin."""

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


@dataclass(frozen=True, slots=True, eq=False)
class Failing:
    """Where a condition fails, over classes of queries and of keys.

    Attributes:
        fails: Where it fails at some pair that can be.
        matters: Where some pair can be.
        written: Where it fails as it is written, whether that can be or not.
    """

    fails: Bool[Mask, "queries keys"]
    matters: Bool[Mask, "queries keys"]
    written: Bool[Mask, "queries keys"]


def factored(
    tables: Sequence[Failing], turned: Float[FloatArray, " dimensions"]
) -> list[Factored] | None:
    """Factors of the tables of a head's conditions.

    Args:
        tables: Where each fails.
        turned: For each dimension of the head what part of it rotation may take, least first.

    Returns:
        None if they do not fit.
    """
    found = [_exact(table.fails) for table in tables]
    order = sorted(range(len(found)), key=lambda place: -found[place].inner)
    for place in order:
        excess = sum(each.inner for each in found) - len(turned)
        if excess <= 0:
            break
        code = _best_code(tables[place], found[place].inner - excess, turned)
        if code is not None:
            found[place] = code
    return found if sum(each.inner for each in found) <= len(turned) else None


def _best_code(
    table: Failing, most: int, turned: Float[FloatArray, " dimensions"]
) -> Factored | None:
    """The code of some dimensions that errs least for its margin."""
    codes = (_code(table, inner) for inner in range(LEAST_CODE, most + 1))
    known = [code for code in codes if code is not None]
    return min(known, key=lambda code: code_error(code, turned) / code.margin, default=None)


def code_error(code: Factored, turned: Float[FloatArray, " dimensions"]) -> float:
    """What a product that cancels may be off by.

    Args:
        code: A code, of which the constant and the points each add up to 1.
        turned: For each of its dimensions what part of it rotation may take.
    """
    rounding = 2 * (code.inner + 8) * FLOAT32_ROUNDING
    return rounding + float(turned[: code.inner].max(initial=0.0))


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


def _code(table: Failing, inner: int) -> Factored | None:
    """An equality by points on a sphere; None if it is none."""
    rows, row = np.unique(table.written, axis=0, return_inverse=True)
    columns, column = np.unique(rows, axis=1, return_inverse=True)
    holds = ~columns
    if (holds.sum(axis=0) > 1).any() or (holds.sum(axis=1) > 1).any():
        return None
    # Each row has a point of its own; a column has that of the row that it matches, or its own.
    own = np.arange(holds.shape[1]) + holds.shape[0]
    of_column = np.where(holds.any(axis=0), holds.argmax(axis=0), own)
    points = _sphere(int(max(of_column.max(initial=0) + 1, holds.shape[0])), inner - 1)
    queries, keys = points[: holds.shape[0]][row.ravel()], points[of_column][column.ravel()]
    ones = np.ones((len(queries), 1)), np.ones((len(keys), 1))
    product = 1.0 - queries @ keys.T
    margin = float(product[table.fails].min(initial=1.0))
    off = float(abs(product[table.matters & ~table.fails]).max(initial=0.0))
    if off > ZERO or margin <= ZERO:
        return None
    return Factored(np.hstack([ones[0], -queries]), np.hstack([ones[1], keys]), margin, False)


def _sphere(count: int, dimensions: int) -> Float[FloatArray, "count dimensions"]:
    """Points of a sphere that lie apart: a harmonic frame, of the lowest frequencies."""
    angles = 2 * np.pi * np.arange(count)[:, None] * np.arange(1, dimensions // 2 + 1) / count
    frame = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    if dimensions % 2:
        frame = np.hstack([frame, np.zeros((count, 1))])
    return np.asarray(frame / np.linalg.norm(frame, axis=1, keepdims=True))
