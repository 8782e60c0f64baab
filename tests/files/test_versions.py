"""Files of other versions: old ones load, newer ones are refused with the remedy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optitracr
from optitracr.errors import FileError, NotFoundError
from optitracr.files.saving import MANIFEST, WEIGHTS
from optitracr.files.versions import STEPS, VERSION
from tests.files.saved import files_of, load_or_refuse, rewrite, small, use

OLD = Path(__file__).parent / "version_1"
EXPECTED: dict[str, tuple[list[Any], list[Any]]] = {
    "hist_0": (["a", "a", "b"], [2, 2, 1]),
    "hist_2": (["a", "a", "b"], [2, 2, 1]),
    "frac_prevs_0": (["x", "a", "a", "x"], [1.0, 0.5, 1 / 3, 0.5]),
    "frac_prevs_2": (["x", "a", "a", "x"], [1.0, 0.5, 1 / 3, 0.5]),
    "pairs_causal": ([2, 1, 1], [(2, 0), (1, 1), (1, 2)]),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_version_1_loads(name: str, tmp_path: Path) -> None:
    model = optitracr.load(OLD / name)
    use(model)
    tokens, expected = EXPECTED[name]
    output = model.apply([model.setting.bos, *tokens]).decoded[1:]
    if isinstance(expected[0], float):
        np.testing.assert_allclose(output, expected, atol=1e-4)
    else:
        assert output == expected
    assert model.options is None
    assert model.source.lines == model.source.functions == ()
    assert model.allocation.plan is not None
    with pytest.raises(NotFoundError, match="version 1"):
        model.verify()
    assert model.circuit.nodes
    assert model.level == (0 if name.endswith("0") else 2)
    model.save(tmp_path / "model")
    again = optitracr.load(tmp_path / "model")
    assert json.loads((tmp_path / "model" / MANIFEST).read_text())["version"] == VERSION
    assert again.layout == model.layout
    assert again.circuit.as_dict() == model.circuit.as_dict()
    assert again.allocation == model.allocation
    assert again.savings == model.savings
    assert files_of(tmp_path / "model")[1] == files_of(OLD / name)[1]


@pytest.mark.parametrize("name", EXPECTED)
def test_circuits_of_version_1_have_graphs(name: str) -> None:
    """It says which variables a node serves, and not which it writes."""
    model = optitracr.load(OLD / name)
    for granularity in ("component", "head", "qkv"):
        wiring = model.circuit.wiring(granularity)
        edges = list(wiring.edges())
        output = wiring.parts[-1].name
        assert any(edge.reader == output and edge.role == "value" for edge in edges)
        made = {part.name for part in wiring.parts if part.variables and part.touched.writes.any()}
        assert made <= {edge.writer for edge in edges if edge.role == "value"}
    heads = [node for node in model.circuit.nodes if node.kind == "head" and node.variables]
    inside = model.circuit.parts_of(model.name, "qkv")
    assert all(f"blocks.{n.layer}.attn.hook_z[:, :, {n.index[0]}]" in inside for n in heads)


def test_there_is_a_step_from_every_older_version() -> None:
    assert sorted(STEPS) == list(range(1, VERSION))
    fixtures = {json.loads((folder / MANIFEST).read_text())["version"] for folder in OLD.iterdir()}
    assert fixtures == {1}
    assert {folder.name for folder in OLD.iterdir()} == set(EXPECTED)


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


@pytest.mark.parametrize("version", [None, "2", 2.0, True, 0, -1, 10**400, [2]])
def test_versions_that_never_were(tmp_path: Path, version: Any) -> None:
    folder = tmp_path / "model"
    small("mean").save(folder)
    data = json.loads((folder / MANIFEST).read_text())
    rewrite(folder, {**data, "version": version})
    with pytest.raises(FileError, match="version"):
        optitracr.load(folder)


OF_VERSION_1: list[Any] = [None, 0, "x", [], {}, {"tuple": 5}, {"tuple": [1, 1]}]


@pytest.mark.parametrize("field", json.loads((OLD / "hist_2" / MANIFEST).read_text()))
def test_fields_of_version_1_are_checked_as_well(field: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(OLD / "hist_2", folder)
    data = json.loads((folder / MANIFEST).read_text())
    for value in OF_VERSION_1:
        rewrite(folder, {**data, field: value}, sign=False)
        # What version 1 did not sign, an edit can change where nothing contradicts it.
        free = field in ("savings", "level", "bos", "pad", "name")
        assert not load_or_refuse(folder) or free
    rewrite(folder, {k: v for k, v in data.items() if k != field}, sign=False)
    with pytest.raises(FileError, match=r"malformed|no manifest"):
        optitracr.load(folder)
    rewrite(folder, {**data, "more": 1}, sign=False)
    with pytest.raises(FileError, match="more is unknown"):
        optitracr.load(folder)


def test_weights_of_version_1_are_signed(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(OLD / "hist_2", folder)
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (folder / WEIGHTS).write_bytes(content)
    with pytest.raises(FileError, match="truncated or changed"):
        optitracr.load(folder)
