"""Every program of the table, at every level, against the interpreter (forward in NumPy)."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr import compile_rasp_to_model
from optitracr.checking.verification import verify_model
from optitracr.levels import LEVELS
from tests.programs import CASES, Case

MAX_INPUTS = 3_000


@pytest.mark.sweep
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_model_equals_interpreter(case: Case, level: int) -> None:
    model = compile_rasp_to_model(
        case.make(),
        case.vocab,
        case.max_seq_len,
        causal=case.causal,
        optimize=level,
    )
    report = verify_model(model, MAX_INPUTS, backend="numpy")
    assert report.inputs > 0
    encoder = model.input_encoder
    for tokens, expected in case.examples:
        codes = np.array([encoder.encode([model.setting.bos, *tokens])])
        chosen = model.forward_numpy(codes).unembedded_output[0, 1:].tolist()
        for found, wanted in zip(model.output_encoder.decode(chosen), expected, strict=True):
            if isinstance(found, float):
                assert found == pytest.approx(wanted, abs=1e-4)
            else:
                assert found == wanted
