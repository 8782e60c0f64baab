"""Inputs that a search finds for rare cases: what random inputs miss.

A program behaves in many small ways: a function gives a value, a selector selects two keys at
a query, a mean is taken of these values. The search evaluates batches of inputs, notes which
of these cases each input shows, and keeps the inputs that show one for the first time. New
inputs are changed copies of those that show what few others do, so that it climbs: an input
on which a selector selects one key comes before that on which it selects two.

The idea is that of fuzzing guided by coverage (AFL, https://lcamtuf.coredump.cx/afl/), with
cases of the program in place of branches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.cases import Cases, cases_of
from optitracr.checking.mutations import Mutator
from optitracr.inputs import Codes, InputSet, telling_inputs
from optitracr.model.transformer import Transformer
from optitracr.rasp.batch import BatchInterpreter
from optitracr.rasp.expression import Value, postorder
from optitracr.rasp.sop import SOp

if TYPE_CHECKING:
    from optitracr.domain.language import Language

BATCH = 128
"""Inputs evaluated at a time: enough for arrays to pay, few enough to climb often."""

CELLS = 1 << 22
"""Entries of all selectors' matrices in one batch, 4 MB; longer inputs come in smaller batches."""

FEWEST = 8
"""Inputs that a search has to be able to evaluate; with fewer it finds nothing that drawing at
random does not."""

EFFORT = 8
"""Inputs evaluated for each that a check may add; rare cases take so many to climb to."""

MOST_EVALUATED = 1 << 12
"""Inputs evaluated for one check at most: some tenths of a second."""

MOST_CELLS = 1 << 26
"""Entries of selectors' matrices evaluated for one check at most: a second or so. Where inputs
are so long that few of them fit, there is no search."""


@dataclass(frozen=True, slots=True)
class SearchBudget:
    """How far a search goes; it is counted, not timed, so that its result is the same.

    Attributes:
        evaluated: Inputs evaluated.
        kept: Inputs returned at most: those that show the rarest cases.
    """

    evaluated: int
    kept: int


@dataclass(frozen=True, slots=True)
class RareInputs:
    """What a search found.

    Attributes:
        codes: Shape [count, max_seq_len]; codes index the vocabulary; -1 pads.
        lengths: Shape [count].
        cases: Number of cases that they show.
        evaluated: Number of inputs evaluated.
    """

    codes: Codes
    lengths: Codes
    cases: int
    evaluated: int


def find_rare_inputs(
    program: SOp,
    vocabulary: Sequence[Value],
    max_seq_len: int,
    causal: bool = False,
    *,
    budget: SearchBudget,
    seed: int = 0,
    known: Sequence[Sequence[int]] = (),
    domain: Language | None = None,
) -> RareInputs:
    """Inputs that show as many cases of a program as the budget allows to find.

    Args:
        program: The program; everything that it is made of is watched.
        vocabulary: What the codes of tokens stand for.
        max_seq_len: Longest input.
        causal: Whether no query selects a later key.
        budget: How far to go.
        seed: Of the search.
        known: Codes of inputs that something else found (a solver, a user): they are
            tried first, and built on.
        domain: The inputs that matter, if not all do; no others are evaluated then.
    """
    search = _Search(program, vocabulary, max_seq_len, causal, seed, domain)
    return search.run(budget, known)


def add_rare_inputs(
    inputs: InputSet,
    model: Transformer,
    sampled: int,
    seed: int = 0,
    known: Sequence[Sequence[int]] = (),
) -> InputSet:
    """Inputs to check a model on, and beyond the exhaustive length what a search finds.

    Args:
        inputs: Inputs so far.
        model: The model.
        sampled: Number of inputs to add at most.
        seed: Of the search.
        known: Codes of inputs to begin with, which a solver or a user found.
    """
    setting, graph = model.setting, model.program.graph
    if inputs.exhaustive_length == setting.max_seq_len:
        return inputs
    program = dict(graph.expressions)[graph.output]
    affordable = MOST_CELLS // cells_of(program, setting.max_seq_len)
    evaluated = min(EFFORT * sampled, MOST_EVALUATED, affordable)
    if evaluated < FEWEST:
        return inputs
    found = find_rare_inputs(
        program,
        setting.vocabulary,
        setting.max_seq_len,
        setting.causal,
        budget=SearchBudget(evaluated, sampled),
        seed=seed,
        known=known,
        domain=setting.domain,
    )
    beyond = found.lengths > inputs.exhaustive_length
    return InputSet(
        np.concatenate([inputs.codes, found.codes[beyond]]),
        np.concatenate([inputs.lengths, found.lengths[beyond]]),
        inputs.exhaustive_length,
    )


