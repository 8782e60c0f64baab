"""Whether the causal reading of a program differs from the full one."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from optitracr.errors import CausalReadingWarning
from optitracr.graph.program import ProgramGraph
from optitracr.inputs import check_inputs
from optitracr.setting import Setting


def warn_of_causal_reading(graph: ProgramGraph, setting: Setting, seed: int = 0) -> None:
    """Warns, with the first input on which the readings differ; looks at some hundred inputs.

    Args:
        graph: The program as written.
        setting: Vocabulary and length.
        seed: Of the inputs.
    """
    from optitracr.rasp.batch import evaluate_batch

    output = dict(graph.expressions)[graph.output]
    inputs = check_inputs(
        len(setting.vocabulary), setting.max_seq_len, 64, 64, seed, setting.domain
    )
    full, causal = (
        evaluate_batch([output], setting.vocabulary, inputs.codes, inputs.lengths, causal=reading)
        for reading in (False, True)
    )
    # Values that are equal are one output, of whatever type they are.
    place: dict[Any, int] = {}
    known, wanted = (
        np.array([place.setdefault(value, len(place)) for value in evaluation.values(output)])
        for evaluation in (causal, full)
    )
    within = np.arange(inputs.codes.shape[1]) < inputs.lengths[:, None]
    defined = ~(full.undefined | causal.undefined)[:, None]
    differs = known[causal.codes(output)] != wanted[full.codes(output)]
    differs &= within & defined
    if not differs.any():
        return
    row, position = (int(i) for i in np.argwhere(differs)[0])
    tokens = [setting.vocabulary[c] for c in inputs.codes[row, : inputs.lengths[row]]]
    said, meant = (
        evaluation.values(output)[evaluation.codes(output)[row, position]]
        for evaluation in (causal, full)
    )
    warnings.warn(
        f"'{graph.output}' is compiled to its causal reading, which differs from the full one: at "
        f"position {position} of {tokens} it is {said!r}, not {meant!r}",
        CausalReadingWarning,
        # The caller of `compile_rasp_to_model`, which is called through `within_memory`.
        stacklevel=4,
    )
