"""A model as a machine over codes of rows, of one set of weights.

The rows of the residual stream are few: they are different for a token and a position, then for
what a head gives of what there is in a sequence, and so on. What a layer makes of a row and of what
its heads give is computed when it first occurs, by the model's own weights, and looked up from then
on. The weights of a head are tables over queries and keys, and what it gives is added up over how
often each kind of key is seen.

Sums are in another order than in a plain pass, and attention that would leak is left out below
2^-31 of it. Where a score is not clear, or anything is no number, a plain pass decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.model.current import Current
from optitracr.model.distinct.mixing import Block
from optitracr.model.distinct.slices import sliced
from optitracr.model.distinct.stages import Readout, Stage, Start
from optitracr.model.names import POSITIONS

if TYPE_CHECKING:
    from jaxtyping import Bool, Int, Num

POSITIONS_AT_ONCE = 1 << 15
"""Positions of a block: its arrays stay in the cache, and what a call of NumPy's takes is little
beside them."""


class Machine:
    """A model as a machine over codes of rows."""

    def __init__(self, now: Current) -> None:
        self._architecture = now.architecture
        first, *others = sliced(now)
        longest = len(now.params[POSITIONS]["embeddings"])
        last = np.flatnonzero((now.unembed != 0).any(axis=1))
        self._readout = Readout(now, last)
        following: Readout | Stage = self._readout
        after = last
        self._stages: list[Stage] = []
        for own in reversed(others):
            following = Stage(own, after, following, longest)
            self._stages.insert(0, following)
            after = own.columns
        self._start = Start(first, after, following, now)

    def run(
        self,
        tokens: Int[NDArray[np.int32], "batch longest"],
        lengths: Int[NDArray[np.intp], " batch"],
    ) -> tuple[Num[NDArray[np.generic], "batch longest"], Bool[NDArray[np.bool_], " batch"]]:
        """What is chosen at each position, and the sequences for which that is not clear.

        Args:
            tokens: Integers; BOS first.
            lengths: Of each sequence, BOS included; what follows is not looked at.

        Raises:
            TooManyError: If too many rows are different.
        """
        chosen = np.full(tokens.shape, -1, dtype=self._readout.chosen.rows.dtype)
        unsure = np.zeros(len(tokens), dtype=bool)
        with np.errstate(all="ignore"):
            for part in _parts(lengths):
                self._run(tokens, lengths, part, chosen, unsure)
        return chosen, unsure

    def _run(
        self,
        tokens: NDArray[np.int32],
        lengths: NDArray[np.intp],
        part: NDArray[np.intp],
        chosen: NDArray[np.generic],
        unsure: NDArray[np.bool_],
    ) -> None:
        own = lengths[part]
        at = np.repeat(np.arange(len(part)), own)
        ends = np.cumsum(own)
        starts = ends - own
        place = np.arange(ends[-1]) - starts[at]
        of = part[at]
        codes = tokens[of, place]
        seen = codes != self._architecture.pad_encoding
        block = Block(
            at,
            place,
            starts,
            None if seen.all() else seen,
            int(own.max()),
            self._architecture.causal,
            np.zeros(len(part), dtype=bool),
        )
        rows = self._start.run(block, codes)
        for stage in self._stages:
            rows = stage.run(block, rows)
        chosen[of, place] = self._readout.chosen.rows[rows]
        if not self._readout.all_sure:
            # At BOS nothing is decoded.
            block.unsure[at[~self._readout.sure.rows[rows] & (place > 0)]] = True
        unsure[part] = block.unsure


def _parts(lengths: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Sequences of like lengths that are run together."""
    order = np.argsort(lengths, kind="stable")
    number = (np.cumsum(lengths[order]) - 1) // POSITIONS_AT_ONCE
    yield from np.split(order, np.flatnonzero(np.diff(number)) + 1)