def cells_of(program: SOp, length: int) -> int:
    """Entries of all selectors' matrices on one input, and of all s-ops."""
    exprs = tuple(postorder(program))
    sops = sum(isinstance(expr, SOp) for expr in exprs)
    return sops * length + (len(exprs) - sops) * length * length


class _Search:
    def __init__(
        self,
        program: SOp,
        vocabulary: Sequence[Value],
        longest: int,
        causal: bool,
        seed: int,
        domain: Language | None,
    ) -> None:
        self.exprs = tuple(postorder(program))
        self.interpreter = BatchInterpreter(self.exprs, vocabulary, longest, causal)
        self.cases = Cases()
        self.longest, self.vocabulary, self.domain = longest, len(vocabulary), domain
        self.rng = np.random.default_rng(seed)
        self.mutator = Mutator(self.rng, len(vocabulary), longest)
        self.kept: list[NDArray[np.integer[Any]]] = []
        self.batch = min(BATCH, max(1, CELLS // cells_of(program, longest)))

    def run(self, budget: SearchBudget, known: Sequence[Sequence[int]]) -> RareInputs:
        left = budget.evaluated
        start = self._inside(self._padded(known))
        if len(start):
            left -= self._try(start[:left])
        # A third of what is left is no guess, so that there is something to change.
        first = telling_inputs(
            self.rng, self.vocabulary, self.longest, max(left // 3, 1), self.domain
        )
        while left > 0:
            rows, first = first[: self.batch], first[self.batch :]
            if not len(rows):
                rows = self._mended(self._changed(self.batch)[:left])
                # What no predicate lets pass costs as much, so that the search ends.
                left -= min(self.batch, left) - len(rows)
            if len(rows):
                left -= self._try(rows[:left])
        rarest = [self.kept[place] for place in self.cases.rarest(budget.kept)]
        codes = np.array(rarest, dtype=np.int32).reshape(-1, self.longest)
        lengths = (codes >= 0).sum(axis=1).astype(np.int32)
        return RareInputs(codes, lengths, len(self.cases), budget.evaluated - left)

    def _inside(self, codes: Codes) -> Codes:
        """Those of some inputs that matter."""
        return codes if self.domain is None else codes[self.domain.rows.contain(codes)]

    def _mended(self, codes: Codes) -> Codes:
        """Inputs that matter, like given ones."""
        return codes if self.domain is None else self.domain.rows.mended(self.rng, codes)

    def _padded(self, inputs: Sequence[Sequence[int]]) -> Codes:
        codes = np.full((len(inputs), self.longest), -1, dtype=np.int32)
        for row, given in zip(codes, inputs, strict=True):
            row[: len(given)] = given
        return codes

    def _try(self, codes: Codes) -> int:
        lengths = (codes >= 0).sum(axis=1)
        evaluation = self.interpreter.run(codes, lengths)
        defined = np.flatnonzero(~evaluation.undefined)
        found = cases_of(self.exprs, evaluation, lengths, defined)
        for row in self.cases.add(found, len(self.kept)):
            self.kept.append(codes[defined[row]])
        return len(codes)

    def _changed(self, count: int) -> Codes:
        """Changed copies of inputs that show rare cases."""
        if not self.kept:
            return self.mutator.fresh(count)
        chosen = self.cases.rare(self.rng, 2 * count)
        rows = []
        for place, other in zip(chosen[:count], chosen[count:], strict=True):
            rows.append(self.mutator.change(self._tokens(place), self._tokens(other)))
        return self._padded(rows)

    def _tokens(self, place: int) -> list[int]:
        return [code for code in self.kept[place].tolist() if code >= 0]
