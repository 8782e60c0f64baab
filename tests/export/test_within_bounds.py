"""What exports compute, in whatever order their libraries sum, is within the bounds of proofs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library
from optitracr.inputs import check_inputs, with_bos
from optitracr.model.current import current
from tests.checking.proof.test_bounds import bounds, escapes, is_bounded
from tests.export.test_agreement import EXPORTS

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hist_bos", "is_sorted", "frac_prevs", "shuffle_dyck1"])
def test_states_and_logits_are_within_bounds(name: str, tmp_path: Path) -> None:
    entry = library.get(name)
    model = compile_rasp_to_model(entry.make(), entry.vocab, 5, causal=entry.causal, check=False)
    found = check_inputs(len(entry.vocab), 5, 100, 50, 0)
    encoder = model.input_encoder
    tokens = with_bos(found.codes, encoder.bos_encoding, encoder.pad_encoding)
    wanted = bounds(current(model), tokens)
    assert is_bounded(current(model), tokens, wanted)
    for export in EXPORTS:
        logits, states = export(model, tokens, tmp_path)
        assert len(states) + 1 == len(wanted)
        assert not escapes(wanted, [*map(np.asarray, states), np.asarray(logits)]), export
