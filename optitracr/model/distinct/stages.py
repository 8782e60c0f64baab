"""A model stage by stage: from the codes of rows before a stage to those of rows after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.model.current import Current
from optitracr.model.distinct.mixing import Block, Mixing
from optitracr.model.distinct.slices import NeuronSlice, StageSlice
from optitracr.model.distinct.tables import Codes, Growing, Pairs, Rows, TooManyError
from optitracr.model.forward import choose
from optitracr.model.names import POSITIONS, TOKENS

if TYPE_CHECKING:
    from jaxtyping import Float

Numbers = NDArray[np.float32]

SETTLED = 1 << 17
"""Positions after which rows ought to repeat themselves."""

NEW = 2
"""One position in so many may have a row of its own then: with more, a plain pass is quicker."""

HIDDEN = 1 << 22
"""Activations of neurons that are computed at a time, 16 MB."""

CLEAR = 1e-3
"""Distance of the largest score from the next one, and from 1/2, that decides: thousands of
roundings in float32 of a score of 1. What is closer is left to a plain pass."""

ROUNDED = 2.0**-20
"""The same of what a score is the sum of, where that is large: sixteen roundings."""


class Readout:
    """What the rows of the last state say.

    Attributes:
        chosen: For each row the number, or the integer of the value.
        sure: Whether that is clear.
    """

    def __init__(self, now: Current, columns: NDArray[np.intp]) -> None:
        self._now, self._unembed = now, now.unembed[columns]
        self._rows = Rows(len(columns))
        self.chosen = Growing((), np.int32 if now.architecture.categorical else np.float32)
        self.sure = Growing((), np.bool_)
        self.all_sure = True

    def add(self, rows: Float[Numbers, "rows columns"]) -> Codes:
        """The code of each row."""
        codes, new = self._rows.add(rows)
        if new.size:
            scores = rows[new] @ self._unembed
            sure = self._is_clear(scores, abs(rows[new]) @ abs(self._unembed))
            self.chosen.add(choose(np, self._now.architecture, scores[None])[0])
            self.sure.add(sure)
            self.all_sure = self.all_sure and bool(sure.all())
        return codes

    def _is_clear(
        self, scores: Float[Numbers, "rows outputs"], sizes: Float[Numbers, "rows outputs"]
    ) -> NDArray[np.bool_]:
        """Whether scores decide, given the sizes of what they are the sums of, together."""
        sure = np.asarray(np.isfinite(scores).all(axis=1))
        if not self._now.architecture.categorical or not scores.shape[1]:
            return sure
        largest = scores.max(axis=1)
        others = np.concatenate([scores, np.full((len(scores), 1), 0.5)], axis=1)
        others[np.arange(len(scores)), scores.argmax(axis=1)] = -np.inf
        # Where nothing passes 1/2, it does not matter which score is the largest.
        clear = np.where(largest > 0.5, largest - others.max(axis=1), 0.5 - largest)
        found: NDArray[np.bool_] = sure & (clear > CLEAR + ROUNDED * sizes.max(axis=1))
        return found


class Stage:
    """An attention sublayer, and all up to the next one."""

    def __init__(
        self, own: StageSlice, after: NDArray[np.intp], following: Readout | Stage, longest: int
    ):
        self._own, self._following = own, following
        self._kept = np.searchsorted(own.columns, after)
        self._mixings = [Mixing(head, longest) for head in own.heads]
        self._pairs = [Pairs() for _ in own.heads]
        self._rows, self._rests = Rows(len(own.columns)), Rows(len(own.rest))
        self._rest = Growing((), np.int32)
        self._next = Growing((), np.int32)
        self._positions = 0

    def add(self, rows: Float[Numbers, "rows columns"]) -> Codes:
        """The code of each row."""
        codes, new = self._rows.add(rows)
        if new.size:
            self._rest.add(self._rests.add(rows[new][:, self._own.rest])[0])
            for mixing in self._mixings:
                mixing.weighing.add(rows[new])
        return codes

    def run(self, block: Block, rows: Codes) -> Codes:
        """The codes of the rows after it.

        Raises:
            TooManyError: If too many of them are different.
        """
        given = [mixing.codes(block, rows) for mixing in self._mixings]
        codes, new = self._rest.rows[rows], np.zeros(0, dtype=np.intp)
        for pairs, added in zip(self._pairs, given, strict=True):
            codes, new = pairs.add(codes, added)
        if new.size:
            stream = self._rows.rows[rows[new]]
            for mixing, added in zip(self._mixings, given, strict=True):
                stream = stream + mixing.given(added[new])
            self._next.add(self._following.add(settled(self._own, stream)[:, self._kept]))
        self._check(len(rows))
        found: Codes = self._next.rows[codes]
        return found

    def _check(self, positions: int) -> None:
        self._positions += positions
        if self._positions > SETTLED and self._next.count * NEW > self._positions:
            raise TooManyError


class Start:
    """The embeddings, and all up to the first attention sublayer."""

    def __init__(
        self, own: StageSlice, after: NDArray[np.intp], following: Readout | Stage, now: Current
    ) -> None:
        self._own, self._following = own, following
        self._kept = np.searchsorted(own.columns, after)
        self._tokens = now.params[TOKENS]["embeddings"][:, own.columns]
        self._positions = now.params[POSITIONS]["embeddings"][:, own.columns]
        self._pairs, self._next = Pairs(), Growing((), np.int32)

    def run(self, block: Block, tokens: Codes) -> Codes:
        """The codes of the rows before the first attention sublayer."""
        codes, new = self._pairs.add(tokens, block.place.astype(np.int32))
        if new.size:
            stream = self._tokens[tokens[new]] + self._positions[block.place[new]]
            self._next.add(self._following.add(settled(self._own, stream)[:, self._kept]))
        return self._next.rows[codes]


def settled(own: StageSlice, stream: Float[Numbers, "rows columns"]) -> Numbers:
    """The residual stream after all that follows attention.

    Args:
        own: The stage.
        stream: What attention left.
    """
    for neurons in own.neurons:
        stream = stream + neurons.before
        fired = _fired(neurons, stream[:, neurons.reads])
        stream[:, neurons.writes] += fired
        stream += neurons.after
    return stream


def _fired(neurons: NeuronSlice, read: Float[Numbers, "rows reads"]) -> Numbers:
    """What neurons write, computed once for what is read alike."""
    different = Rows(read.shape[1])
    codes, _ = different.add(read)
    weight, offset = neurons.first
    rows = different.rows
    found = np.empty((len(rows), len(neurons.writes)), dtype=np.float32)
    size = max(1, HIDDEN // max(1, len(offset)))
    for first in range(0, len(rows), size):
        part = slice(first, first + size)
        hidden = np.maximum(rows[part] @ weight + offset, np.float32(0.0))
        found[part] = hidden @ neurons.second
    return found[codes]
