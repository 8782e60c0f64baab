"""A compilation that a limit stopped, and what is known of what it stumbled over."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from optitracr import rasp
from optitracr.errors import OptitracrError
from optitracr.graph.build import build_graph
from optitracr.graph.values import ValueSet
from optitracr.inputs import check_inputs
from optitracr.rasp.batch import BatchEvaluation, evaluate_batch
from optitracr.rasp.expression import postorder
from optitracr.setting import Setting

Steps = Callable[[rasp.SOp, Setting], Sequence[Callable[[], Any]]]
"""The steps of compiling a program, in order; the first gives the tabled program."""

SAMPLE = 64
"""Inputs on which it is looked what numbers are whole and what selectors select, and as many of
random tokens: a remedy is proposed for these and tried by the compiler itself."""


@dataclass(frozen=True)
class Case:
    """What a limit stopped.

    Attributes:
        source: The program.
        setting: Vocabulary and length.
        sop: The s-op that the limit is about.
        steps: How a program is compiled.
        failed: The place of the step that it stopped.
    """

    source: rasp.SOp
    setting: Setting
    sop: rasp.SOp
    steps: Steps
    failed: int

    def describe(self, sop: rasp.SOp) -> str:
        """An s-op's label in the program, where it is unique, and where its author wrote it."""
        label = self._labels.get(id(sop), sop.label)
        return f"'{label}' ({sop.source})" if sop.source else f"'{label}'"

    @cached_property
    def _labels(self) -> dict[int, str]:
        return {id(sop): label for label, sop in build_graph(self.source).expressions}

    @cached_property
    def below(self) -> list[rasp.SOp]:
        """The s-ops that it is made of, operands first."""
        parts = (part for part in postorder(self.sop) if part is not self.sop)
        return [part for part in parts if isinstance(part, rasp.SOp)]

    @cached_property
    def operands(self) -> list[rasp.SOp]:
        """The s-ops that it reads, also by its selector."""
        found: dict[int, rasp.SOp] = {}
        left = list(reversed(self.sop.children))
        while left:
            part = left.pop()
            if isinstance(part, rasp.SOp):
                found[id(part)] = part
            else:
                left += reversed(part.children)
        return list(found.values())

    def size(self, sop: rasp.SOp) -> float:
        """How many values an s-op can take; infinite if they are too many to be listed."""
        own = self._sets.get(id(sop))
        if own is None:
            return 0
        return math.inf if own.exploded else len(own.values)

    def is_fractional(self, sop: rasp.SOp) -> bool:
        """Whether an s-op can be a number that is not whole, as far as value sets tell."""
        own = self._sets.get(id(sop))
        if own is None:
            return False
        return bool(own.exploded) or any(
            isinstance(value, float) and not value.is_integer() for value in own.values
        )

    @cached_property
    def _sets(self) -> dict[int, ValueSet]:
        """What the s-ops below can be; those that are not known are left out."""
        found: dict[int, ValueSet] = {}
        for operand in self.operands:
            if id(operand) in found:
                continue
            try:
                tabled = self.steps(operand, self.setting)[0]()
            except OptitracrError:
                continue
            known = tabled.by_label()
            found |= {
                id(sop): known[label].value_set
                for label, sop in build_graph(operand).expressions
                if label in known
            }
        return found

    @cached_property
    def seen(self) -> Seen | None:
        """What it does on some inputs; None if it cannot be evaluated."""
        vocabulary = self.setting.vocabulary
        exprs = tuple(postorder(self.sop))
        try:
            longest, domain = self.setting.max_seq_len, self.setting.domain
            inputs = check_inputs(len(vocabulary), longest, SAMPLE, SAMPLE, 0, domain)
            found = evaluate_batch(
                exprs, vocabulary, inputs.codes, inputs.lengths, self.setting.causal
            )
        except OptitracrError:
            return None
        return Seen(found, np.asarray(inputs.lengths))


@dataclass(frozen=True)
class Seen:
    """Some inputs, and what a program does on them.

    Attributes:
        evaluation: The values.
        lengths: The number of tokens of each input.
    """

    evaluation: BatchEvaluation
    lengths: Any
    _defined: Any = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_defined", ~self.evaluation.undefined)

    def values(self, sop: rasp.SOp) -> list[Any]:
        """Every value that an s-op takes on them."""
        codes = np.unique(self.evaluation.codes(sop)[self._defined])
        listed = self.evaluation.values(sop)
        return [listed[code] for code in codes.tolist() if listed[code] is not None]

    def is_number(self, sop: rasp.SOp) -> bool:
        """Whether all that it takes are numbers that a dimension holds."""
        return all(isinstance(value, int | float) for value in self.values(sop))

    def is_whole(self, sop: rasp.SOp) -> bool:
        """Whether all that it takes are whole numbers, but for the rounding of floats."""
        return self.is_number(sop) and all(abs(x - round(x)) < NOISE for x in self.values(sop))

    def may_select_one(self, selector: rasp.Selector) -> bool:
        """Whether on some input, none of the shortest, each query selects at most one key."""
        selected = self.evaluation.selected(selector)
        most = selected.sum(axis=1).max(axis=1, initial=0)
        long = self.lengths >= min(MANY, int(self.lengths.max(initial=0)))
        return bool((self._defined & long & (most == 1)).any())


NOISE = 1e-9
"""What is nearer to a whole number is one: products of means differ from it by some 1e-13."""

MANY = 3
"""Tokens of an input on which a promise of one key says something: of two positions any other one
is the only one."""
