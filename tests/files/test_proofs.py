"""What a file says of a proof is read back; of another program or other weights it is not taken."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from safetensors.numpy import load, save

import optitracr
from optitracr.errors import FileError
from optitracr.files.saving import FIRST, MANIFEST, WEIGHTS
from optitracr.files.saving import load as load_changed
from optitracr.model.proof import Status
from tests.files.saved import copy_of, rewrite, small


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A saved model that was proven."""
    model = small("pairs")
    assert model.prove().proven
    model.save(tmp_path / "model")
    return tmp_path / "model"


def manifest(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    return data


def edit_weights(folder: Path, signed: bool) -> None:
    """Turns the sign of the unembedding, and perhaps states the digests anew."""
    weights = load((folder / WEIGHTS).read_bytes())
    data = save({**weights, "unembed": -weights["unembed"]})
    (folder / WEIGHTS).write_bytes(data)
    if signed:
        stated = {"file": WEIGHTS, "sha256": hashlib.sha256(data).hexdigest()}
        rewrite(folder, {**manifest(folder), "weights": stated})


def test_a_proof_is_read_back_without_the_time_it_took(folder: Path) -> None:
    again = optitracr.load(folder)
    assert again.proof == small("pairs").proof
    assert again.proof.proven
    assert again.proof.seconds == 0
    assert "seconds" not in manifest(folder)["proof"]
    again.unembed = again.unembed * 2
    assert "changed since the model was PROVEN" in again.proof.open[0]


def test_a_refutation_is_read_back(folder: Path) -> None:
    model = optitracr.load(folder)
    model.unembed = -model.unembed
    proof = model.prove()
    model.save(folder)
    again = optitracr.load(folder).proof
    assert again == proof
    assert again.status is Status.REFUTED
    assert again.finding


def test_what_was_edited_is_not_saved_as_proven(folder: Path) -> None:
    model = optitracr.load(folder)
    model.unembed = -model.unembed
    model.save(folder)
    assert manifest(folder)["proof"]["status"] == "CHECKED"
    assert "changed since" in optitracr.load(folder).proof.open[0]


def test_weights_that_were_signed_anew_are_not_believed(folder: Path) -> None:
    edit_weights(folder, signed=True)
    model = optitracr.load(folder)
    assert model.proof.status is Status.CHECKED
    assert model.proof.inputs == 0
    assert "of another model" in model.proof.open[0]
    assert model.prove().status is Status.REFUTED


def test_weights_that_do_not_fit_their_digest_can_be_proven(folder: Path) -> None:
    edit_weights(folder, signed=False)
    with pytest.raises(FileError, match="truncated or changed"):
        optitracr.load(folder)
    model = optitracr.compiled.with_verbs(load_changed(folder, changed=True))
    assert not model.proof.proven
    assert model.prove().status is Status.REFUTED


def test_another_program_that_was_signed_is_not_believed(folder: Path, tmp_path: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        data["source"]["lines"][0]["label"] = "another"

    assert (
        "of another model" in optitracr.load(copy_of(folder, tmp_path / "b", change)).proof.open[0]
    )


@pytest.mark.parametrize("check", [True, False])
def test_files_of_the_version_before_hold_no_proof(
    folder: Path, tmp_path: Path, check: bool
) -> None:
    def change(data: dict[str, Any]) -> None:
        del data["proof"]
        data["version"], data["options"]["check"] = FIRST, check

    model = optitracr.load(copy_of(folder, tmp_path / "old", change))
    assert model.options.check == ("sample" if check else None)
    assert "holds no proof" in model.proof.open[0]
    assert model.prove().proven
    model.save(tmp_path / "new")
    assert optitracr.load(tmp_path / "new").proof.proven


@pytest.mark.parametrize(
    ("field", "value", "part"),
    [
        ("status", "SURE", "none of PROVEN"),
        ("status", "REFUTED", "proof.counterexample"),
        ("inputs", -1, "proof.inputs"),
        ("undefined", 2**70, "proof.undefined"),
        ("discharged", [["inputs", 1], ["inputs", 2]], "twice"),
        ("discharged", [["hope", 1]], "none of weights"),
        ("open", ["something"], "proof.open"),
        ("largest_error", -1.0, "proof.largest_error"),
        ("largest_error", {"float": "nan"}, "proof.largest_error"),
        ("counterexample", ["a"], "proof.counterexample"),
        ("finding", "it is wrong", "proof.finding"),
        ("of", 3, "proof.of"),
    ],
)
def test_proofs_that_contradict_themselves_are_refused(
    folder: Path, tmp_path: Path, field: str, value: Any, part: str
) -> None:
    def change(data: dict[str, Any]) -> None:
        data["proof"][field] = value

    with pytest.raises(FileError, match=part):
        optitracr.load(copy_of(folder, tmp_path / "forged", change))


@pytest.mark.parametrize("tokens", [[], ["a"] * 9, ["z"], [True]])
def test_counterexamples_are_inputs(folder: Path, tmp_path: Path, tokens: list[Any]) -> None:
    def change(data: dict[str, Any]) -> None:
        data["proof"] |= {"status": "REFUTED", "counterexample": tokens, "finding": "wrong"}

    with pytest.raises(FileError, match=r"proof\.counterexample"):
        optitracr.load(copy_of(folder, tmp_path / "forged", change))


def test_numbers_that_are_not_finite_are_refuted(folder: Path) -> None:
    weights = load((folder / WEIGHTS).read_bytes())
    unembed = np.full_like(weights["unembed"], np.nan)
    (folder / WEIGHTS).write_bytes(save({**weights, "unembed": unembed}))
    model = optitracr.compiled.with_verbs(load_changed(folder, changed=True))
    assert model.prove().status is Status.REFUTED


def test_pickles_keep_what_is_known() -> None:
    model = small("width")
    assert model.prove().proven
    again = pickle.loads(pickle.dumps(model))
    assert again.proof == model.proof
    edited = pickle.loads(pickle.dumps(model))
    edited.model_config.activation_function = jax.nn.gelu
    assert not pickle.loads(pickle.dumps(edited)).proof.proven
