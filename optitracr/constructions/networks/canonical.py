"""Canonical tables: what is read, its classes and what is written, in an order of their own.

Colours are refined as for graphs: a class is known by the points in which it occurs, a point by its
classes and its code, a code by its points and by where its row lies among the rows. Of what is
still alike each is picked and told apart, and the one counts that gives the smallest colours, until
all are told apart. Which one it is of those that give the same does not matter where a symmetry of
the table swaps them; where none does, the order depends on it, and a table may be taken for a new
one. It is never taken for another: whatever the order, the table that results is
compared entry by entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.networks.points import Points
from optitracr.craft.spaces import FloatArray

if TYPE_CHECKING:
    from jaxtyping import Float, Int

Colours = NDArray[np.uint64]

DIGITS = 6
"""Digits to which the places of rows among rows are compared: they are computed to some fifteen."""

NUMBER_DIGITS = 9
"""Digits of raw numbers that are compared: float32 does not tell closer ones apart."""

MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
"""The constants of splitmix64 (Steele, Lea and Flood 2014), which scatters whole numbers."""

MAX_TRIED = 16
"""Classes of one colour of which each is picked, to see which tells most apart: refining takes some
tenths of a millisecond."""

PICKED = np.uint64(1)
"""What is added to a colour to tell it apart."""


@dataclass(frozen=True, slots=True)
class Canonical:
    """An order of all that a table is made of.

    Attributes:
        leaves: The leaves in order.
        values: For each leaf, as they stood, its classes in order; of a raw number as they stood.
        codes: The codes in order.
    """

    leaves: Int[NDArray[np.intp], " leaves"]
    values: tuple[Int[NDArray[np.intp], " _"], ...]
    codes: Int[NDArray[np.intp], " codes"]


@dataclass(slots=True)
class Colouring:
    """Colours of classes, leaves and codes.

    Attributes:
        points: The table.
        values: The colour of each class of each leaf, one leaf after another.
        codes: The colour of each code.
    """

    points: Points
    values: Colours
    codes: Colours

    @classmethod
    def of(cls, points: Points) -> Colouring:
        """The colours of a table, refined."""
        values = [
            _numbers(side) if side else np.full(size, _mixed_number(size), dtype=np.uint64)
            for side, size in zip(points.sides, points.sizes, strict=True)
        ]
        made = cls(points, np.concatenate(values), np.diag(_among(points.rows)).copy())
        made.refine()
        return made

    @property
    def _first(self) -> NDArray[np.intp]:
        return np.cumsum([0, *self.points.sizes[:-1]])

    def refine(self) -> None:
        """Tells apart what occurs in different company, until nothing more is told apart."""
        columns = self.points.places + self._first
        apart = 0
        while (count := np.unique(self.values).size + np.unique(self.codes).size) > apart:
            apart = count
            leaves = self._leaves()[None, :]
            at = _mixed(
                _mixed(self.values[columns] + leaves).sum(axis=1) + self.codes[self.points.codes]
            )
            added = np.zeros_like(self.values)
            for column in columns.T:
                np.add.at(added, column, at)
            self.values = _mixed(self.values + added)
            own = np.zeros_like(self.codes)
            np.add.at(own, self.points.codes, at)
            near = _mixed(_among(self.points.rows) + self.codes[None, :]).sum(axis=1)
            self.codes = _mixed(self.codes + _mixed(own) + near)

    def _leaves(self) -> Colours:
        """The colour of each leaf: that of all its classes together."""
        return np.asarray(_mixed(np.add.reduceat(_mixed(self.values), self._first)))

    @property
    def key(self) -> str:
        """What tables that differ in order alone have in common, and hardly two others."""
        parts = (_mixed(self._leaves()).sum(), _mixed(self.values).sum(), _mixed(self.codes).sum())
        return "".join(f"{int(part):016x}" for part in parts)

    def ordered(self) -> Canonical:
        """Picks one of what is alike, and so on, until all is told apart."""
        while (alike := self._alike()) is not None:
            places, are_codes = alike
            first, *others = (self._picked(int(place), are_codes) for place in places[:MAX_TRIED])
            best = min((first, *others), key=lambda one: one.key)
            self.values, self.codes = best.values, best.codes
        stops = self._first + np.array(self.points.sizes)
        values = tuple(
            np.arange(stop - start) if side else np.argsort(self.values[start:stop], kind="stable")
            for side, start, stop in zip(self.points.sides, self._first, stops, strict=True)
        )
        leaves = np.argsort(self._leaves(), kind="stable")
        return Canonical(leaves, values, np.argsort(self.codes, kind="stable"))

    def _alike(self) -> tuple[NDArray[np.intp], bool] | None:
        """All of the smallest colour that several have: classes, or else codes."""
        for colours, are_codes in ((self.values, False), (self.codes, True)):
            found, counts = np.unique(colours, return_counts=True)
            several = np.flatnonzero(counts > 1)
            if several.size:
                return np.flatnonzero(colours == found[several[0]]), are_codes
        return None

    def _picked(self, place: int, is_code: bool) -> Colouring:
        """The same with one class or code told apart from those like it."""
        made = Colouring(self.points, self.values.copy(), self.codes.copy())
        colours = made.codes if is_code else made.values
        colours[place : place + 1] = _mixed(colours[place : place + 1] + PICKED)
        made.refine()
        return made


def _among(rows: Float[FloatArray, "codes outputs"]) -> Colours:
    """For two codes where their rows lie among all rows, whatever linear map is applied to them.

    It is the projection onto what is linear in the rows and a constant: the hat matrix of
    regression.
    """
    with_one = np.concatenate([np.ones((len(rows), 1)), rows], axis=1)
    basis, sizes, _ = np.linalg.svd(with_one, full_matrices=False)
    basis = basis[:, sizes > 1e-9 * sizes.max(initial=0.0)]
    return _rounded(basis @ basis.T, DIGITS)


def _rounded(numbers: FloatArray, digits: int) -> Colours:
    """Numbers as colours, equal if they are as good as equal."""
    whole = np.rint(numbers * 10.0**digits).astype(np.int64)
    return np.asarray(_mixed(whole.astype(np.uint64)))


def _numbers(numbers: tuple[float, ...]) -> Colours:
    return _rounded(np.asarray(numbers, dtype=np.float64), NUMBER_DIGITS)


def _mixed_number(number: int) -> np.uint64:
    return np.uint64(_mixed(np.array([number], dtype=np.uint64))[0])


def _mixed(colours: Colours) -> Colours:
    """Scattered whole numbers, the same of the same; they wrap around."""
    with np.errstate(over="ignore"):
        found = colours + MIX[0]
        found = (found ^ (found >> np.uint64(30))) * MIX[1]
        found = (found ^ (found >> np.uint64(27))) * MIX[2]
    return np.asarray(found ^ (found >> np.uint64(31)))
