"""A program as a component: a compiled transformer, whose weights run in the place of a part.

What it reads at a position is one token of its own: the symbol of the host's token, the values of
variables that are read from the host's stream, or all of these. So the program is compiled with
what is read in the place of what computes it, and its model is exact on everything that can be
read. Values are places in a variable's value set; the last, one more, stands for None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from optitracr import rasp
from optitracr.checking.proving import known_before_use
from optitracr.compiled import CompiledModel
from optitracr.errors import LimitError, UnsupportedError
from optitracr.graph.values import ValueSet
from optitracr.hosts.guest import Codes
from optitracr.model.encoders import NONE_ENCODING, CategoricalEncoder
from optitracr.model.forward import choose
from optitracr.model.known import remember
from optitracr.options import Check, CompileOptions
from optitracr.rasp.expression import ENCODING_KEY, NAME_KEY, describe, postorder
from optitracr.remedies.changes import Change, changed
from optitracr.setting import Setting, check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation

if TYPE_CHECKING:
    from jaxtyping import Int

Value = Any

MOST_TOKENS = 4096
"""Combinations of what a component reads, each a token of its own: beyond that its tables, which
grow with the square, are larger than small hosts."""


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """An s-op that is read, and what it can be.

    Attributes:
        sop: The s-op of the program.
        values: What it can be, in order, without None.
        may_be_none: Whether it can be None.
    """

    sop: rasp.SOp
    values: tuple[Value, ...]
    may_be_none: bool

    @property
    def possible(self) -> range:
        """The places of what it can be."""
        return range(len(self.values) + self.may_be_none)

    @property
    def entries(self) -> tuple[Value, ...]:
        """What each place stands for, None last."""
        return (*self.values, None)


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """A compiled model of what is read, in its causal reading.

    Attributes:
        model: The model.
        module: The same in PyTorch, which takes hooks like any other module.
        reads: What it reads, in order; the first may be rasp.tokens.
        encodings: The integer of the token of each combination, an axis for each.
        values: What its output can be, None last.
    """

    model: CompiledModel
    module: Any
    reads: tuple[Variable, ...]
    encodings: Int[Codes, ...]
    values: tuple[Value, ...]

    @torch.no_grad()
    def __call__(self, read: Sequence[Int[Codes, "batch seq"]]) -> Int[Codes, "batch seq"]:
        """The output at each position.

        Args:
            read: The value of each variable that it reads, at each position after BOS.
        """
        tokens = self.encodings[tuple(read)]
        bos = np.full((len(tokens), 1), self.model.input_encoder.bos_encoding)
        scores = self.module(torch.from_numpy(np.hstack([bos, tokens])))[:, 1:].double().numpy()
        found = np.asarray(choose(np, self.model.architecture, scores))
        encoder = self.model.output_encoder
        if isinstance(encoder, CategoricalEncoder):
            place = {value: at for at, value in enumerate(self.values)}
            to = [*(place[direction.value] for direction in encoder.basis), len(self.values) - 1]
            return np.array(to, dtype=np.intp)[found.astype(np.intp)]
        numbers = np.array(self.values[:-1], dtype=np.float64)
        return np.asarray(abs(found[..., None] - numbers).argmin(axis=-1))


def component_of(
    program: rasp.SOp, reads: Sequence[Variable], positions: int, options: CompileOptions
) -> Component:
    """Compiles a program with some of its s-ops read in place of being computed.

    Args:
        program: The program.
        reads: What may be read; of these it reads those that it needs.
        positions: Longest input, BOS not counted.
        options: How it is compiled.

    Raises:
        LimitError: If what it reads has too many combinations of values.
        UnsupportedError: If its output can be too many numbers to be told apart.
        OptitracrError: As the compiler does.
    """
    cut = _over(program, reads)
    compilation = Compilation(cut.program, cut.setting(positions), options)
    values = _listed(program, compilation)
    model = compilation.model
    # Without the warning that the causal reading is another than the full one: it is asked for.
    remember(model, known_before_use(model, options.check or Check.PROOF, options.seed))
    encode = model.input_encoder.encoding_map
    encodings = np.full([len(each.entries) for each in cut.reads], NONE_ENCODING, dtype=np.intp)
    for token, places in cut.tokens.items():
        encodings[places] = encode[token]
    return Component(model, model.to_torch(), cut.reads, encodings, (*values.values, None))


def variable_of(
    sop: rasp.SOp, tokens: Variable, positions: int, options: CompileOptions
) -> Variable:
    """What an s-op can be.

    Args:
        sop: The s-op.
        tokens: What tokens stand for.
        positions: Longest input, BOS not counted.
        options: How it would be compiled.

    Raises:
        UnsupportedError: If it can be too many numbers to be told apart.
        OptitracrError: As the compiler does.
    """
    if sop is tokens.sop:
        return tokens
    cut = _over(sop, [tokens])
    found = _listed(sop, Compilation(cut.program, cut.setting(positions), options))
    return Variable(sop, found.values, found.may_be_none)


def _listed(sop: rasp.SOp, compilation: Compilation) -> ValueSet:
    """What the output of a program can be, one by one."""
    tabled = compilation.tabled
    found = tabled.by_label()[tabled.output].value_set
    if found.exploded:
        raise UnsupportedError(
            f"s-op {describe(sop)} is read and written by a vector for each value, and it has too "
            f"many: {found.exploded}; map it to classes"
        )
    return found


@dataclass(frozen=True, slots=True)
class _Entry:
    """From a token of a component to the value of one variable that it reads."""

    axis: int
    entries: tuple[Value, ...]

    def __call__(self, token: tuple[int, ...]) -> Value:
        """The value; None for the last place."""
        return self.entries[token[self.axis]]


@dataclass(frozen=True, slots=True)
class _Cut:
    """A program over tokens that are combinations of what it reads.

    Attributes:
        program: The program.
        reads: What it reads.
        tokens: For each token the place of each value that it stands for.
    """

    program: rasp.SOp
    reads: tuple[Variable, ...]
    tokens: Mapping[Value, tuple[int, ...]]

    def setting(self, positions: int) -> Setting:
        """The setting of a model of it, in its causal reading."""
        return check_setting(list(self.tokens), positions, COMPILER_BOS, COMPILER_PAD, True)


def _over(program: rasp.SOp, reads: Sequence[Variable]) -> _Cut:
    """A program with what it reads in the place of what would compute that."""
    used = tuple(reads)
    while True:
        made = {each.sop: _entry(each, axis) for axis, each in enumerate(used)}
        cut = changed(program, {sop: _instead(again) for sop, again in made.items()})
        parts = set(map(id, postorder(cut)))
        needed = tuple(each for each in used if id(made[each.sop]) in parts) or used[:1]
        if needed == used:
            break
        used = needed
    count = prod(len(each.possible) for each in used)
    if count > MOST_TOKENS:
        raise LimitError(
            f"{', '.join(describe(each.sop) for each in used)} have {count:,} combinations of "
            f"values, and a component reads at most {MOST_TOKENS:,}; read fewer s-ops, or such as "
            "have fewer values"
        )
    if len(used) == 1 and used[0].sop is rasp.tokens and not used[0].may_be_none:
        return _Cut(program, used, {value: (at,) for at, value in enumerate(used[0].values)})
    return _Cut(cut, used, {x: x for x in product(*(each.possible for each in used))})


def _instead(again: rasp.SOp) -> Change:
    """What puts an s-op in the place of another."""
    return lambda part: again


def _entry(variable: Variable, axis: int) -> rasp.SOp:
    """A variable as it is read off a token of a component, named and encoded as it was."""
    noted = variable.sop.annotations
    found: rasp.SOp = rasp.Map(_Entry(axis, variable.entries), rasp.tokens)
    return found.annotated(**{key: noted[key] for key in (NAME_KEY, ENCODING_KEY)})
