"""The space of level 2: all forms and candidates of a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.carrier import PLAIN, Carrier
from optitracr.candidates.forms import Form, form_rows
from optitracr.candidates.tables import FunctionTables
from optitracr.constructions.needs import Need
from optitracr.craft.blocks import Determined
from optitracr.craft.reading import Variable
from optitracr.craft.spaces import FloatArray
from optitracr.graph.build import BOS
from optitracr.graph.program import Input
from optitracr.graph.tabled import TabledNode, TabledProgram
from optitracr.setting import Setting
from solvers import Problem

NOTHING = ""
"""In place of a form, for needs that no value of the variable makes different from zero."""


MARKED = 2.0**-6
"""What the BOS dimension holds at every position, one more at BOS, where the unembedding takes a
constant of it. Others that read it take that off in their bias: it is little, so that a bias that
is much less than what BOS outweighs keeps its digits; a power of two, so that no constant loses
any."""

View = tuple[tuple[str, ...], FloatArray]
"""The forms that the unembedding reads, BOS among them for a constant, and its rows over them."""


@dataclass(frozen=True, slots=True, eq=False)
class SideBySide:
    """What the forms of a variable hold, side by side.

    Attributes:
        forms: Those of which it is known what they hold at BOS, each with the number of values that
            it tells apart and its columns.
        rows: What they hold of each value, and of None where that may be, [values, columns].
        at_bos: What they hold at BOS, [columns].
    """

    forms: Sequence[tuple[Form, int, slice]]
    rows: FloatArray
    at_bos: FloatArray


@dataclass(frozen=True, slots=True)
class Determinations:
    """What was found of the forms that neurons determine; grows.

    Attributes:
        found: For each candidate that was asked about the forms that its neurons determine.
        at_bos: What each form that is computed holds at BOS, if not zero; None where it is not
            known.
        forms: The forms of each variable.
        read: For each need what is read for it of each value of a variable, and of all.
    """

    found: dict[str, tuple[Determined, ...]] = field(default_factory=dict)
    at_bos: dict[str, FloatArray | None] = field(default_factory=dict)
    forms: dict[str, SideBySide] = field(default_factory=dict)
    read: dict[Need, tuple[dict[str, FloatArray], FloatArray]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CandidateSpace:
    """All that the solver chooses among.

    Attributes:
        program: The program as rewritten.
        setting: Vocabulary and length.
        forms: Every form by name, in order.
        variables: The directions of each.
        candidates: Every candidate by name.
        options: For each need the forms that serve it, and how each is read.
        outputs: Alternative views of the output.
        output_values: What each output of a categorical program stands for.
        position: The position on a circle that erasing heads need.
        determined: What is known of the forms that neurons determine; None if each form that
            neurons erase takes neurons of its own.
        owner: For each variable the program's that it is, or is made for.
        tables: Its functions as tables.
        excluded: Pairs of a candidate and a form that it must not read, since float32 does
            not carry what comes of it; NOTHING in place of the form excludes the candidate.
        layers: Layers up to which a model may be made of these candidates as well as of all there
            are; None if none were left out.
        carrier: What the transformer makes of what candidates read and write.
        stated: Its problem, where that was made before, or that of a space like it.
    """

    program: TabledProgram
    setting: Setting
    forms: Mapping[str, Form]
    variables: Mapping[str, Variable]
    candidates: Mapping[str, Candidate]
    options: Mapping[Need, Mapping[str, FloatArray]]
    outputs: tuple[View, ...]
    output_values: tuple[object, ...]
    position: str
    owner: Mapping[str, str]
    tables: FunctionTables
    excluded: frozenset[tuple[str, str]] = frozenset()
    layers: int | None = None
    carrier: Carrier = PLAIN
    determined: Determinations | None = None
    stated: Stated | None = None

    @property
    def bos(self) -> Variable:
        """The BOS dimension."""
        return self.variables[BOS]

    def node(self, form: Form) -> TabledNode:
        """The variable that a form holds."""
        return self.program.node(form.label)

    def fused(self, candidate: Candidate) -> tuple[str, ...]:
        """The variables that it computes on the way and that get no dimension."""
        if not candidate.cut:
            return ()
        return self.tables.between(self.forms[candidate.form].label, candidate.cut)

    def is_input(self, name: str) -> bool:
        """Whether the embedding supplies a form."""
        return isinstance(self.node(self.forms[name]).operation, Input)


@dataclass(frozen=True, slots=True)
class Stated:
    """The problem of a space without limits, of a transformer of our own.

    Attributes:
        space: The space.
        problem: Its problem.
    """

    space: CandidateSpace
    problem: Problem

    def is_of(self, space: CandidateSpace) -> bool:
        """Whether a space is the same in all that its problem is made of."""
        own = self.space
        return all(getattr(space, name) is getattr(own, name) for name in STATING)


STATING = (
    *("program", "setting", "forms", "candidates", "options", "outputs", "position"),
    *("excluded", "determined"),
)
"""What the problem of a space is made of."""


def view_name(reads: tuple[str, ...]) -> str:
    """What stands for a way to read the output where readings are excluded: no form's name."""
    return " + ".join(("output", *reads))


def held_rows(space: CandidateSpace, form: Form) -> FloatArray:
    """What a form holds of each value of its variable, [values, width]."""
    if form.is_number and not form.numbers:
        return np.array([[float(value)] for value in space.node(form).value_set.values] or [[0.0]])
    return form_rows(form)


def needs_read(space: CandidateSpace, candidate: Candidate) -> list[Need]:
    """What a candidate really reads: its needs but those that are always zero."""
    return [need for need in candidate.needs if NOTHING not in space.options[need]]
