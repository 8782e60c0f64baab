"""Proves that a model says what its program says, on every input."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.comparison import compared_outputs
from optitracr.checking.proof.exhaustive import chunks, judged
from optitracr.checking.proof.expected import Expectation, Judgement
from optitracr.checking.proof.reaching import reaching
from optitracr.checking.proof.symbolic.prove import ByValues, Known
from optitracr.errors import LimitError
from optitracr.inputs import InputSet, check_inputs, length_within
from optitracr.model.current import Current, current
from optitracr.model.proof import Discharge, Proof, Status
from optitracr.model.transformer import Transformer

QUICK, FEW = 1 << 18, 1 << 22
"""Numbers up to which every input is run before all else, and up to which it is run before
the solver is asked: some hundredths of a second, and some tenths."""

BUDGET = 1 << 25
"""Numbers that the proof of a compilation may make: a second's work or so, counted and not timed,
so that the same program is proven or not on any machine."""

FEW_INPUTS = 1 << 12
"""Longest inputs up to which all inputs are kept for the next model: some 100 kB."""

NO_BUDGET = 1 << 36
"""The same where a proof is asked for by itself: an hour's."""


def prove_model(model: Transformer, budget: int = NO_BUDGET) -> Proof:
    """Proves or refutes a model, with the weights that it has.

    Args:
        model: The model, with its program.
        budget: Numbers that may be made; what needs more is left open.

    Raises:
        InputError: If the weights do not fit the model.
        NotFoundError: If the model was read from a file that holds no program.
    """
    start = time.perf_counter()
    now = reaching(current(model))
    return _dated(_proof(model, now, budget), model, start)


def _dated(proof: Proof, model: Transformer, start: float) -> Proof:
    """The proof with the inputs that it is of, and the time that it took."""
    domain = model.setting.domain
    text = "" if domain is None else domain.text
    return replace(proof, domain=text, seconds=time.perf_counter() - start)


def proven_inside(model: Transformer) -> Proof | None:
    """A proof of the output by every input on which each variable inside is as verified ones are.

    Args:
        model: The model, of ReLU, with its program.

    Returns:
        The proof; None if something is not told, or there are too many inputs to look at.
    """
    start = time.perf_counter()
    now = reaching(current(model))
    inputs = _every_input(model, now, FEW)
    if inputs is None:
        return None
    proof, left_open, _ = _on_every_input(model, now, inputs, verified=True)
    return None if left_open else _dated(proof, model, start)


def _proof(model: Transformer, now: Current, budget: int) -> Proof:
    _ = model.program
    if now.architecture.activation is not None:
        return Proof(
            Status.CHECKED,
            open=(
                "model_config.activation_function is not ReLU, for which alone bounds are known",
            ),
        )
    values = ByValues(model, now, budget)
    ways: tuple[Callable[[], Proof | None], ...] = (
        partial(_by_inputs, model, now, min(budget, QUICK)),
        partial(values.proof, Known.NOTHING),
        partial(values.proof, Known.RELATIONS),
        partial(_by_inputs, model, now, min(budget, FEW)),
        partial(values.proof, Known.ALL),
        partial(_by_inputs, model, now, budget),
    )
    found = None
    for way in ways:
        found = way() or found
        if found is not None and (found.status is not Status.CHECKED or found.inputs):
            break
    assert found is not None, "the proof by values says something"
    return found


def _by_inputs(model: Transformer, now: Current, budget: int) -> Proof | None:
    """The proof by every input; None if that takes more than the budget."""
    inputs = _every_input(model, now, budget)
    return None if inputs is None else _by_every_input(model, now, inputs)


def _every_input(model: Transformer, now: Current, budget: int) -> InputSet | None:
    """All inputs of the domain; None if running them takes more than the budget, or than memory."""
    setting = model.setting
    vocabulary, length, domain = len(setting.vocabulary), setting.max_seq_len, setting.domain
    positions = length + 1
    each = positions * (now.architecture.layers + 1) * (now.architecture.heads * positions + 1)
    most = budget // each
    # They are counted before any is made.
    if length_within(vocabulary, length, most, domain) < length:
        return None
    try:
        if domain is None and most >= FEW_INPUTS >= vocabulary**length:
            return _all_inputs(vocabulary, length)
        return check_inputs(vocabulary, length, most, 0, 0, domain)
    except LimitError:
        return None


