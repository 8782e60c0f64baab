"""Checks a model against the interpreter: every variable, at every state it is alive."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.checking.comparison import Comparison
from optitracr.checking.rare_inputs import add_rare_inputs
from optitracr.graph.numbers import ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE
from optitracr.inputs import InputSet, check_inputs, with_bos
from optitracr.model.current import current
from optitracr.model.forward import Hyperparameters
from optitracr.model.runner import States, states_jax, states_numpy
from optitracr.model.sequences import rows_at_once
from optitracr.model.transformer import Transformer

CHUNK = 2048
"""Inputs compared at a time: enough for arrays to pay; more take more memory and are no quicker."""

CHUNK_CELLS = 1 << 23
"""Entries of one state of the inputs compared at a time: fewer inputs of a wide model, so that
what is compared takes some 100 MB."""


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What was compared.

    Attributes:
        inputs: Inputs compared.
        exhaustive_length: Every input up to this length was among them.
        max_seq_len: Longest input the model takes.
        undefined: Inputs left out because the interpreter raises on them.
        variables: RASP variables compared inside the residual stream, beside the output.
        max_error: Largest error of a number, or of a one-hot dimension.
        seconds: Time taken.
        absolute_tolerance: Error allowed in a number; a whole number rounds to the right one
            besides.
        relative_tolerance: Error allowed in a number beyond 1, as a part of it.
        domain: The inputs that were promised, as they were written; "" if nothing was.
    """

    inputs: int
    exhaustive_length: int
    max_seq_len: int
    undefined: int
    variables: int
    max_error: float
    seconds: float
    absolute_tolerance: float = ABSOLUTE_TOLERANCE
    relative_tolerance: float = RELATIVE_TOLERANCE
    domain: str = ""

    @property
    def exhaustive(self) -> bool:
        """Whether every input that matters was compared."""
        return self.exhaustive_length == self.max_seq_len

    def __str__(self) -> str:
        scope = (
            "every input"
            if self.exhaustive
            else f"every input up to length {self.exhaustive_length}, random and rare ones beyond"
        )
        scope += f" of the domain {self.domain}" if self.domain else ""
        return (
            f"verified on {self.inputs:,} inputs ({scope}), {self.variables} variables inside; "
            f"{self.undefined:,} undefined; largest error {self.max_error:.1e} (numbers agree to "
            f"{self.absolute_tolerance:.0e}, or {self.relative_tolerance:.0e} of their size, and "
            "whole numbers round to the right one)"
        )


def verify_model(
    model: Transformer,
    max_inputs: int = 100_000,
    sampled: int = 2000,
    seed: int = 0,
    backend: str = "jax",
) -> VerificationReport:
    """Compares a model with the interpreter, exhaustively where inputs are few.

    Args:
        model: The model.
        max_inputs: Every input is compared up to the length where they number so many.
        sampled: Number of random inputs beyond that length, and at most so many more that a
            search finds for rare cases.
        seed: Of the random inputs and of the search.
        backend: "jax", or "numpy", which compiles nothing and is quicker on few inputs.

    Raises:
        VerificationError: Names the first wrong variable, position and input.
        LimitError: If so many inputs do not fit in memory.
    """
    max_inputs = arguments.integer("max_inputs", max_inputs, least=0)
    sampled = arguments.integer("sampled", sampled, least=0)
    seed = arguments.integer("seed", seed, least=0)
    numpy = arguments.choice("backend", backend, ("jax", "numpy")) == "numpy"
    run = states_numpy if numpy else states_jax
    return _compare(model, max_inputs, sampled, seed, run, exact_shape=numpy)


def compare_one(model: Transformer, tokens: Sequence[Any]) -> None:
    """Compares a model with the interpreter on one input, every variable at every state.

    Args:
        model: The model.
        tokens: The input, without BOS.

    Raises:
        VerificationError: Names the first wrong variable and position.
    """
    inputs = one_input(model, tokens)
    now, encoder = current(model), model.input_encoder
    rows = with_bos(inputs.codes, encoder.bos_encoding, encoder.pad_encoding)
    states = states_numpy(now.architecture, now.params, now.unembed, rows)
    Comparison(model, inputs).compare(states)


def one_input(model: Transformer, tokens: Sequence[Any]) -> InputSet:
    """One input, by its tokens without BOS."""
    place = {token: code for code, token in enumerate(model.setting.vocabulary)}
    codes = np.array([[place[token] for token in tokens]], dtype=np.int32)
    return InputSet(codes, np.array([len(tokens)], dtype=np.int32), 0)


def check_model(model: Transformer, seed: int = 0) -> VerificationReport:
    """Some hundred inputs, random and rare, in NumPy: what is tried where nothing is proven.

    Raises:
        VerificationError: Names the first wrong variable, position and input.
    """
    return _compare(model, 64, 64, seed, states_numpy, exact_shape=True)


def _compare(
    model: Transformer,
    max_inputs: int,
    sampled: int,
    seed: int,
    run: Callable[[Hyperparameters, Any, Any, NDArray[np.int32]], States],
    exact_shape: bool = False,
) -> VerificationReport:
    start = time.perf_counter()
    setting = model.setting
    now = current(model)
    inputs = check_inputs(
        len(setting.vocabulary), setting.max_seq_len, max_inputs, sampled, seed, setting.domain
    )
    inputs = add_rare_inputs(inputs, model, sampled, seed)
    undefined, worst = 0, 0.0
    total = len(inputs.codes)
    cells = (setting.max_seq_len + 1) * max(1, model.layout.width)
    size = max(1, min(CHUNK, CHUNK_CELLS // cells, rows_at_once(model)))
    for first in range(0, total, size):
        part = slice(first, min(first + size, total))
        chunk = InputSet(inputs.codes[part], inputs.lengths[part], 0)
        encoder = model.input_encoder
        tokens = with_bos(chunk.codes, encoder.bos_encoding, encoder.pad_encoding)
        rows = len(tokens)
        if not exact_shape and rows < size < total:
            tokens = np.concatenate([tokens, np.repeat(tokens[-1:], size - rows, axis=0)])
        check = Comparison(model, chunk)
        worst = max(worst, check.compare(run(now.architecture, now.params, now.unembed, tokens)))
        undefined += int(check.evaluation.undefined.sum())
    return VerificationReport(
        inputs=total - undefined,
        exhaustive_length=inputs.exhaustive_length,
        max_seq_len=setting.max_seq_len,
        undefined=undefined,
        variables=len(model.program.readings),
        max_error=worst,
        seconds=time.perf_counter() - start,
        domain="" if setting.domain is None else setting.domain.text,
    )
