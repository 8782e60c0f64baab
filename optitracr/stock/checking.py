"""A stock transformer compared with the interpreter."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.comparison import Comparison, WrongOutput
from optitracr.checking.rare_inputs import add_rare_inputs
from optitracr.inputs import InputSet, check_inputs, with_bos
from optitracr.model.transformer import Transformer
from optitracr.stock.decoding import chosen
from optitracr.stock.form import StockForm

CELLS = 1 << 22
"""Numbers of the largest array that a batch makes: 16 MB in float32."""

Run = Callable[[NDArray[np.int32]], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class StockCheck:
    """What a comparison found.

    Attributes:
        inputs: Inputs that were run, those on which the program is undefined left out.
        every: Whether these are all inputs of the domain.
        wrong: An input on which the stock transformer is wrong, or None.
        seconds: Time taken.
    """

    inputs: int
    every: bool
    wrong: WrongOutput | None
    seconds: float


def compared(
    model: Transformer, form: StockForm, run: Run, max_inputs: int, sampled: int, seed: int
) -> StockCheck:
    """Compares the decoded logits of a stock transformer with the interpreter.

    Args:
        model: The compiled model, with its program.
        form: Its form.
        run: Gives logits [batch, seq, tokens] for integers [batch, seq].
        max_inputs: Inputs up to which all are run; beyond it all of the lengths that they
            suffice for.
        sampled: Random inputs, and as many rare ones, that are run where these are not all.
        seed: Of these.
    """
    start, setting = time.perf_counter(), model.setting
    inputs = check_inputs(
        len(setting.vocabulary), setting.max_seq_len, max_inputs, sampled, seed, setting.domain
    )
    every = inputs.exhaustive_length >= setting.max_seq_len
    if not every:
        inputs = add_rare_inputs(inputs, model, sampled, seed)
    wrong, undefined = None, 0
    for chunk in _chunks(inputs, form):
        encoder = model.input_encoder
        tokens = with_bos(chunk.codes, encoder.bos_encoding, encoder.pad_encoding)
        said, check = chosen(model, run(tokens), form.logit_scale)[:, 1:], Comparison(model, chunk)
        undefined += int(check.evaluation.undefined.sum())
        wrongs = check.wrong_outputs(said)
        if wrongs.any():
            row, position = (int(i) for i in np.argwhere(wrongs)[0])
            wrong = check.wrong_output(row, position, check.said(said, row, position))
            break
    seconds = time.perf_counter() - start
    return StockCheck(len(inputs.codes) - undefined, every, wrong, seconds)


def _chunks(inputs: InputSet, form: StockForm) -> list[InputSet]:
    sizes, length = form.sizes, inputs.codes.shape[1] + 1
    cells = length * max(sizes.width, sizes.neurons, sizes.tokens, sizes.heads * length)
    size = max(1, CELLS // cells)
    return [
        InputSet(inputs.codes[first : first + size], inputs.lengths[first : first + size], 0)
        for first in range(0, len(inputs.codes), size)
    ]