@lru_cache(maxsize=8)
def _all_inputs(vocabulary: int, length: int) -> InputSet:
    """All inputs up to a length, of which there are few: many programs have the same."""
    inputs = check_inputs(vocabulary, length, 2 * FEW_INPUTS, 0, 0)
    inputs.codes.flags.writeable = inputs.lengths.flags.writeable = False
    return inputs


@dataclass(slots=True)
class _Findings:
    """What was found of each obligation, and the inputs on which some was not discharged.

    Attributes:
        known: Whether each obligation holds on all inputs so far.
        broken: Variables inside that are wrong whatever the order of summation.
        error: The largest error.
        separation: The smallest separation.
        wrong: Inputs on which something is wrong in any order of summation.
        suspects: Those on which bounds do not tell.
    """

    known: dict[str, bool] = field(default_factory=dict)
    broken: dict[str, None] = field(default_factory=dict)
    error: float = 0.0
    separation: float | None = None
    wrong: list[NDArray[np.intp]] = field(default_factory=list)
    suspects: list[NDArray[np.intp]] = field(default_factory=list)

    def add(self, judgement: Judgement, first: int) -> None:
        fits = judgement.fits.all()
        self.known[judgement.what] = self.known.get(judgement.what, True) and bool(fits)
        self.error = max(self.error, judgement.error)
        if judgement.separation is not None:
            known = [x for x in (self.separation, judgement.separation) if x is not None]
            self.separation = min(known)
        if judgement.fails.any():
            self.broken[judgement.what] = None
        if not fits:
            fails = judgement.fails.any(axis=1)
            self.wrong.append(first + np.flatnonzero(fails))
            self.suspects.append(first + np.flatnonzero(~judgement.fits.all(axis=1) & ~fails))

    def tried(self) -> NDArray[np.intp]:
        """The inputs to run as they are, those first that are likely to be wrong."""
        found = np.concatenate([*self.wrong, *self.suspects])
        _, first = np.unique(found, return_index=True)
        return found[np.sort(first)]


def _by_every_input(model: Transformer, now: Current, inputs: InputSet) -> Proof:
    proof, left_open, findings = _on_every_input(model, now, inputs)
    output = list(findings.known)[-1]
    wanted = [what for what in left_open if what == output or what in findings.broken]
    if not wanted:
        return proof
    return _refutation(model, inputs, findings) or replace(
        proof,
        status=Status.CHECKED,
        open=tuple(f"{what} is not told by bounds on every input" for what in wanted),
    )


def _on_every_input(
    model: Transformer, now: Current, inputs: InputSet, verified: bool = False
) -> tuple[Proof, list[str], _Findings]:
    """The proof if the output is told, all that bounds do not tell, and what was found."""
    expectation, findings = Expectation(model, verified), _Findings()
    undefined, first = 0, 0
    for chunk in chunks(inputs, now.architecture.heads):
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            known = expectation.of(chunk)
            for judgement in judged(model, now, chunk, known):
                findings.add(judgement, first)
        undefined += int(known.undefined.sum())
        first += len(chunk.codes)
    left_open = [what for what, known in findings.known.items() if not known]
    proof = Proof(
        Status.PROVEN,
        inputs=len(inputs.codes) - undefined,
        undefined=undefined,
        discharged={Discharge.INPUTS: len(findings.known) - len(left_open)},
        largest_error=findings.error,
        smallest_separation=findings.separation,
    )
    return proof, left_open, findings


def _refutation(model: Transformer, inputs: InputSet, findings: _Findings) -> Proof | None:
    """An input on which the model is wrong: all are run of which bounds do not tell.

    That is less work than their bounds were.
    """
    rows = findings.tried()
    tried = InputSet(inputs.codes[rows], inputs.lengths[rows], 0)
    found = compared_outputs(model, tried)
    if found is None:
        return None
    return Proof(
        Status.REFUTED, inputs=len(rows), counterexample=found.tokens, finding=found.finding
    )
