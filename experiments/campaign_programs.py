"""One program of a campaign: made from its seed, compiled, compared, and what became of it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from optitracr import compile_rasp_to_model, rasp
from optitracr.checking.verification import verify_model
from optitracr.corpus.wording import reason_of
from optitracr.errors import CausalReadingWarning, OptitracrError, VerificationError
from optitracr.levels import LEVELS
from optitracr.library.random_programs import Feature, random_program
from optitracr.library.rare_programs import random_rare_program


class Outcome(StrEnum):
    """What became of a program at one level, in one reading."""

    EXACT = "exact"
    REFUSED = "refused"
    MISMATCH = "mismatch"
    FAILED_CHECK = "failed check"
    RAISED = "raised"
    WARNED = "warned"
    SLOW = "slow"


FAILURES = (Outcome.MISMATCH, Outcome.FAILED_CHECK, Outcome.RAISED, Outcome.WARNED)
"""Outcomes that must not be: wrong models, and errors or warnings that are not the library's."""


@dataclass(frozen=True, slots=True)
class Run:
    """One program at one level, in one reading.

    Attributes:
        level: The level.
        causal: Whether the causal reading was compiled.
        outcome: What became of it.
        inputs: Inputs that the model was compared on.
        seconds: CPU time.
        reason: Kind of error, and its message without names and numbers.
        message: The message.
    """

    level: int
    causal: bool
    outcome: Outcome
    inputs: int = 0
    seconds: float = 0.0
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A program to try, and how.

    Attributes:
        program: The output.
        vocab: Tokens.
        max_seq_len: Longest input.
        kinds: What occurs in it.
        readings: Causal or not.
        options: Of the compilation.
        inputs: Every input is compared up to the length where they number so many.
        sampled: Random inputs beyond, and at most so many that a search finds.
    """

    program: rasp.SOp
    vocab: tuple[Any, ...]
    max_seq_len: int
    kinds: tuple[str, ...]
    readings: tuple[bool, ...]
    options: dict[str, Any]
    inputs: int
    sampled: int


def old_case(seed: int) -> Case:
    """A program of the first generator; every other one in its causal reading."""
    made = random_program(seed, 3 + seed % 7, 2 + seed % 2, 3 + seed % 3, list(Feature))
    options = {"time_limit": 2.0, "check": False}
    kinds = tuple(sorted(made.features))
    readings = (bool(seed % 2),)
    return Case(made.program, made.vocab, made.max_seq_len, kinds, readings, options, 150, 50)


LONG = 32
"""Longest inputs of which many are compared: attention takes their square in time."""


def rare_case(seed: int) -> Case:
    """A program that behaves in rare ways, in both readings, with the default budgets."""
    made = random_rare_program(seed)
    kinds = (made.shape, *made.kinds)
    readings = (False, True)
    inputs, sampled = (800, 256) if made.max_seq_len <= LONG else (100, 48)
    return Case(made.program, made.vocab, made.max_seq_len, kinds, readings, {}, inputs, sampled)


GENERATORS = {"old": old_case, "rare": rare_case}


def try_program(generator: str, seed: int) -> Iterator[Run]:
    """What becomes of the random program of a seed, level by level in every reading."""
    case = GENERATORS[generator](seed)
    for causal in case.readings:
        for level in LEVELS:
            yield try_level(case, level, causal, seed)


def try_level(case: Case, level: int, causal: bool, seed: int) -> Run:
    """Compiles a program at one level and compares the model with the interpreter."""
    start = time.process_time()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outcome, inputs, error = _compiled(case, level, causal, seed)
    leaked = [w.message for w in caught if not issubclass(w.category, CausalReadingWarning)]
    if leaked and outcome in (Outcome.EXACT, Outcome.REFUSED):
        outcome, error = Outcome.WARNED, Exception(f"{type(leaked[0]).__name__}: {leaked[0]}")
    seconds = round(time.process_time() - start, 2)
    if error is None:
        return Run(level, causal, outcome, inputs, seconds)
    message = " ".join(str(error).split())
    return Run(level, causal, outcome, inputs, seconds, reason_of(error), message)


def _compiled(
    case: Case, level: int, causal: bool, seed: int
) -> tuple[Outcome, int, Exception | None]:
    stage = Outcome.FAILED_CHECK
    try:
        model = compile_rasp_to_model(
            case.program,
            case.vocab,
            case.max_seq_len,
            causal=causal,
            optimize=level,
            **case.options,
        )
        stage = Outcome.MISMATCH
        report = verify_model(model, case.inputs, case.sampled, seed, backend="numpy")
    except VerificationError as error:
        return stage, 0, error
    except OptitracrError as error:
        # A model that was handed over has to be comparable.
        refused = stage is Outcome.FAILED_CHECK
        return Outcome.REFUSED if refused else Outcome.RAISED, 0, error
    except Exception as error:
        return Outcome.RAISED, 0, error
    return Outcome.EXACT, report.inputs, None


def as_json(run: Run) -> dict[str, Any]:
    """A run as JSON has it."""
    return asdict(run)


def from_json(stored: dict[str, Any]) -> Run:
    """A run that was stored."""
    return Run(**{**stored, "outcome": Outcome(stored["outcome"])})
