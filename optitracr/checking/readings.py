"""Whether the causal reading of a program differs from the full one.

Nothing is concluded from inputs that were tried, unless they are all. Otherwise the readings are
the same where no selector would select a later key, and where some may nobody knows.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from optitracr.checking.rare_inputs import SearchBudget, cells_of, find_rare_inputs
from optitracr.errors import CausalReadingWarning, UnsupportedError
from optitracr.graph.program import ProgramGraph
from optitracr.graph.reach.ahead import ahead_by_tables, looks_ahead
from optitracr.graph.reach.facts import Facts
from optitracr.graph.tabled import TabledProgram
from optitracr.inputs import InputSet, check_inputs, length_within
from optitracr.rasp.sop import SOp
from optitracr.setting import Setting

EVERY = 1 << 21
"""Values and entries of selectors' matrices up to which both readings are compared on every input:
a tenth of a second for most programs."""

SHORT, RANDOM = 64, 64
"""Inputs that are tried first where there are more: readings that differ do so on nearly all."""

RARE = SearchBudget(evaluated=256, kept=64)
"""Inputs that are searched for where nothing else tells: some hundredths of a second."""

MOST_CELLS = 1 << 24
"""Entries of selectors' matrices that such a search evaluates at most: a quarter of a second."""

MOST_ASKED = 8
"""Selectors of a program that are asked about; most take hundredths of a second, and a program
that looks ahead has one of which the answer ends the questions."""


def warn_of_causal_reading(
    written: ProgramGraph, tabled: TabledProgram, setting: Setting, seed: int = 0
) -> None:
    """Warns where the readings differ, with an input, or where it is not known whether they do.

    Args:
        written: The program as written.
        tabled: The same, tabled.
        setting: Vocabulary and length, of the causal reading.
        seed: Of the inputs that are tried where they are too many.
    """
    found = _other(written, tabled, setting, seed)
    if found is not None:
        warnings.warn(
            f"'{written.output}' is compiled to its causal reading, {found}",
            CausalReadingWarning,
            # The caller of `compile_rasp_to_model`, which is called through `within_memory`.
            stacklevel=4,
        )


def refuse_other_reading(
    written: ProgramGraph, tabled: TabledProgram, setting: Setting, seed: int = 0
) -> None:
    """Refuses a program whose causal reading gives, or may give, another output.

    Args:
        written: The program as written.
        tabled: The same, tabled.
        setting: Vocabulary and length, of the causal reading.
        seed: Of the inputs that are tried where they are too many.

    Raises:
        UnsupportedError: If it does, with an input; or if it is not known.
    """
    found = _other(written, tabled, setting, seed)
    if found is not None:
        raise UnsupportedError(
            f"the architecture is causal, and '{written.output}' would be compiled to its causal "
            f"reading, {found}. If the causal reading is meant, give causal=True"
        )


def _other(written: ProgramGraph, tabled: TabledProgram, setting: Setting, seed: int) -> str | None:
    """What is said of readings that differ, or may; None if they are known to agree."""
    facts = Facts.of(written, tabled, setting.inputs)
    ahead = ahead_by_tables(facts)
    if not ahead:
        return None
    program = dict(written.expressions)[written.output]
    inputs, every = _inputs(program, setting, seed)
    found = _difference(program, setting, inputs)
    if found is None and not every:
        found = _asked(facts, ahead, program, setting, seed)
    return found


def _inputs(program: SOp, setting: Setting, seed: int) -> tuple[InputSet, bool]:
    """Every input where these are few, or else some; and whether it is every one."""
    size, longest = len(setting.vocabulary), setting.max_seq_len
    most = EVERY // cells_of(program, longest)
    if length_within(size, longest, most, setting.domain) >= longest:
        return check_inputs(size, longest, most, 0, seed, setting.domain), True
    return check_inputs(size, longest, SHORT, RANDOM, seed, setting.domain), False


def _asked(facts: Facts, ahead: list[str], program: SOp, setting: Setting, seed: int) -> str | None:
    """What is said where inputs tell nothing; None if no selector would select a later key.

    Args:
        facts: The program.
        ahead: The variables whose selectors are not known to select no later key.
        program: The same, as written.
        setting: Vocabulary and length.
        seed: Of the inputs that are searched for.
    """
    for label in ahead[:MOST_ASKED]:
        answer = looks_ahead(facts, label)
        if not answer.never:
            inputs = _rare(program, setting, seed, answer.tokens)
            return _difference(program, setting, inputs) or _unknown(facts, label)
    return None if len(ahead) <= MOST_ASKED else _unknown(facts, ahead[MOST_ASKED])


def _rare(program: SOp, setting: Setting, seed: int, known: tuple[Any, ...]) -> InputSet:
    """Inputs that a search finds, and one that a solver has found."""
    code = {token: place for place, token in enumerate(setting.vocabulary)}
    longest = setting.max_seq_len
    first = np.full((1 if known else 0, longest), -1, dtype=np.int32)
    first[:, : len(known)] = [code[token] for token in known]
    codes = [first]
    if RARE.evaluated * cells_of(program, longest) <= MOST_CELLS:
        found = find_rare_inputs(
            program,
            setting.vocabulary,
            longest,
            causal=True,
            budget=RARE,
            seed=seed,
            domain=setting.domain,
        )
        codes.append(found.codes)
    together = np.concatenate(codes)
    return InputSet(together, (together >= 0).sum(axis=1).astype(np.int32), 0)


def _unknown(facts: Facts, label: str) -> str:
    """What is said of a selector that may look ahead, where no input shows a difference."""
    return (
        "and it is not known whether that differs from the full one on some input: the selector "
        f"of {facts.nodes[label].describe()} may select later keys. If no later key is meant, say "
        "so: & rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LEQ)"
    )


def _difference(program: SOp, setting: Setting, inputs: InputSet) -> str | None:
    """What is said of the first of some inputs on which the readings differ.

    Inputs on which one of them is undefined are left out.
    """
    from optitracr.rasp.batch import evaluate_batch

    full, causal = (
        evaluate_batch([program], setting.vocabulary, inputs.codes, inputs.lengths, causal=reading)
        for reading in (False, True)
    )
    # Values that are equal are one output, of whatever type they are.
    place: dict[Any, int] = {}
    known, wanted = (
        np.array([place.setdefault(value, len(place)) for value in evaluation.values(program)])
        for evaluation in (causal, full)
    )
    within = np.arange(inputs.codes.shape[1]) < inputs.lengths[:, None]
    defined = ~(full.undefined | causal.undefined)[:, None]
    differs = known[causal.codes(program)] != wanted[full.codes(program)]
    differs &= within & defined
    if not differs.any():
        return None
    row, position = (int(i) for i in np.argwhere(differs)[0])
    tokens = [setting.vocabulary[c] for c in inputs.codes[row, : inputs.lengths[row]]]
    said, meant = (
        evaluation.values(program)[evaluation.codes(program)[row, position]]
        for evaluation in (causal, full)
    )
    return (
        f"which differs from the full one: at position {position} of {tokens} it is {said!r}, "
        f"not {meant!r}"
    )
