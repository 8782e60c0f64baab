"""A domain in a file: what cannot be is refused, and names its field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import optitracr
from optitracr import compile_rasp_to_model, domain, rasp
from optitracr.errors import FileError
from optitracr.files.saving import MANIFEST
from tests.files.saved import rewrite


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("classes", [0], "domain.classes"),
        ("classes", [0, 10**9], "domain.classes"),
        ("classes", [0, -1], "domain.classes"),
        ("steps", [], "domain.steps"),
        ("steps", [[0]], "domain.steps"),
        ("steps", [[0, 1], [1, 7]], "domain.steps"),
        ("steps", [[0, "x"], [1, 1]], "domain.steps"),
        ("accepting", [9], "domain.accepting"),
        ("accepting", [], "domain holds no input"),
        ("asks", 3, "domain.asks"),
        ("text", None, "domain.text"),
    ],
)
def test_what_cannot_be_is_refused(field: str, value: Any, named: str, tmp_path: Path) -> None:
    flag = rasp.tokens == "a"
    promise = domain.exactly_one("b")
    model = compile_rasp_to_model(flag, {"a", "b"}, 3, optimize=0, domain=promise)
    model.save(tmp_path / "model")
    data = json.loads((tmp_path / "model" / MANIFEST).read_text())
    assert data["domain"]["steps"] == [[0, 1], [1, -1]]
    data["domain"][field] = value
    rewrite(tmp_path / "model", data)
    with pytest.raises(FileError, match=named):
        optitracr.load(tmp_path / "model")
