"""ONNX files: any batch and length, causal models, and what cannot be written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from optitracr.errors import FileError
from optitracr.levels import LEVELS
from tests.compiled import compiled, states

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["reverse", "pair_balance", "upper_case"])
@pytest.mark.parametrize("causal", [False, True])
def test_onnx(name: str, level: int, causal: bool, tmp_path: Path) -> None:
    model = compiled(name, level, causal)
    model.to_onnx(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    tokens = model.dataset(16, seed=1).tokens
    found, *residuals = session.run(None, {"tokens": tokens.astype(np.int64)})
    expected = model.forward_numpy(tokens)
    inside = tokens != model.input_encoder.pad_encoding
    np.testing.assert_allclose(found[inside], expected.logits[inside], atol=1e-4)
    for theirs, ours in zip(residuals, states(expected), strict=True):
        np.testing.assert_allclose(theirs[inside], ours[inside], atol=1e-4)
    short = session.run(["output"], {"tokens": tokens[:, :3].astype(np.int64)})[0]
    assert short.shape[:2] == (16, 3)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written"):
        compiled("hist").to_onnx(tmp_path / "none" / "model.onnx")


def test_columns_are_named(tmp_path: Path) -> None:
    model = compiled("hist")
    model.to_onnx(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    named = json.loads(session.get_modelmeta().custom_metadata_map["dimensions"])
    assert [part["carries"] for part in named] == [
        list(stay.carries) for stay in model.circuit.dimensions
    ]
    assert {column for part in named for column in part["columns"]} == set(range(model.size.width))
