"""Sequences that an automaton accepts: counted, listed, drawn, and mended.

Dynamic programming over the tokens that are left: whatever was read, what may follow depends on
the state alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.domain.automaton import Automaton
from optitracr.memory import check_memory

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

Codes = NDArray[np.int32]

WORD_BYTES = 12
"""What a token of a listed sequence takes: its code, and that of its state before and after."""


@dataclass(frozen=True, eq=False)
class Words:
    """The sequences of 1 to `longest` tokens that an automaton accepts.

    Attributes:
        automaton: The automaton.
        longest: Longest sequence.
    """

    automaton: Automaton
    longest: int

    @cached_property
    def can(self) -> Bool[NDArray[np.bool_], "left states"]:
        """Whether some sequence of exactly so many tokens leads from a state to acceptance."""
        step = self.automaton.step
        rows = [self.automaton.accepting]
        for _ in range(self.longest):
            rows.append(np.any((step >= 0) & rows[-1][step], axis=1))
        return np.array(rows)

    @cached_property
    def shares(self) -> Float[NDArray[np.float64], "left states"]:
        """How many such sequences there are, in each row as a share of the most."""
        return self._counted[0]

    @cached_property
    def _counted(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The shares, and the logarithm of what each row is a share of."""
        automaton = self.automaton
        weights = automaton.sizes.astype(np.float64)
        rows, scales = [automaton.accepting.astype(np.float64)], [0.0]
        for _ in range(self.longest):
            ahead = np.where(automaton.step >= 0, rows[-1][automaton.step], 0.0) @ weights
            most = float(ahead.max(initial=0.0))
            rows.append(ahead / most if most else ahead)
            scales.append(scales[-1] + float(np.log(most)) if most else scales[-1])
        return np.array(rows), np.array(scales)

    @cached_property
    def lengths(self) -> Int[NDArray[np.int64], " lengths"]:
        """The lengths of the sequences, ascending."""
        return np.flatnonzero(self.can[1:, 0]) + 1

    def about(self, length: int) -> float:
        """How many sequences of a length there are, to the precision of a float; may be inf."""
        shares, scales = self._counted
        with np.errstate(over="ignore"):
            return float(np.exp(scales[length]) * shares[length, 0])

    def counts(self) -> list[int]:
        """How many sequences of each length there are, from length 0 on, exactly."""
        automaton = self.automaton
        weights = automaton.sizes.astype(object)
        row = automaton.accepting.astype(int).astype(object)
        found = [0]
        for _ in range(self.longest):
            ahead = np.where(automaton.step >= 0, row[automaton.step], 0)
            row = (ahead * weights).sum(axis=1)
            found.append(int(row[0]))
        return found

    def exhausted(self, limit: int) -> int:
        """The longest length such that all sequences up to it number at most so many."""
        total = 0.0
        for length in range(1, self.longest + 1):
            total += self.about(length)
            # Half a sequence is what the count of so few can be off by at most.
            if total > limit + 0.5:
                return length - 1
        return self.longest

    def of_length(self, length: int, limit: int | None = None) -> Int[Codes, "count longest"]:
        """The sequences of a length, in the order of their codes; -1 pads.

        Args:
            length: The length.
            limit: At most so many of them, the first; all by default.

        Raises:
            LimitError: If they do not fit in memory.
        """
        count = min(self.about(length), 1e18 if limit is None else limit)
        check_memory(
            f"the inputs of {length} tokens of the domain",
            int(count) * self.longest * WORD_BYTES,
            "lower max_inputs or max_seq_len, or promise more",
        )
        automaton = self.automaton
        codes = np.full((1, self.longest), -1, dtype=np.int32)
        state: NDArray[np.integer[Any]] = np.zeros(1, dtype=np.int64)
        if not self.can[length, 0]:
            return codes[:0]
        for place in range(length):
            ahead = automaton.step[state]
            open_ = (ahead >= 0) & self.can[length - place - 1][ahead]
            # Every beginning goes on, so that so many of them are enough.
            rows, tokens = (x[:limit] for x in np.nonzero(open_[:, automaton.classes]))
            codes = codes[rows]
            codes[:, place] = tokens
            state = ahead[rows, automaton.classes[tokens]]
        return codes

    def drawn(
        self, rng: np.random.Generator, lengths: NDArray[np.integer[Any]]
    ) -> Int[Codes, "count longest"]:
        """Sequences of given lengths, each of its length as likely as another; -1 pads.

        Args:
            rng: Of the draw.
            lengths: Shape [count]; each one that some sequence has.
        """
        wanted = np.full((len(lengths), self.longest), -1, dtype=np.int32)
        return self.mended(rng, wanted, lengths)

    def mended(
        self,
        rng: np.random.Generator,
        wanted: NDArray[np.integer[Any]],
        lengths: NDArray[np.integer[Any]],
    ) -> Int[Codes, "count longest"]:
        """Accepted sequences of given lengths that keep what they can of others.

        Token by token: the wanted one where a sequence of that length goes on with it, else one
        that is drawn, all that may follow being equally likely.

        Args:
            rng: Of the draw.
            wanted: Shape [count, longest]; -1 where any token will do.
            lengths: Shape [count]; each one that some sequence has.
        """
        automaton = self.automaton
        codes = np.full(wanted.shape, -1, dtype=np.int32)
        state = np.zeros(len(codes), dtype=np.int64)
        order, starts = self._by_class
        for left in range(int(np.max(lengths, initial=0)), 0, -1):
            rows = np.flatnonzero(lengths >= left)
            place = lengths[rows] - left
            ahead = automaton.step[state[rows]]
            open_ = (ahead >= 0) & self.can[left - 1][ahead]
            weight = np.where(open_, self.shares[left - 1][ahead], 0.0) * automaton.sizes
            # Where all are so rare that a float calls them nothing, they are equally likely.
            weight = np.where(weight.sum(axis=1, keepdims=True) > 0, weight, open_)
            edges = weight.cumsum(axis=1)
            mark = rng.random(len(rows)) * edges[:, -1]
            kind = (edges <= mark[:, None]).sum(axis=1)
            kind = np.minimum(kind, _last(weight))
            within = (rng.random(len(rows)) * automaton.sizes[kind]).astype(np.int64)
            token = order[starts[kind] + within]
            given = wanted[rows, place]
            keeps = (given >= 0) & open_[np.arange(len(rows)), automaton.classes[given]]
            token = np.where(keeps, given, token)
            codes[rows, place] = token
            state[rows] = ahead[np.arange(len(rows)), automaton.classes[token]]
        return codes

    @cached_property
    def _by_class(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The tokens, class by class, and where each class begins."""
        sizes = self.automaton.sizes
        return np.argsort(self.automaton.classes, kind="stable"), np.cumsum(sizes) - sizes


def _last(weight: NDArray[Any]) -> NDArray[np.int64]:
    """The last column of each row that weighs something."""
    behind = np.argmax(weight[:, ::-1] > 0, axis=1)
    return np.asarray(weight.shape[1] - 1 - behind, dtype=np.int64)
