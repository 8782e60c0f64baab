"""What a head gives at each position, by whichever way is quickest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.model.distinct.slices import HeadSlice
from optitracr.model.distinct.tables import Codes, Mixtures
from optitracr.model.distinct.weighing import Weighing

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

Places = NDArray[np.intp]
Numbers = NDArray[np.float64]

MOST_CELLS = 1 << 23
"""Entries of an array over the sequences of a block, 64 MB: what needs more goes another way."""

CHUNK = 1 << 18
"""Pairs of positions that are weighed at a time: their weights stay in the cache."""

PAIR, COUNTED, PRODUCT, LOOKED_UP = 4.0, 0.5, 0.15, 6.0
"""Nanoseconds for a pair of positions; an entry of the counts; a multiplication in a product of
matrices; and a weight that is looked up: measured, and of use only beside each other."""


LEAST = 2.0**-900
"""Weights beside that of the key of all that a query would attend to most: where those of the keys
that are there come to less, float64 no longer tells them apart to all its digits."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Positions of some sequences, one sequence after another, that are run together.

    Attributes:
        at: For each position its sequence.
        place: For each position where it stands in it.
        starts: Of each sequence the first position.
        seen: Whether it is no PAD; None if none is.
        longest: Length of the longest sequence.
        causal: Whether positions see none behind them.
        unsure: The sequences for which a plain pass has to decide.
    """

    at: Int[Places, " positions"]
    place: Int[Places, " positions"]
    starts: Int[Places, " sequences"]
    seen: Bool[NDArray[np.bool_], " positions"] | None
    longest: int
    causal: bool
    unsure: Bool[NDArray[np.bool_], " sequences"]

    @property
    def sequences(self) -> int:
        """How many there are."""
        return len(self.starts)

    def counted(self, codes: Codes, count: int) -> Int[Places, "sequences codes"]:
        """How often each code is seen in each sequence, and a column of zeros."""
        places = self.at * (count + 1) + codes
        places = places if self.seen is None else places[self.seen]
        found = np.bincount(places, minlength=self.sequences * (count + 1))
        return found.reshape(self.sequences, count + 1)


class Mixing:
    """A head: its weights over what occurred, and what it gave."""

    def __init__(self, head: HeadSlice, longest: int) -> None:
        self.weighing = Weighing(head, longest)
        self._out = head.out
        self._mixtures = Mixtures(head.value[0].shape[1])
        self._chooses = True

    def given(self, codes: Codes) -> Float[NDArray[np.float32], "codes columns"]:
        """What is added to the residual stream, by the codes of what the head gave."""
        values, mixtures = self.weighing.values.rows, self._mixtures.rows
        both, place = np.concatenate([values, mixtures]), codes >> 1
        found: NDArray[np.float32] = both[place + len(values) * (codes & 1)] @ self._out
        return found

    def codes(self, block: Block, rows: Codes) -> Codes:
        """Codes of what the head gives: even ones of a value alone, odd ones of a mixture.

        Args:
            block: The positions.
            rows: The row of the residual stream at each of them.
        """
        weighing = self.weighing
        weighing.prepare(rows[block.starts])
        if len(weighing.values.rows) == 1:
            return np.zeros(len(rows), dtype=np.int32)
        query = weighing.query.rows[rows]
        codes = 2 * self._chosen(block, query, rows)
        left = np.flatnonzero(codes < 0)
        if left.size:
            self._chooses = 2 * left.size < len(rows)
            mixed = self._mixed(block, query[left], left, weighing.kind.rows[rows])
            codes[left] = 2 * self._mixtures.add(self._rounded(block, mixed, left)) + 1
        return codes

    def _chosen(self, block: Block, query: Codes, rows: Codes) -> Codes:
        """The value that a position takes alone; negative where there is no such."""
        weighing, width = self.weighing, len(self.weighing.keys.rows) + 1
        cells = block.sequences * width
        nothing = np.full(len(rows), -1, dtype=np.int32)
        if block.causal or not self._chooses or cells > MOST_CELLS:
            return nothing
        of_key = np.full(cells, -1, dtype=np.int32)
        of_key[width - 1 :: width] = -2
        value, base = weighing.value.rows[rows], block.at * width
        places = base + weighing.key.rows[rows]
        if block.seen is not None:
            places, value = places[block.seen], value[block.seen]
        of_key[places] = value
        of_key[places[of_key[places] != value]] = -2
        found = of_key[base + weighing.tiers[:, 0][query]]
        for tier in weighing.tiers.T[1:]:
            again = np.flatnonzero(found == -1)
            if again.size:
                found[again] = of_key[base[again] + tier[query[again]]]
        return np.maximum(found, -1, out=found)

    def _mixed(
        self, block: Block, query: Codes, left: Places, kind: Codes
    ) -> Float[Numbers, "left parts"]:
        """Weights added up, and behind them the values by their weights."""
        costs = self._costs(block, len(left), len(kind))
        way = min(costs, key=costs.__getitem__)
        if way == "few":
            return self._by_few(block, query, left, kind)
        if way == "product":
            return self._by_product(block, query, left, kind)
        return self._by_pairs(block, query, left, kind)

    def _costs(self, block: Block, left: int, positions: int) -> dict[str, float]:
        """What each way takes, in nanoseconds."""
        weighing = self.weighing
        queries, kinds = weighing.weights.shape
        parts = 1 + weighing.value_of_kind.shape[1]
        costs = {"pairs": PAIR * left * block.longest * parts}
        cells = block.sequences * max(kinds, queries)
        if block.causal or cells > MOST_CELLS:
            return costs
        counted = COUNTED * block.sequences * kinds
        products = block.sequences * kinds * queries * parts
        costs["product"] = counted + PRODUCT * products + LOOKED_UP * left * parts
        if weighing.few is not None:
            costs["few"] = counted + LOOKED_UP * left * weighing.few.shape[1] * parts
        return costs

    def _by_few(self, block: Block, query: Codes, left: Places, kind: Codes) -> Numbers:
        """Kind by kind, of those few that a query attends to."""
        weighing = self.weighing
        assert weighing.few is not None
        width = weighing.number_of_kinds + 1
        counts, base = block.counted(kind, width - 1).ravel(), block.at[left] * width
        found = np.zeros((len(left), 1 + weighing.value_of_kind.shape[1]))
        for few in weighing.few.T:
            weight = np.take_along_axis(weighing.weights, few[:, None], axis=1)[:, 0]
            share = counts[base + few[query]] * weight[query]
            found[:, 0] += share
            for place, values in enumerate(weighing.value_of_kind.T, start=1):
                found[:, place] += share * values[few][query]
        return found

    def _by_product(self, block: Block, query: Codes, left: Places, kind: Codes) -> Numbers:
        """By a product of how often each kind is seen with what each query gives it."""
        weighing = self.weighing
        counts = block.counted(kind, weighing.number_of_kinds).astype(np.float64)
        found = np.empty((len(left), 1 + weighing.value_of_kind.shape[1]))
        place = block.at[left] * len(weighing.weights) + query
        found[:, 0] = (counts @ weighing.weights.T).ravel()[place]
        for part, values in enumerate(weighing.value_of_kind.T, start=1):
            found[:, part] = ((counts * values) @ weighing.weights.T).ravel()[place]
        return found

    def _by_pairs(self, block: Block, query: Codes, left: Places, kind: Codes) -> Numbers:
        """Position by position that is seen."""
        weighing, longest = self.weighing, block.longest
        unseen = weighing.number_of_kinds
        grid = np.full((block.sequences, longest), unseen, dtype=np.intp)
        grid[block.at, block.place] = (
            kind if block.seen is None else np.where(block.seen, kind, unseen)
        )
        values = [column[grid] for column in weighing.value_of_kind.T]
        weights = weighing.weights.ravel()
        found = np.empty((len(left), 1 + len(values)))
        size = max(1, CHUNK // longest)
        for first in range(0, len(left), size):
            part = slice(first, first + size)
            at = block.at[left[part]]
            weight = weights[query[part, None].astype(np.intp) * (unseen + 1) + grid[at]]
            if block.causal:
                weight *= np.arange(longest) <= block.place[left[part], None]
            found[part, 0] = weight.sum(axis=1)
            for place, column in enumerate(values, start=1):
                found[part, place] = np.einsum("ij,ij->i", weight, column[at])
        return found

    def _rounded(self, block: Block, mixed: Numbers, left: Places) -> Numbers:
        """What the head gives, in multiples of the quantum; sequences where it is none are unsure.

        Args:
            block: The positions.
            mixed: Weights added up, and values by their weights.
            left: The positions that these are of.
        """
        quantum = self.weighing.quantum
        found: Numbers = np.rint(mixed[:, 1:] / mixed[:, :1] / quantum) * quantum
        wrong = ~np.isfinite(found).all(axis=1) | ~(mixed[:, 0] >= LEAST)
        if wrong.any():
            found[wrong] = 0.0
            block.unsure[block.at[left[wrong]]] = True
        return found
