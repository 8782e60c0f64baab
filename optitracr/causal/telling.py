"""Pairs of inputs that tell interventions apart: drawn, and where few are, all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr.causal.interchange import Codes, Interchanged, Interpreter, Mask, Pairs
from optitracr.inputs import check_inputs, exhaustive_length, telling_inputs
from optitracr.setting import Setting

DRAWN = 512
"""Pairs of one draw: an input of nine in ten library programs tells all apart by then."""

LEAST_DRAWN = 32
"""Pairs of one draw of a large program."""

COMPARED = 1 << 23
"""Comparisons of one draw, over pairs of interventions: tenths of a second."""

SAME, ANY = 4, 4
"""Draws of pairs of one length, then of any two; the library needs three of the first and one."""

POOL = 1024
"""Inputs that pairs are drawn from: the shortest, plain patterns and random ones."""

ALL_INPUTS = 6_000
"""Inputs up to which every pair of them is looked at: 36 million pairs, compared as integers."""

ALL_RUNS = 1_000_000
"""Interventions that are run for that: what differs in a variable alone, some seconds."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Pairs, and what tells interventions apart on them.

    Attributes:
        pairs: The pairs.
        found: The outputs under each intervention.
        ids: Shape [interventions, pairs]: equal where outputs are; -1 where undefined.
    """

    pairs: Pairs
    found: Interchanged
    ids: NDArray[np.int64]

    def apart(self, first: int) -> Mask:
        """Shape [interventions, pairs]: where an intervention is told from each other one."""
        own = self.ids[first]
        found: Mask = (own != self.ids) & (own >= 0) & (self.ids >= 0)
        return found


def drawn(interpreter: Interpreter, pairs: Pairs, wanted: Sequence[Collection[str]]) -> Drawn:
    """Runs interventions on pairs."""
    found = interpreter.interchanged(pairs, wanted)
    return Drawn(pairs, found, np.where(found.undefined, -1, ids_of(found.codes)))


def ids_of(codes: Codes) -> NDArray[np.int64]:
    """An integer for each row along the last axis; equal rows have equal ones."""
    flat = np.ascontiguousarray(codes).reshape(-1, codes.shape[-1])
    whole = flat.view(np.dtype((np.void, flat.itemsize * flat.shape[1]))).ravel()
    found: NDArray[np.int64] = np.unique(whole, return_inverse=True)[1]
    return found.reshape(codes.shape[:-1]).astype(np.int64)


def draws(setting: Setting, interventions: int, seed: int) -> Iterator[Pairs]:
    """Draws of pairs: of one length, then of any lengths."""
    rng = np.random.default_rng(seed)
    inputs = telling_inputs(rng, len(setting.vocabulary), setting.max_seq_len, POOL, setting.domain)
    count = int(np.clip(COMPARED // interventions**2, LEAST_DRAWN, DRAWN))
    for _ in range(SAME):
        yield of_one_length(inputs, count, rng)
    for _ in range(ANY):
        yield Pairs(*(inputs[rng.integers(len(inputs), size=count)] for _ in range(2)))


def of_one_length(inputs: Codes, count: int, rng: np.random.Generator) -> Pairs:
    """Pairs of one length each; inputs that are alone of their length are their own source."""
    lengths = (inputs >= 0).sum(axis=1)
    order = np.argsort(lengths, kind="stable")
    first = np.searchsorted(lengths[order], lengths)
    last = np.searchsorted(lengths[order], lengths, side="right")
    base = rng.integers(len(inputs), size=count)
    place = rng.integers(first[base], last[base])
    return Pairs(inputs[base], inputs[order[place]])


def every_input(setting: Setting) -> Codes | None:
    """All inputs, if they are few."""
    domain, longest = setting.domain, setting.max_seq_len
    if domain is None and exhaustive_length(len(setting.vocabulary), longest, ALL_INPUTS) < longest:
        return None
    if domain is not None and domain.rows.exhausted(ALL_INPUTS) < domain.longest:
        return None
    return check_inputs(len(setting.vocabulary), longest, ALL_INPUTS, 0, 0, domain).codes


class Exhausted:
    """Every pair of inputs, for interventions on one variable each."""

    def __init__(self, interpreter: Interpreter, inputs: Codes) -> None:
        self._interpreter, self._inputs = interpreter, inputs
        self._plain = interpreter.plain(inputs)
        self._lengths = (inputs >= 0).sum(axis=1)

    def pair_apart(self, first: str, second: str) -> tuple[bool, Pairs | None]:
        """Whether every pair was looked at, and one that tells two variables apart, if one does.

        Args:
            first: A variable.
            second: Another one, or "" for no intervention.
        """
        lengths = np.unique(self._lengths).tolist()
        sources = {n: [self._distinct(label, n) for label in (first, second)] for n in lengths}
        runs = sum(
            int((self._lengths == n).sum()) * sum(len(rows) for rows, _ in found)
            for n, found in sources.items()
        )
        if runs > ALL_RUNS:
            return False, None
        for length, ((own, of_own), (rival, of_rival)) in sources.items():
            bases = self._inputs[self._lengths == length]
            ids = self._ids(bases, [(first, own), (second, rival)])
            classes = np.stack([of_own, of_rival])
            kinds, at = np.unique(classes, axis=1, return_index=True)
            for (one, other), source in zip(kinds.T, at, strict=True):
                ours, theirs = ids[0][one], ids[1][other]
                differ = np.flatnonzero((ours != theirs) & (ours >= 0) & (theirs >= 0))
                if len(differ):
                    return True, Pairs(bases[differ[:1]], self._inputs[source : source + 1])
        return True, None

    def _distinct(self, label: str, length: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Sources that differ in a variable at so many positions, and which each input is like."""
        if not label:
            return np.zeros(1, dtype=np.intp), np.zeros(len(self._inputs), dtype=np.intp)
        codes = self._interpreter.codes(label, self._plain)[:, :length]
        ends = np.minimum(self._lengths, length)
        rows = np.column_stack([codes, ends, self._plain.undefined])
        _, first, place = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        return first, place.reshape(-1)

    def _ids(
        self, bases: Codes, wanted: Sequence[tuple[str, NDArray[np.intp]]]
    ) -> list[NDArray[np.int64]]:
        """For each variable, by source and base: equal where outputs are; -1 where undefined."""
        codes, undefined, shapes = [], [], []
        for label, sources in wanted:
            pairs = Pairs(
                np.tile(bases, (len(sources), 1)),
                np.repeat(self._inputs[sources], len(bases), axis=0),
            )
            found = self._interpreter.interchanged(pairs, [(label,) if label else ()])
            codes.append(found.codes[0])
            undefined.append(found.undefined[0])
            shapes.append((len(sources), len(bases)))
        ids = np.where(np.concatenate(undefined), -1, ids_of(np.concatenate(codes)))
        parts = np.split(ids, [len(codes[0])])
        return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
