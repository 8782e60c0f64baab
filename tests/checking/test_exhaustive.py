"""The reference programs on every input, up to the length where inputs number 100,000."""

from __future__ import annotations

import pytest

from optitracr import compile_rasp_to_model, library
from optitracr.levels import LEVELS
from tests.model.test_reference_sizes import NAMES


@pytest.mark.slow
@pytest.mark.parametrize("level", [min(LEVELS), max(LEVELS)])
@pytest.mark.parametrize("name", NAMES)
def test_reference_programs_are_exact(name: str, level: int) -> None:
    entry = library.get(name)
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len, optimize=level)
    report = model.verify(max_inputs=100_000)
    assert report.inputs > 50
    assert report.variables > 0
    assert report.undefined == 0
    vocabulary, length = len(entry.vocab), report.exhaustive_length
    shorter = sum(vocabulary**n for n in range(1, length + 1))
    assert shorter <= 100_000 or length == 0
    assert report.exhaustive or shorter + vocabulary ** (length + 1) > 100_000
