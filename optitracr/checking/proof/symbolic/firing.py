"""Neurons over combinations of values, of which most neurons are off in most combinations.

The same bounds as in `optitracr.checking.proof.neurons`, made for those pairs of a combination and
a neuron alone in which the neuron may be on. What neurons read of a combination is a sum over the
tables that it is in, so that these are multiplied with the weights and not the combinations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.bounded import (
    NO_BITS,
    SLACK,
    Bounded,
    FloatArray,
    Sums,
    added,
    factors,
    grid_of,
    is_power,
    limited,
    lowest_bits,
    lowest_of_columns,
    places,
    positive,
    unrounded,
)
from optitracr.checking.proof.neurons import Neurons
from optitracr.checking.proof.symbolic.contents import Table, looked_up

CHUNK = 1 << 21
"""Pairs of a combination and a neuron that are looked at at once: 16 MB an array."""

Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Links:
    """Weights that are not zero, each with its input and its output, by inputs.

    Attributes:
        weights: Shape [inputs, outputs].
    """

    weights: FloatArray

    @cached_property
    def ends(self) -> tuple[Index, Index]:
        """Input and output of each."""
        rows, columns = places(self.weights != 0.0)
        return rows, columns

    @cached_property
    def value(self) -> FloatArray:
        """The weight of each."""
        return np.asarray(self.weights[self.ends])

    @cached_property
    def first(self) -> Index:
        """Where the links of each input begin, and where the last ones end, [inputs + 1]."""
        return np.searchsorted(self.ends[0], np.arange(len(self.weights) + 1))

    def of(self, inputs: Index) -> tuple[Index, Index]:
        """For each link of some inputs the place of its input among these, and the link."""
        count = self.first[inputs + 1] - self.first[inputs]
        place = np.repeat(np.arange(len(inputs)), count)
        start = np.repeat(self.first[inputs] - (np.cumsum(count) - count), count)
        return place, start + np.arange(len(place))


@dataclass(frozen=True, slots=True, eq=False)
class Firing:
    """Neurons that may be on, pair by pair.

    Attributes:
        combination: Which combination, [pairs], ascending.
        neuron: Which neuron.
        before: What it is before ReLU, without what is off in the stream.
        wide: By how much that moves it.
    """

    combination: Index
    neuron: Index
    before: Bounded
    wide: FloatArray

    @property
    def on(self) -> NDArray[np.bool_]:
        """Which are on for sure."""
        return np.asarray(self.before.center - self.before.error - self.wide > 0.0)

    @property
    def off(self) -> NDArray[np.bool_]:
        """Which are off for sure."""
        return np.asarray(self.before.center + self.before.error + self.wide <= 0.0)


class Fired:
    """What neurons write for each combination of values."""

    def __init__(self, neurons: Neurons, columns: Index, tables: Sequence[Table]) -> None:
        """Nothing is computed yet.

        Args:
            neurons: The weights, as far as what they read and write is looked at.
            columns: The columns that are written.
            tables: What all columns hold.
        """
        self._columns, self._tables, self._width = columns, tables, len(neurons.w_in)
        self._place = np.full(self._width, -1)
        self._place[columns] = np.arange(len(columns))
        w_in, w_out = (np.asarray(w, dtype=np.float64) for w in (neurons.w_in, neurons.w_out))
        self._b_in = np.asarray(neurons.b_in, dtype=np.float64)
        self._b_out = np.asarray(neurons.b_out, dtype=np.float64)[columns]
        self._out = Links(w_out[:, columns])
        self._into = Links(np.ascontiguousarray(w_in.T))
        self._slack = SLACK * (len(w_in) + len(w_out))
        own = [(table.table, w_in[table.places]) for table in tables]
        found = [_sums(*each) for each in own]
        self._centers, self._sums = [x for x, _ in found], [x for _, x in found]
        largest = _largest(self._sums, self._b_in)
        grid = np.minimum.reduce([lowest_bits(self._b_in), *(_grid(*each) for each in own)])
        self._exact = unrounded(grid, largest.mass)
        reach = _rounding(largest, largest.mass, self._exact) + largest.wide
        self._reach = limited(reach, largest.mass)

    def rows(self, count: int) -> Bounded:
        """The written columns afterwards, [combinations, columns].

        Args:
            count: How many combinations there are.
        """
        shape = count, len(self._columns)
        found = Bounded(np.empty(shape), np.empty(shape))
        step = max(1, CHUNK // max(1, len(self._b_in)))
        for start in range(0, count, step):
            part = slice(start, min(start + step, count))
            own = self._chunk([table.part(part) for table in self._tables], part.stop - start)
            found.center[part], found.error[part] = own.center, own.error
        return found

    def _chunk(self, tables: Sequence[Table], count: int) -> Bounded:
        firing = self._firing(tables, count)
        written, handed = self._written(firing, count)
        before = looked_up([x.among(self._place) for x in tables], len(self._columns), count)
        handed = handed + self._through(firing, tables, count)
        still = Bounded.exact(before.center)
        return added(still, Bounded(written.center, written.error + handed), apart=before.error)

    def _firing(self, tables: Sequence[Table], count: int) -> Firing:
        """The pairs in which a neuron may be on."""
        center = np.repeat(self._b_in[None], count, axis=0)
        for own, table in zip(self._centers, tables, strict=True):
            center += own[table.row]
        combination, neuron = places(~(center + self._reach <= 0.0))
        at = [(table.row[combination], neuron) for table in tables]
        sums = _together(self._sums, at, self._b_in[neuron])
        found = center[combination, neuron]
        error = limited(_rounding(sums, found, self._exact[neuron]), sums.mass)
        return Firing(combination, neuron, Bounded(found, error), sums.wide)

    def _written(self, firing: Firing, count: int) -> tuple[Bounded, FloatArray]:
        """What neurons add to the columns, and how far what is off moves it neuron by neuron."""
        hidden, on, off = positive(firing.before), firing.on, firing.off
        moved = np.where(off, 0.0, firing.wide)
        unsure = np.where(on | off, 0.0, firing.wide)
        place, link = self._out.of(firing.neuron)
        weight, size = self._out.value[link], np.abs(self._out.value[link])
        shape = (count, len(self._columns))
        key = firing.combination[place] * shape[1] + self._out.ends[1][link]

        def total(numbers: FloatArray) -> FloatArray:
            found = np.bincount(key, weights=numbers, minlength=count * shape[1])
            return np.asarray(found.reshape(shape), dtype=np.float64)

        all_off = hidden.error + moved
        most = hidden.center + all_off
        plain = is_power(hidden.center) & (all_off == 0.0)
        bias = np.abs(self._b_out)
        sums = Sums(
            total(most[place] * size) + bias,
            total((most != 0.0)[place].astype(np.float64)) + (bias != 0.0),
            total(np.where(plain[place] | is_power(weight), 0.0, most[place] * size)),
            total(all_off[place] * size),
        )
        center = total(hidden.center[place] * weight) + self._b_out
        exact = self._exact_columns(hidden.center, all_off, firing.neuron, sums.mass)
        error = total(hidden.error[place] * size) + _rounding(sums, center, exact)
        handed = total((unsure + self._slack * firing.wide)[place] * size)
        return Bounded(center, limited(error, sums.mass)), handed

    def _exact_columns(
        self, hidden: FloatArray, off: FloatArray, neuron: Index, mass: FloatArray
    ) -> NDArray[np.bool_]:
        """Columns of which no sum is rounded."""
        inputs = np.full(len(self._b_in), NO_BITS, dtype=np.int64)
        np.minimum.at(inputs, neuron, np.where(off == 0.0, lowest_bits(hidden), -NO_BITS))
        source, column = self._out.ends
        grid = lowest_bits(self._b_out)
        np.minimum.at(grid, column, inputs[source] + lowest_bits(self._out.value))
        return unrounded(grid, mass.max(axis=0, initial=0.0))

    def _through(self, firing: Firing, tables: Sequence[Table], count: int) -> FloatArray:
        """How far what is off moves the columns, by itself and by neurons that are on for sure."""
        from scipy.sparse import csr_array

        columns = len(self._columns)
        off = looked_up(tables, self._width, count).error
        wrong = np.flatnonzero(off.any(axis=0))
        place_of = np.full(self._width, -1)
        place_of[wrong] = np.arange(len(wrong))
        moves = csr_array((count * len(wrong), columns))
        on = np.flatnonzero(firing.on)
        place, link = self._into.of(firing.neuron[on])
        read = place_of[self._into.ends[1][link]]
        combination, neuron = (x[on][place] for x in (firing.combination, firing.neuron))
        counts = (read >= 0) & (off[combination, self._into.ends[1][link]] != 0.0)
        if counts.any():
            row = (combination * len(wrong) + read)[counts]
            ends = (self._into.value[link][counts], (row, neuron[counts]))
            into = csr_array(ends, shape=(count * len(wrong), len(self._b_in)))
            moves = into @ csr_array(self._out.weights)
        written = place_of[self._columns]
        own = np.flatnonzero(written >= 0)
        stays = (np.arange(count)[:, None] * len(wrong) + written[own]).reshape(-1)
        ones = (np.ones(len(stays)), (stays, np.tile(own, count)))
        moves = abs(moves + csr_array(ones, shape=moves.shape)).tocoo()
        handed = off[:, wrong].reshape(-1)[moves.row] * moves.data
        key = moves.row // max(1, len(wrong)) * columns + moves.col
        total = np.bincount(key, weights=handed, minlength=count * columns)
        return np.asarray(total.reshape(count, columns), dtype=np.float64)


def _rounding(sums: Sums, center: FloatArray, exact: NDArray[np.bool_]) -> FloatArray:
    """How far sums are off by rounding, some of which are never rounded."""
    return np.where(exact, 0.0, sums.rounding(center))


def _sums(table: Bounded, weights: FloatArray) -> tuple[FloatArray, Sums]:
    """What a table's rows come to, and what bounds of that are made of, [rows, outputs].

    Args:
        table: The rows, [rows, inputs].
        weights: Shape [inputs, outputs].
    """
    most, sizes = table.size, np.abs(weights)
    plain = np.where(is_power(table.center) & (table.error == 0.0), 0.0, most)
    linked, uneven = (weights != 0.0).astype(np.float64), np.where(is_power(weights), 0.0, sizes)
    # Weights are mostly zero, so that they stand on the left.
    matrix, sizes, linked, uneven = factors(most, weights.T, sizes.T, linked.T, uneven.T)
    ones = (most != 0.0).astype(np.float64)
    sums = (sizes @ most.T, linked @ ones.T, uneven @ plain.T, sizes @ table.error.T)
    return (matrix @ table.center.T).T, Sums(*(np.asarray(x.T) for x in sums))


def _grid(table: Bounded, weights: FloatArray) -> NDArray[np.int64]:
    """The exponent of which all products of an output are multiples of two's power, [outputs]."""
    known = (table.error == 0.0).all(axis=0)
    inputs = np.where(known, lowest_of_columns(table.center), -NO_BITS)
    return grid_of(inputs, weights, np.zeros(weights.shape[1]))


def _largest(sums: Sequence[Sums], bias: FloatArray) -> Sums:
    """Bounds of all combinations, [outputs]."""
    found = _nothing(bias)
    for own in sums:
        parts = (own.mass, own.terms, own.products, own.wide)
        found = [a + b.max(axis=0, initial=0.0) for a, b in zip(found, parts, strict=True)]
    return Sums(*found)


def _together(sums: Sequence[Sums], at: Sequence[tuple[Index, Index]], bias: FloatArray) -> Sums:
    """Some entries of several tables' sums, added up, [entries].

    Args:
        sums: Those of each table.
        at: Row and output of each entry, for each table.
        bias: What is added besides.
    """
    found = _nothing(bias)
    for own, place in zip(sums, at, strict=True):
        parts = (own.mass, own.terms, own.products, own.wide)
        found = [a + b[place] for a, b in zip(found, parts, strict=True)]
    return Sums(*found)


def _nothing(bias: FloatArray) -> list[FloatArray]:
    """The parts of sums in which there is nothing but what is added besides."""
    zero = np.zeros(len(bias))
    return [np.abs(bias), (bias != 0.0).astype(np.float64), zero, zero]
