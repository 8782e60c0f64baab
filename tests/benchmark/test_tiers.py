"""Tiers and splits of a suite: what is published, what is held back, and that both open."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optitracr.benchmark import (
    judge,
    make_suite,
    run_suite,
    save_gallery,
    score_edges,
    score_suite,
)
from optitracr.benchmark.entries import PRIVATE, entries_of
from optitracr.benchmark.jobs import Asked, chunks, scored_by
from optitracr.benchmark.methods import Task
from optitracr.benchmark.planning import Tier, divided, names_held_back, parse_tiers, planned
from optitracr.cli.main import main
from optitracr.corpus.crew import ExecutorError
from optitracr.corpus.tables import read_rows
from optitracr.errors import FileError, InputError
from optitracr.library import names
from tests.benchmark.test_suite import Here
from tests.compiled import compiled

pytest.importorskip("pyarrow")
pytest.importorskip("torch")
pytest.importorskip("transformers")

SIZE = 9
ASKED: dict[str, Any] = {"seed": 4, "private": 0.12}
"""Eight public models, one of them rotated, and one that is held back."""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "suite"
    made = make_suite(folder, SIZE, **ASKED, executor=Here())
    assert made.models == SIZE
    assert sum(made.tiers.values()) == sum(made.splits.values()) == SIZE
    assert made.missing == 0
    return folder


def test_a_suite_has_every_tier_and_split(suite: Path) -> None:
    found = list(entries_of(suite))
    assert {entry.about["tier"] for entry in found} == {tier.value for tier in Tier}
    assert {entry.about["split"] for entry in found} == {"public", "private"}
    assert [entry.about["index"] for entry in found] == list(range(SIZE))
    programs = {
        split: {e.about["program"] for e in found if e.about["split"] == split}
        for split in ("public", "private")
    }
    assert not programs["public"] & programs["private"]
    for entry in found:
        assert 0 < entry.about["true_edges"] <= entry.about["edges"]


def test_the_same_call_changes_nothing_and_another_is_refused(suite: Path) -> None:
    again = make_suite(suite, SIZE, **ASKED, executor=Here())
    assert again.compiled == 0
    assert again.models == SIZE
    with pytest.raises(FileError, match="seed was 4 and is 5"):
        make_suite(suite, SIZE, **{**ASKED, "seed": 5})


def test_the_same_seed_gives_the_same_suite(suite: Path, tmp_path: Path) -> None:
    other = tmp_path / "again"
    make_suite(other, SIZE, **ASKED, executor=Here())
    for path in ("data/public.parquet", "data/blind.parquet", "README.md", "models/README.md"):
        assert (other / path).read_bytes() == (suite / path).read_bytes(), path


def test_checkpoints_open_with_transformers_and_give_the_programs_values(suite: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    import optitracr

    entry = next(e for e in entries_of(suite) if e.about["checkpoint"].startswith("hub/"))
    place = suite / entry.about["checkpoint"]
    opened = AutoModelForCausalLM.from_pretrained(place)
    model = optitracr.load(place)
    inputs = model.dataset(4, seed=0)
    tokens = torch.tensor(inputs.tokens)
    seen = tokens != model.input_encoder.pad_encoding
    found = model.decode_logits(opened(tokens, attention_mask=seen.long()).logits)
    wanted = model.apply_batch(inputs.inputs).decoded
    for row, values in zip(found, wanted, strict=True):
        for own, value in zip(row[1:], values[1:], strict=False):
            assert own == value or abs(own - value) < 1e-3


def test_what_is_held_back_is_published_without_circuits(suite: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    shown = tmp_path / "shown"
    shutil.copytree(suite, shown, ignore=shutil.ignore_patterns(PRIVATE, "scores"))
    held = [entry for entry in entries_of(suite) if entry.about["split"] == PRIVATE]
    blind = datasets.load_dataset(str(shown), "blind", split="blind", cache_dir=str(tmp_path))
    public = datasets.load_dataset(str(shown), "public", split="public", cache_dir=str(tmp_path))
    assert sorted(blind["index"]) == [entry.about["index"] for entry in held]
    assert len(blind) + len(public) == SIZE
    text = b"".join(
        path.read_bytes() for path in shown.rglob("*") if path.is_file() and "log" not in path.parts
    )
    for entry in held:
        assert entry.about["name"] == f"private-{entry.about['index']}"
        assert entry.about["program"].encode() not in text
        row = next(row for row in blind if row["index"] == entry.about["index"])
        task = entry.task(entry.model(), 4)
        assert row["edges"] == [f"{writer}->{reader}" for writer, reader in task.edges]
        assert json.loads(row["tokens"]) == task.tokens.tolist()
        assert (shown / row["checkpoint"] / "model.safetensors").exists()
    assert [entry.about["split"] for entry in entries_of(shown)] == ["public"] * len(public)


def test_scores_are_by_tier_and_split(suite: Path) -> None:
    run_suite(suite, ["truth", "true_subspace"])
    found = score_suite(suite)["methods"]
    assert found["truth"]["auroc"] == 1
    assert set(found["truth"]["groups"]["tier"]) == {tier.value for tier in Tier}
    assert set(found["truth"]["groups"]["split"]) == {"public", "private"}
    assert found["true_subspace"]["left_out"] == 0
    for figures in found["true_subspace"]["groups"]["tier"].values():
        assert figures["interchange_accuracy"] in (1, None)


def submission(suite: Path, folder: Path) -> Path:
    """What somebody sends in who has no more than what is published: sizes of weights."""
    from safetensors.numpy import load_file

    shown = folder / "shown"
    shutil.copytree(suite, shown, ignore=shutil.ignore_patterns(PRIVATE, "scores"))
    lines = []
    for row in read_rows(shown / "data" / "blind.parquet"):
        weights = load_file(shown / row["checkpoint"] / "model.safetensors")
        size = sum(float(abs(array).sum()) for array in weights.values())
        scores = [size / (1 + place) for place in range(len(row["edges"]))]
        lines.append(json.dumps({"index": row["index"], "scores": scores}))
    path = folder / "found.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_submissions_of_others_are_judged(
    suite: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = submission(suite, tmp_path)
    command = ["benchmark", "judge", str(suite), "--submission", str(found), "--name"]
    assert main([*command, "sent_in", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["methods"]["sent_in"]
    assert told["models"] == sum(e.about["split"] == PRIVATE for e in entries_of(suite))
    # The same as a method that gives these scores, on the inputs that were published.
    held = next(e for e in entries_of(suite) if e.about["split"] == PRIVATE)
    task = held.task(held.model(), ASKED["seed"])
    score = score_edges(task, 1.0 / np.arange(1, 1 + len(task.edges)))
    assert told["auroc"] == pytest.approx(score.auroc, abs=1e-6)
    assert told["precision"] == pytest.approx(score.precision, abs=1e-6)
    assert main([*command, "sent_in"]) == 1
    assert "exists; give another name" in capsys.readouterr().err
    assert main([*command, "truth"]) == 1
    assert main(["benchmark", "judge", str(suite)]) == 1
    (suite / "scores" / "sent_in.jsonl").unlink()


def test_submissions_that_are_none(suite: Path, tmp_path: Path) -> None:
    line = json.loads(submission(suite, tmp_path).read_text())
    index, scores = line["index"], line["scores"]
    for text, told in (
        ("", "lacks 1 of 1 models"),
        ("{", "line 1 .* is no object"),
        (json.dumps({"index": index}), "line 1 .* is no object"),
        (json.dumps({"index": 0, "scores": scores}), "none of those held back"),
        (f"{json.dumps(line)}\n{json.dumps(line)}", "line 2 .* as line 1 is"),
        (json.dumps({"index": index, "scores": scores[1:]}), "line 1 .* edges"),
        (json.dumps({"index": index, "scores": ["a"]}), "line 1 .* numbers"),
        (json.dumps({"index": index, "scores": [*scores[1:], float("nan")]}), "not nan"),
    ):
        path = tmp_path / "wrong.jsonl"
        path.write_text(text)
        with pytest.raises(FileError, match=told):
            judge(suite, path, "wrong")
    with pytest.raises(FileError, match="no models that are held back"):
        judge(tmp_path / "shown", path, "wrong")
    assert not list((suite / "scores").glob("wrong*"))


def test_a_page_shows_what_is_public(suite: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert save_gallery(suite, page) == SIZE - 1
    text = page.read_text()
    for entry in entries_of(suite):
        assert (entry.about["name"] in text) == (entry.about["split"] != PRIVATE)


def test_workers_give_the_same_scores(suite: Path) -> None:
    path = suite / "scores" / "eap.jsonl"
    run_suite(suite, ["eap"])
    here = path.read_bytes()
    path.unlink()
    assert run_suite(suite, ["eap"], executor=Here(), workers=3) == SIZE
    assert path.read_bytes() == here


def ends_its_process(asked: object) -> dict[str, Any]:
    os._exit(3)


def refuses(task: Task) -> None:
    raise ValueError("no scores")


def test_what_goes_wrong_in_a_worker_is_told(suite: Path) -> None:
    with pytest.raises(InputError, match="the method raised ValueError"):
        run_suite(suite, {"refuses": refuses}, executor=Here())  # type: ignore[dict-item]
    # One process is enough to lose it.
    asked = Asked({"index": 0, "name": "a"}, compiled("hist"), 0, {"ends": ends_its_process})
    with pytest.raises(ExecutorError, match="exit code 3"):
        list(scored_by(None, 1, chunks([asked], 1, 1)))
    assert not list((suite / "scores").glob("ends*"))


def test_parts_are_whole_and_as_shares_are() -> None:
    assert divided(200, [4, 1, 2, 1]) == [100, 25, 50, 25]
    assert divided(5, [1, 1, 1]) == [2, 2, 1]
    assert sum(divided(7, [3, 3, 3])) == 7
    plan = planned(200, 0, names(), tuple(Tier))
    assert sum(wanted.count for wanted in plan.wanted) + plan.rotated == 200
    assert len({item.name for item in plan.items}) == len(plan.items)
    assert not names_held_back(0, 0.0)
    assert len(names_held_back(0, 0.5)) == round(len(names()) / 2)


def test_wrong_arguments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optitracr.cli.executors.CONNECT_SECONDS", 0.3)
    with pytest.raises(InputError, match="tiers"):
        parse_tiers("colours")
    with pytest.raises(InputError, match="private"):
        make_suite(tmp_path / "a", 3, private=1.5)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "file").touch()
    with pytest.raises(FileError, match="is no suite"):
        make_suite(tmp_path / "b", 3)
    place = str(tmp_path / "c")
    assert main(["benchmark", "make", place, "--scheduler", "tcp://127.0.0.1:1"]) == 1
    assert "no Dask scheduler answers" in capsys.readouterr().err
