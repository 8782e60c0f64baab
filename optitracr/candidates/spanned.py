"""What is linear in the numbers that neurons give, of a variable that they read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.forms import EXACT, LARGEST_FACTOR
from optitracr.candidates.space import SideBySide
from optitracr.constructions.leaves import Plan
from optitracr.constructions.linear import Span
from optitracr.craft.spaces import FloatArray

KEPT = 4096
"""Answers that are kept: two in three are asked for again in another program of a kind, and one
takes a kilobyte or two."""


@dataclass(frozen=True, slots=True, eq=False)
class Spanned:
    """What is linear in what neurons give.

    Attributes:
        most: How many values of the variable they tell apart, whatever else they read.
        weights: What they are multiplied with to be each number of its forms, and what is added
            last, [neurons + 1, columns].
        told: Which of these numbers they are with such weights.
    """

    most: int
    weights: FloatArray
    told: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Neurons:
    """Neurons, and what may be held of all that they read.

    Attributes:
        plan: What they compute.
        count: How many they are, with one that writes a constant if there is one.
        axes: For each of the things that they read all that it may hold, [rows, dimensions].
        place: Which of these is the variable that is asked about.
        own: Its forms.
        bos: What they give at BOS for each choice of what they read, [choices, neurons]; None if
            BOS silences them.
    """

    plan: Plan
    count: int
    axes: Sequence[FloatArray]
    place: int
    own: SideBySide
    bos: FloatArray | None

    @property
    def sizes(self) -> list[int]:
        """How much may be held of each thing."""
        return [len(rows) for rows in self.axes]

    def given(self) -> FloatArray:
        """What they are given for each combination of what they read, [combinations, neurons]."""
        given = self.plan.b_in[None]
        for place, (rows, weights) in enumerate(zip(self.axes, self.plan.w_in, strict=True)):
            some = rows.shape[1] > 0
            added = rows @ weights if some else np.zeros((len(rows), self.plan.neurons))
            given = given + _along(added, self.sizes, place)
        return given

    def spanned(self) -> Spanned:
        """What is linear in them; kept for who asks the same next, in whatever program."""
        answer = _answer(self._digest())
        if not answer:
            answer.append(self._looked_for())
        return answer[0]

    def _digest(self) -> bytes:
        """What all that decides the answer has in common just when it is the same."""
        some = [] if self.bos is None else [self.bos]
        arrays = [
            self.plan.b_in,
            *self.plan.w_in,
            *self.axes,
            self.own.rows,
            self.own.at_bos,
            *some,
        ]
        kinds = [kinds for _, kinds, _ in self.own.forms]
        told = self.count, self.place, len(some), kinds, [(x.shape, x.dtype.str) for x in arrays]
        asked = hashlib.blake2b(repr(told).encode(), digest_size=16)
        for array in arrays:
            asked.update(np.ascontiguousarray(array).data)
        return asked.digest()

    def _looked_for(self) -> Spanned:
        own, sizes = self.own, self.sizes
        hidden = np.maximum(self.given(), 0.0)
        most = _told_apart(hidden, sizes, self.place)
        if all(kinds > most for _, kinds, _ in own.forms):
            columns = own.at_bos.size
            return Spanned(most, np.empty((0, columns)), np.zeros(columns, dtype=bool))
        span = Span.of(self._with_bos(hidden))
        wanted = np.empty((len(span.columns), own.at_bos.size))
        wanted[: len(hidden)] = _along(own.rows, sizes, self.place)
        wanted[len(hidden) :] = own.at_bos
        weights, told = span.weights(wanted, EXACT, LARGEST_FACTOR)
        # Several programs share it.
        weights.flags.writeable = False
        return Spanned(most, weights, told)

    def _with_bos(self, hidden: FloatArray) -> FloatArray:
        """What they give for each combination, then at BOS; and a constant, which a bias writes.

        Those that BOS silences have, where they write a constant, a neuron for it that is silent
        there.
        """
        combinations, neurons = hidden.shape
        bos = np.zeros((1, neurons)) if self.bos is None else self.bos
        columns = np.ones((combinations + len(bos), self.count + 1))
        columns[:combinations, :neurons] = hidden
        columns[combinations:, :neurons] = bos
        columns[combinations:, neurons:-1] = 0.0
        return columns


@lru_cache(maxsize=KEPT)
def _answer(asked: bytes) -> list[Spanned]:
    """Where the answer to what was asked is kept."""
    del asked
    return []


def _along(rows: FloatArray, sizes: Sequence[int], place: int) -> FloatArray:
    """Rows of one of the things that are read, for each combination of all: [combinations, _]."""
    shape = [1] * len(sizes)
    shape[place] = sizes[place]
    if len(sizes) == 1:
        return rows
    along = rows.reshape(*shape, rows.shape[1])
    return np.broadcast_to(along, (*sizes, rows.shape[1])).reshape(-1, rows.shape[1])


def _told_apart(hidden: FloatArray, sizes: Sequence[int], place: int) -> int:
    """How many values of one thing that is read neurons tell apart, whatever the others are."""
    # One number for each row, any that tells them apart as a rule.
    told = (hidden @ np.cos(np.arange(hidden.shape[1]))).reshape(sizes).swapaxes(place, -1)
    told = np.sort(told, axis=-1)
    return 1 + int((told[..., 1:] - told[..., :-1] > EXACT).sum(axis=-1).min())
