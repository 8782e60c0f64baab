"""Sets of sequences as deterministic automata, held as arrays.

Tokens that an automaton treats alike form a class, so that a promise about two tokens out of a
hundred has three classes. State 0 is the start. Lengths count up to the longest input: states
that lie on no accepted sequence of at most that length are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import LimitError

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

Classes = NDArray[np.int32]

MAX_STATES = 200_000
"""States of an automaton: a list of 10,000 sequences of 20 tokens has so many, and what is asked of
it takes seconds. Promises made of parts have some ten."""

MAX_MINIMISED = 20_000
"""States up to which equal ones are merged: each round sorts all states, some ten milliseconds
for so many, and an automaton needs up to as many rounds as a sequence has tokens."""

NOWHERE = -1
"""In place of the next state where no accepted sequence goes on."""


@dataclass(frozen=True, slots=True, eq=False)
class Automaton:
    """A deterministic automaton over the codes of tokens.

    Attributes:
        classes: Shape [tokens]: the class of each token.
        step: Shape [states, classes]: the next state, or `NOWHERE`.
        accepting: Shape [states].
    """

    classes: Int[Classes, " tokens"]
    step: Int[NDArray[np.int32], "states classes"]
    accepting: Bool[NDArray[np.bool_], " states"]

    @property
    def states(self) -> int:
        """Number of states."""
        return len(self.accepting)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Tokens of each class."""
        return np.bincount(self.classes, minlength=self.step.shape[1])

    def accepts(self, codes: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
        """Which sequences are accepted.

        Args:
            codes: Shape [count, longest]; -1 pads.
        """
        state = np.zeros(len(codes), dtype=np.int32)
        closed = self.completed()
        for column in np.asarray(codes).T:
            following = closed.step[state, self.classes[column]]
            state = np.where(column < 0, state, following)
        return closed.accepting[state]

    def completed(self) -> Automaton:
        """The same with a state more, in which all ends that leads nowhere."""
        sink = self.states
        step = np.where(self.step < 0, sink, self.step)
        last = np.full((1, self.step.shape[1]), sink)
        return Automaton(
            self.classes,
            np.concatenate([step, last]).astype(np.int32),
            np.append(self.accepting, False),
        )


def everything(tokens: int) -> Automaton:
    """Every sequence."""
    return Automaton(
        np.zeros(tokens, dtype=np.int32), np.zeros((1, 1), dtype=np.int32), np.ones(1, dtype=bool)
    )


def both(first: Automaton, second: Automaton, longest: int) -> Automaton:
    """What both accept, up to a length."""
    return _product(first, second, longest, np.logical_and)


def either(first: Automaton, second: Automaton, longest: int) -> Automaton:
    """What one of them accepts, up to a length."""
    return _product(first, second, longest, np.logical_or)


def _product(
    first: Automaton, second: Automaton, longest: int, join: Callable[..., NDArray[np.bool_]]
) -> Automaton:
    """Both side by side, as far as sequences of some length go."""
    one, other = first.completed(), second.completed()
    sides = np.stack([one.classes, other.classes], axis=1)
    pairs, found = np.unique(sides, axis=0, return_inverse=True)
    classes = found.ravel().astype(np.int32)
    width = other.states

    def following(found: NDArray[np.int64]) -> NDArray[np.int64]:
        left = one.step[found // width][:, pairs[:, 0]].astype(np.int64)
        return left * width + other.step[found % width][:, pairs[:, 1]]

    known = frontier = np.zeros(1, dtype=np.int64)
    for _ in range(longest):
        frontier = np.setdiff1d(following(frontier), known)
        if not len(frontier):
            break
        known = np.union1d(known, frontier)
        check_states(len(known))
    ahead = following(known)
    place = np.minimum(np.searchsorted(known, ahead), len(known) - 1)
    step = np.where(known[place] == ahead, place, NOWHERE).astype(np.int32)
    accepting = join(one.accepting[known // width], other.accepting[known % width])
    return trimmed(Automaton(classes, step, accepting), longest)


def check_states(count: int) -> None:
    """Checks that an automaton is not too large.

    Raises:
        LimitError: If it is.
    """
    if count > MAX_STATES:
        raise LimitError(
            f"the domain needs more than {MAX_STATES:,} states to be told from other inputs; "
            "promise less, list fewer sequences, or lower max_seq_len"
        )


def trimmed(automaton: Automaton, longest: int) -> Automaton:
    """The same on sequences up to a length, without states that none of these needs."""
    step, depth = automaton.step, _depths(automaton, longest)
    left = _distances(automaton, longest)
    used = depth + left <= longest
    used[0] = True
    ahead = np.where(step >= 0, left[step], longest + 1)
    kept = (depth[:, None] + 1 + ahead <= longest) & used[:, None]
    place = np.cumsum(used) - 1
    step = np.where(kept, place[step], NOWHERE)[used].astype(np.int32)
    return _merged(Automaton(automaton.classes, step, automaton.accepting[used]))


def _depths(automaton: Automaton, longest: int) -> NDArray[np.int64]:
    """Tokens from the start to each state; more than the longest where none leads there."""
    depth = np.full(automaton.states, longest + 1, dtype=np.int64)
    frontier: NDArray[np.integer[Any]] = np.zeros(1, dtype=np.int64)
    depth[0] = 0
    for steps in range(1, longest + 1):
        found = np.unique(automaton.step[frontier])
        frontier = found[(found >= 0) & (depth[found] > longest)]
        depth[frontier] = steps
    return depth


def _distances(automaton: Automaton, longest: int) -> NDArray[np.int64]:
    """Tokens from each state to an accepting one; more than the longest where none leads there."""
    left = np.where(automaton.accepting, 0, longest + 1).astype(np.int64)
    for _ in range(longest):
        ahead = np.where(automaton.step >= 0, left[automaton.step], longest + 1)
        closer = np.minimum(left, ahead.min(axis=1, initial=longest + 1) + 1)
        if (closer == left).all():
            break
        left = closer
    return left


def _merged(automaton: Automaton) -> Automaton:
    """The same with equal states merged (Moore 1956), and classes that no state tells apart."""
    if automaton.states <= MAX_MINIMISED:
        automaton = _minimal(automaton)
    held, classes = np.unique(automaton.classes, return_inverse=True)
    step, merged = np.unique(automaton.step[:, held], axis=1, return_inverse=True)
    return Automaton(merged.ravel()[classes].astype(np.int32), step, automaton.accepting)


def _minimal(automaton: Automaton) -> Automaton:
    count, block = 0, automaton.accepting.astype(np.int32)
    while True:
        rows = np.concatenate([block[:, None], _into(block, automaton.step)], axis=1)
        _, first, found = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        if len(first) == count:
            break
        count, block = len(first), found.ravel().astype(np.int32)
    # The start comes first.
    order = np.argsort(first)
    place = np.argsort(order).astype(np.int32)
    kept = first[order]
    step = _into(place[block], automaton.step)[kept]
    return Automaton(automaton.classes, step, automaton.accepting[kept])


def _into(block: NDArray[np.int32], step: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.where(step >= 0, block[step], NOWHERE).astype(np.int32)


def of_words(words: NDArray[np.int32], tokens: int) -> Automaton:
    """Some sequences and no others: their tree, with equal branches of one depth merged.

    Args:
        words: Shape [count, longest], at least one; -1 pads.
        tokens: Number of tokens.

    Raises:
        LimitError: If the tree is too large.
    """
    words = np.unique(words, axis=0)
    longest = words.shape[1]
    present, classes = np.unique(words[words >= 0], return_inverse=True)
    coded = np.full(words.shape, -1, dtype=np.int64)
    coded[words >= 0] = classes
    layers = _layers(coded)
    check_states(sum(int(layer.max(initial=0)) + 1 for layer in layers))
    accepting: list[NDArray[np.bool_]] = [np.zeros(0, dtype=bool)] * (longest + 1)
    steps: list[NDArray[np.int64]] = [np.zeros((0, 0), dtype=np.int64)] * (longest + 1)
    lengths = (words >= 0).sum(axis=1)
    below = np.zeros(0, dtype=np.int64)
    for depth in range(longest, -1, -1):
        accepting[depth], steps[depth], below = _layer(
            layers, coded, lengths, depth, below, len(present)
        )
    sizes = np.cumsum([0, *(len(layer) for layer in accepting)])
    joined = [
        np.where(step >= 0, step + sizes[depth + 1], NOWHERE) for depth, step in enumerate(steps)
    ]
    step = np.concatenate(joined)
    # A token that no sequence holds is in a class of its own, which leads nowhere.
    step = np.concatenate([step, np.full((len(step), 1), NOWHERE)], axis=1).astype(np.int32)
    kinds = np.full(tokens, len(present), dtype=np.int32)
    kinds[present] = np.arange(len(present))
    return trimmed(Automaton(kinds, step, np.concatenate(accepting)), longest)


def _layers(words: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """For each depth the branch that each sequence is on; -1 beyond its end. Words are sorted."""
    count, longest = words.shape
    layers = [np.zeros(count, dtype=np.int64)]
    fresh = np.arange(count) == 0
    for depth in range(longest):
        fresh[1:] |= words[1:, depth] != words[:-1, depth]
        inside = words[:, depth] >= 0
        layers.append(np.where(inside, np.cumsum(inside & fresh) - 1, NOWHERE))
    return layers


def _layer(
    layers: list[NDArray[np.int64]],
    words: NDArray[np.int64],
    lengths: NDArray[np.int64],
    depth: int,
    below: NDArray[np.int64],
    tokens: int,
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    """The states of one depth: which accept, where they lead, and that of each branch."""
    here = layers[depth]
    count = int(here.max(initial=0)) + 1
    accepts = np.zeros(count, dtype=bool)
    accepts[here[lengths == depth]] = True
    rows = np.full((count, tokens + 1), NOWHERE, dtype=np.int64)
    if depth < words.shape[1]:
        on = words[:, depth] >= 0
        rows[here[on], words[on, depth]] = below[layers[depth + 1][on]]
    rows[:, tokens] = accepts
    distinct, found = np.unique(rows, axis=0, return_inverse=True)
    return distinct[:, tokens] > 0, distinct[:, :tokens], found.ravel()
