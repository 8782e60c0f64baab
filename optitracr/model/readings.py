"""Whether the causal reading of a program differs from the full one."""

from __future__ import annotations

import warnings

import numpy as np

from optitracr.candidates.setting import Setting
from optitracr.errors import CausalReadingWarning
from optitracr.graph.program import ProgramGraph
from optitracr.model.inputs import check_inputs


def warn_of_causal_reading(graph: ProgramGraph, setting: Setting, seed: int = 0) -> None:
    """Warns, with the first input on which the readings differ; looks at some hundred inputs.

    Args:
        graph: The program as written.
        setting: Vocabulary and length.
        seed: Of the inputs.
    """
    from optitracr.rasp.batch import evaluate_batch

    output = dict(graph.expressions)[graph.output]
    inputs = check_inputs(len(setting.vocabulary), setting.max_seq_len, 64, 64, seed)
    full, causal = (
        evaluate_batch([output], setting.vocabulary, inputs.codes, inputs.lengths, causal=reading)
        for reading in (False, True)
    )
    place = {value: code for code, value in enumerate(full.values(output))}
    known = np.array([place.get(value, -1) for value in causal.values(output)])
    within = np.arange(inputs.codes.shape[1]) < inputs.lengths[:, None]
    defined = ~(full.undefined | causal.undefined)[:, None]
    differs = (known[causal.codes(output)] != full.codes(output)) & within & defined
    if not differs.any():
        return
    row, position = (int(i) for i in np.argwhere(differs)[0])
    tokens = [setting.vocabulary[c] for c in inputs.codes[row, : inputs.lengths[row]]]
    found, wanted = (
        evaluation.values(output)[evaluation.codes(output)[row, position]]
        for evaluation in (causal, full)
    )
    warnings.warn(
        f"'{graph.output}' is compiled to its causal reading, which differs from the full one: at "
        f"position {position} of {tokens} it is {found!r}, not {wanted!r}",
        CausalReadingWarning,
        # The caller of `compile_rasp_to_model`, which is called through `within_memory`.
        stacklevel=4,
    )
