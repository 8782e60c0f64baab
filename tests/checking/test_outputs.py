"""Outputs of deep models are compared without keeping the states that lead to them."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.checking.comparison import compared_outputs
from optitracr.inputs import InputSet
from optitracr.model import forward

CODES = np.array([[0, 1, 2], [2, 0, 1]], dtype=np.int32)


def kept(*arguments: object) -> None:
    raise AssertionError("all states at once")


def test_no_state_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    model = compile_rasp_to_model(library.make_reverse(rasp.tokens), "abc", 3, optimize=0)
    inputs = InputSet(CODES, np.array([3, 3], dtype=np.int32), 0)
    monkeypatch.setattr(forward, "collected", kept)
    with pytest.raises(AssertionError, match="all states"):
        model.apply(["compiler_bos", "a"])
    assert compared_outputs(model, inputs) is None
