"""Residual streams of many inputs, in which equal rows are kept once.

What a position holds depends on few things, so that millions of positions hold some hundred
different rows. Rows count as equal if their centers agree to a quantum, by half of which they are
then off; of what is off in them the largest stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.bounded import Bounded, FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float, Int

QUANTUM = 2.0**-34
"""Part of a column's largest value to which centers are told apart: a thousandth of what float32
rounds there, and some thousand times what float64 does."""


DENSE = 8
"""Numbers for each integer up to which a table of all that they may be is quicker than to sort."""


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """What stands at each position of each input.

    Attributes:
        rows: The different rows, [rows, width].
        ids: For each position its row, [batch, seq].
    """

    rows: Bounded
    ids: Int[NDArray[np.intp], "batch seq"]


def told_apart(rows: Bounded) -> Bounded:
    """The same with centers that are multiples of a quantum, where they are not known exactly."""
    largest = np.abs(rows.center).max(axis=0, initial=0.0)
    quantum = np.exp2(np.frexp(np.maximum(largest, 1.0))[1].astype(np.float64)) * QUANTUM
    center = np.where(rows.error == 0.0, rows.center, np.rint(rows.center / quantum) * quantum)
    return Bounded(center, rows.error + np.abs(center - rows.center))


def merged(rows: Bounded, ids: Int[NDArray[np.intp], "batch seq"]) -> Stream:
    """A stream in which equal rows are kept once."""
    apart = told_apart(rows)
    first, group = groups(apart.center)
    return Stream(Bounded(apart.center[first], largest(apart.error, group, len(first))), group[ids])


def lost(stream: Stream) -> Stream:
    """A stream of which nothing is known."""
    center = np.zeros_like(stream.rows.center)
    return merged(Bounded(center, np.full_like(center, np.inf)), stream.ids)


def groups(
    rows: Float[FloatArray, "rows columns"],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first of each kind of equal rows, and for each row its kind."""
    return groups_of_integers(np.ascontiguousarray(rows + 0.0).view(np.int64))


def groups_of_integers(
    bits: Int[NDArray[np.int64], "rows columns"],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first of each kind of equal rows, and for each row its kind."""
    with np.errstate(over="ignore"):
        keys = (bits ^ (bits >> 32)) @ _factors(bits.shape[1])
    # As `np.unique` does it, which takes longer to begin than most keys take.
    order = keys.argsort(kind="stable")
    ordered = keys[order]
    begins = np.empty(len(keys), dtype=bool)
    begins[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    first, group = order[begins], np.empty(len(keys), dtype=np.intp)
    group[order] = begins.cumsum() - 1
    if not (bits[first[group]] == bits).all():
        _, first, group = np.unique(bits, axis=0, return_index=True, return_inverse=True)
    return first, group.reshape(-1)


@lru_cache(maxsize=64)
def _factors(count: int) -> NDArray[np.int64]:
    """Odd numbers, by which integers are multiplied that are told apart by their sum."""
    return np.random.default_rng(0).integers(1, 2**62, size=count) * 2 + 1


def kinds(
    keys: Int[NDArray[np.integer], ...], limit: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The different ones of some integers from zero, in order, and for each of all its place.

    Args:
        keys: The integers.
        limit: One more than the largest that they may be.
    """
    if limit > DENSE * keys.size:
        found, place = np.unique(keys, return_inverse=True)
        return found.astype(np.intp), place.reshape(keys.shape)
    present = np.zeros(limit, dtype=bool)
    present[keys] = True
    found = np.flatnonzero(present)
    place = np.empty(limit, dtype=np.intp)
    place[found] = np.arange(len(found))
    return found, place[keys]


def largest(numbers: FloatArray, group: NDArray[np.intp], count: int) -> FloatArray:
    """The largest numbers of each group of rows, [count, columns]."""
    if count == len(group):
        found = np.empty_like(numbers)
        found[group] = numbers
        return found
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(count))
    return np.asarray(np.maximum.reduceat(numbers[order], starts, axis=0))


def alike(
    rows: NDArray[np.bool_],
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.intp]]]:
    """Each pattern of what holds in a row, and the rows that have it."""
    if not len(rows):
        return
    first, group = groups_of_integers(np.packbits(rows, axis=1).astype(np.int64))
    order = np.argsort(group, kind="stable")
    ends = np.searchsorted(group[order], np.arange(len(first) + 1))
    for number, start in enumerate(first):
        yield rows[start], order[ends[number] : ends[number + 1]]
