"""Bilinear forms for conditions on one key and one query variable, of small inner size.

Two constructions. The *exact* one has one logit for selected pairs and one for the others,
as rows or columns of the table; softmax ignores what is added to all logits of a query,
and a constant can stand for one class of each side. The *circle* puts the classes of a
one-to-one condition (equal tokens, the previous position) on a circle, two numbers a side, or one
for two classes: the inner product is largest, and the same, for those that belong together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.conjunctions import Condition
from optitracr.constructions.distinct import classes_of_slices
from optitracr.constructions.needs import NO_CLASS, Need, classes_of_rows, need_of_rows
from optitracr.constructions.selections import kept_by_table
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

LEAST_ON_CIRCLE = 4
"""Classes from which the circle, which takes two dimensions, needs fewer than the exact
construction, which takes one for each class but one."""

LEAST_APART = 2
"""The same where some keys or queries are of no class, at the origin, so that no constant stands
for one: two classes are the ends of a line then, one number, and three are on a circle."""

LARGEST_RADIUS = 1e6
"""Logit of a selected pair up to which float32 keeps the circle's margin: it rounds logits to some
10^-7 of their size, and so these to a tenth, of a margin of some fifty."""

LARGEST_RADIUS_OF_WIDTH = 1e3
"""The same where BOS has to be attended just as much as each selected key: there the logits
themselves, and no margin, have to be right to some 10^-4."""


@dataclass(frozen=True, slots=True)
class Bilinear:
    """Logits (query @ w_query + b_query) @ (key @ w_key), and a column for BOS.

    Attributes:
        query: What is read of the query; None if all queries are alike.
        key: What is read of the key; None if all keys are alike.
        w_query: Shape [query columns, inner].
        b_query: Shape [inner].
        w_key: Shape [key columns, inner].
        bos_query: Shape [query columns]: added to the logit of BOS.
        bos: The same for every query.
        selected: Logit of a selected pair, less what BOS has added.
        uneven: By how much that of a selected pair may be less.
        alone: Whether each place has one key, so that one of the pairs of a query is so far off,
            and all others are hardly.
    """

    query: Need | None
    key: Need | None
    w_query: Float[FloatArray, "query inner"]
    b_query: Float[FloatArray, " inner"]
    w_key: Float[FloatArray, "key inner"]
    bos_query: Float[FloatArray, " query"]
    bos: float
    selected: float
    uneven: float = 0.0
    alone: bool = False

    @property
    def inner(self) -> int:
        """Columns that it takes of a head, the one for BOS not counted."""
        return int(self.b_query.size)


def scaled(term: Bilinear, factor: float) -> Bilinear:
    """The same with all logits, and all between them, so many times as large."""
    return replace(
        term,
        w_query=factor * term.w_query,
        b_query=factor * term.b_query,
        bos_query=factor * term.bos_query,
        bos=factor * term.bos,
        selected=factor * term.selected,
        uneven=factor * term.uneven,
    )


def exact(
    condition: Condition, cold: float, key_may_be_none: bool, query_may_be_none: bool
) -> Bilinear:
    """One logit for selected pairs, another for the others.

    Args:
        condition: What to select.
        cold: Logits between selected and not selected.
        key_may_be_none: Whether the key variable can be None, so that no constant can stand
            for a class of it.
        query_may_be_none: The same of the query variable.
    """
    logits = cold * condition.table.astype(np.float64)
    if key_may_be_none:
        constant = logits[-1]
        key_classes, columns, _ = classes_of_rows(logits[:-1] - constant, drop=False)
    else:
        key_classes, columns, constant = classes_of_rows(logits[:-1], drop=True)
    extended = np.concatenate([columns.T, -constant[:, None]], axis=1)
    query_classes, kept, base = _query_side(extended[:-1], extended[-1], query_may_be_none)
    query = Need(condition.query, query_classes) if max(query_classes, default=-1) >= 0 else None
    key = (
        Need(condition.key, key_classes, clean=True) if max(key_classes, default=-1) >= 0 else None
    )
    inner = kept.shape[1] - 1
    count = len(kept)
    if inner <= count + bool(base[:-1].any()):
        w_query, b_query, w_key = kept[:, :-1], base[:-1], np.eye(inner)
    elif base[:-1].any():
        w_query = np.concatenate([np.eye(count), np.zeros((count, 1))], axis=1)
        b_query = np.append(np.zeros(count), 1.0)
        w_key = np.concatenate([kept[:, :-1], base[None, :-1]]).T
    else:
        w_query, b_query, w_key = np.eye(count), np.zeros(count), kept[:, :-1].T
    return Bilinear(query, key, w_query, b_query, w_key, kept[:, -1], float(base[-1]), cold)


def _query_side(
    rows: FloatArray, none_row: FloatArray, may_be_none: bool
) -> tuple[tuple[int, ...], FloatArray, FloatArray]:
    """Query classes, their rows less the constant, and the constant."""
    if may_be_none or (rows == none_row).all(axis=1).any():
        classes, kept, _ = classes_of_rows(rows - none_row, drop=False)
        return classes, kept, none_row
    classes, kept, constant = classes_of_rows(rows, drop=True)
    return classes, kept, constant


def circle(
    condition: Condition,
    cold: float,
    slots: Mapping[str, int],
    is_width: bool,
    may_be_none: bool = False,
) -> Bilinear | None:
    """Keys and queries as points of a circle; None where that is no gain or no fit.

    Args:
        condition: What to select.
        cold: Logits between selected and not selected.
        slots: Points of the circle on which each variable whose values all stand for
            themselves has its place, so that all its readers can read the same two numbers.
        is_width: Whether BOS is to be attended like a selected key.
        may_be_none: Whether a key or a query may be None, so that no constant stands for a class.
    """
    table = condition.table[:-1, :-1]
    if condition.table[-1].any() or condition.table[:, -1].any() or not table.size:
        return None
    key_class, query_class, size = _matching(table)
    apart = may_be_none or NO_CLASS in key_class or NO_CLASS in query_class
    if size < (LEAST_APART if apart else LEAST_ON_CIRCLE):
        return None
    natural = slots.get(condition.key, 0)
    width = min(size - 1, 2)
    places = _places(table, natural) if width == 2 else None
    if places is None:
        points, key_place, query_place = size, key_class, query_class
    else:
        points, (key_place, query_place) = natural, places
    radius = cold / min(1.0, 1.0 - np.cos(2 * np.pi / points))
    if radius > (LARGEST_RADIUS_OF_WIDTH if is_width else LARGEST_RADIUS):
        return None
    return Bilinear(
        query=need_of_rows(condition.query, on_circle(query_place, points)[:, :width]),
        key=need_of_rows(condition.key, on_circle(key_place, points)[:, :width], clean=True),
        w_query=np.eye(width) * radius,
        b_query=np.zeros(width),
        w_key=np.eye(width),
        bos_query=np.zeros(width),
        bos=0.0,
        selected=radius,
    )


def on_circle(
    place: Int[NDArray[np.integer], " values"], points: int
) -> Float[FloatArray, "values 2"]:
    """The points of a circle, 0 for the place NO_CLASS."""
    angle = 2 * np.pi * place / points
    rows = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.where((place == NO_CLASS)[:, None], 0.0, np.round(rows, 15))


@kept_by_table
def _matching(
    table: NDArray[np.bool_],
) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """Classes of keys and of queries such that equal ones belong together; 0 if none do."""
    key_member, key_first = classes_of_slices(table)
    query_member, query_first = classes_of_slices(table.T)
    blocks = table[np.ix_(key_first, query_first)]
    if (blocks.sum(axis=0) > 1).any() or (blocks.sum(axis=1) > 1).any():
        return key_member, query_member, 0
    matched = np.flatnonzero(blocks.any(axis=1))
    of_row = np.full(blocks.shape[0], NO_CLASS)
    of_row[matched] = np.arange(matched.size)
    of_column = np.full(blocks.shape[1], NO_CLASS)
    held = blocks.any(axis=0)
    of_column[held] = of_row[blocks.argmax(axis=0)[held]]
    return of_row[key_member], of_column[query_member], int(matched.size)


def _places(
    table: NDArray[np.bool_], points: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Each key at its own place; queries that select nothing where no key is, if they can.

    Queries that are shifted keys keep the shift, also where it leads to a free place.
    """
    keys, queries = table.shape
    if points < keys or (table.sum(axis=0) > 1).any():
        return None
    key_place = np.arange(keys)
    held = table.any(axis=0)
    query_place = np.where(held, table.argmax(axis=0), NO_CLASS)
    shifts = np.unique((query_place - np.arange(queries))[held])
    if shifts.size == 1:
        shifted = (np.arange(queries) + shifts[0]) % points
        if (held | (shifted >= keys)).all():
            query_place = shifted
    return key_place, query_place


@kept_by_table
def shift_of(table: Bool[NDArray[np.bool_], "keys queries"]) -> int:
    """By how much queries are shifted keys; 0 if they are none."""
    inner = table[:-1, :-1]
    if not inner.any() or (inner.sum(axis=0) > 1).any():
        return 0
    held = inner.any(axis=0)
    shifts = np.unique((inner.argmax(axis=0) - np.arange(inner.shape[1]))[held])
    return abs(int(shifts[0])) if shifts.size == 1 else 0
