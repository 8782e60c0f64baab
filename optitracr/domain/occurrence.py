"""What stands where in the sequences of an automaton, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optitracr.domain.words import Words

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

Mask = NDArray[np.bool_]

MAX_WORK = 100_000_000
"""Steps of the array operations that answer one question, a second or so; beyond them the answer
is what holds of any inputs."""

FAR = 1 << 30
"""A number of tokens that no input has."""


@dataclass(frozen=True, eq=False)
class Occurrence:
    """What the sequences hold.

    Attributes:
        words: The sequences.
    """

    words: Words
    _numbers: dict[bytes, tuple[NDArray[np.int64], NDArray[np.int64]]] = field(
        default_factory=dict, repr=False
    )

    @cached_property
    def places(self) -> Bool[Mask, "longest tokens"]:
        """Which token stands at which position of some sequence."""
        words, step = self.words, self.words.automaton.step
        within = np.logical_or.accumulate(words.can, axis=0)
        rows = [within[words.longest - i - 1][step] for i in range(words.longest)]
        return self._standing(rows)

    def places_in(self, length: int) -> Bool[Mask, "length tokens"]:
        """Which token stands at which position of some sequence of a length."""
        step, can = self.words.automaton.step, self.words.can
        return self._standing([can[length - i - 1][step] for i in range(length)])

    def _standing(self, ahead: list[Mask]) -> Mask:
        """For each position the tokens that lead from a state there to one that is ahead."""
        automaton = self.words.automaton
        known = automaton.step >= 0
        rows = [
            (known & further)[reached].any(axis=0)
            for reached, further in zip(self._reached, ahead, strict=False)
        ]
        return np.array(rows)[:, automaton.classes]

    @cached_property
    def _reached(self) -> Mask:
        """[tokens read, states]: whether some so many tokens lead to a state."""
        step = self.words.automaton.step
        row = np.zeros(len(step), dtype=bool)
        row[0] = True
        rows = [row]
        for _ in range(self.words.longest - 1):
            found = np.unique(step[rows[-1]])
            row = np.zeros(len(step), dtype=bool)
            row[found[found >= 0]] = True
            rows.append(row)
        return np.array(rows)

    @cached_property
    def in_order(self) -> Bool[Mask, "tokens tokens"]:
        """Whether a token stands somewhere before another."""
        classes = self.words.automaton.classes
        return self._classes_in_order()[np.ix_(classes, classes)]

    def _classes_in_order(self) -> Mask:
        automaton, longest = self.words.automaton, self.words.longest
        states, classes = automaton.step.shape
        if states * classes * (states + longest) > MAX_WORK:
            return np.ones((classes, classes), dtype=bool)
        closed, far = automaton.completed().step, states
        between = np.full((states + 1, states + 1), FAR, dtype=np.int64)
        between[np.arange(states + 1), np.arange(states + 1)] = 0
        for _ in range(longest):
            ahead = between[closed].min(axis=1) + 1
            closer = np.minimum(between, ahead)
            if (closer == between).all():
                break
            between = closer
        between[far], between[:, far] = FAR, FAR
        left = np.where(np.append(automaton.accepting, False), 0, FAR)
        left = np.minimum(between + left, FAR).min(axis=1)
        # The fewest tokens until one of a class was read and each state reached.
        until = np.array(
            [(between[0] + 1 + between[closed[:, kind]].T).min(axis=1) for kind in range(classes)]
        )
        rest = left[closed] + 1
        return np.array(
            [[(read + rest[:, kind]).min() <= longest for kind in range(classes)] for read in until]
        )

    def least_and_most(
        self, sets: Bool[Mask, "sets tokens"]
    ) -> tuple[Int[NDArray[np.int64], " sets"], Int[NDArray[np.int64], " sets"]]:
        """The fewest and the most positions of a sequence that hold a token of each set."""
        known = sets.shape[0].to_bytes(8, "big") + np.packbits(sets).tobytes()
        if known not in self._numbers:
            self._numbers[known] = self._least_and_most(sets)
        return self._numbers[known]

    def _least_and_most(self, sets: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        automaton, longest = self.words.automaton, self.words.longest
        distinct, place = np.unique(sets, axis=0, return_inverse=True)
        if len(distinct) * automaton.step.size * longest > MAX_WORK:
            return np.zeros(len(sets), dtype=np.int64), np.full(len(sets), longest)
        held = np.array([np.bincount(automaton.classes, row) for row in distinct])
        every, some = held == automaton.sizes, held > 0
        least = self._least(every.astype(np.int64))
        most = -self._least(-some.astype(np.int64))
        return least[place.ravel()], most[place.ravel()]

    def _least(self, weights: NDArray[np.int64]) -> NDArray[np.int64]:
        """[sets]: the least sum of the weights [sets, classes] along a sequence."""
        automaton = self.words.automaton
        step = automaton.step
        row = np.repeat(np.where(automaton.accepting, 0, FAR)[None], len(weights), axis=0)
        found = np.full(len(weights), FAR, dtype=np.int64)
        for _ in range(self.words.longest):
            ahead = np.where(step >= 0, row[:, step], FAR)
            total = (ahead + weights[:, None, :]).min(axis=2)
            row = np.where((ahead >= FAR).all(axis=2), FAR, total)
            found = np.minimum(found, row[:, 0])
        return found
