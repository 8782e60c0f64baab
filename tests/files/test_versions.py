"""Files of other versions are refused with the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import optitracr
from optitracr.errors import FileError
from optitracr.files.saving import MANIFEST, VERSION
from tests.files.saved import rewrite, small


@pytest.mark.parametrize("signed", [True, False])
def test_newer_versions_are_refused(tmp_path: Path, signed: bool) -> None:
    folder = tmp_path / "model"
    small("mean").save(folder)
    data = json.loads((folder / MANIFEST).read_text())
    rewrite(folder, {**data, "version": VERSION + 1, "optitracr": "9.1", "more": []}, signed)
    with pytest.raises(FileError) as caught:
        optitracr.load(folder)
    message = str(caught.value)
    for part in (f"version {VERSION + 1}", "optitracr 9.1", f"up to {VERSION}", "pip install -U"):
        assert part in message
    assert "\n" not in message


@pytest.mark.parametrize("version", [None, "2", 2.0, True, 0, 1, -1, 10**400, [2]])
def test_versions_that_never_were(tmp_path: Path, version: Any) -> None:
    folder = tmp_path / "model"
    small("mean").save(folder)
    data = json.loads((folder / MANIFEST).read_text())
    rewrite(folder, {**data, "version": version})
    with pytest.raises(FileError, match="version"):
        optitracr.load(folder)


def test_files_of_the_version_before_say_nothing_of_dimensions(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    model = small("mean")
    model.save(folder)
    data = json.loads((folder / MANIFEST).read_text())
    for tenancy in data["residual_map"]["tenancies"]:
        del tenancy["carries"]
    for reading in data["program"]["readings"]:
        del reading["may_be_none"]
    del data["program"]["shares"]
    del data["options"]["architecture"]
    rewrite(folder, {**data, "version": 4})
    again = optitracr.load(folder)
    assert all(stay.carries for stay in again.circuit.dimensions)
    again.save(folder)
    assert json.loads((folder / MANIFEST).read_text())["version"] == VERSION
