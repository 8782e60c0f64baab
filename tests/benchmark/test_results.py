"""Means over the models of a suite, and the files that hold them."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest

from optitracr.benchmark import save_scores, score_suite
from optitracr.benchmark.results import CURVE, FIGURES
from optitracr.benchmark.scoring import SHARES
from optitracr.cli.main import main
from optitracr.errors import FileError


def line(index: int, area: float | None, **more: Any) -> dict[str, Any]:
    figures = dict.fromkeys(FIGURES, 0.5)
    curve = [place / 10 for place in range(len(SHARES))]
    about = {"index": index, "name": f"p{index}", "seed": 0}
    return {**about, **figures, "auroc": area, CURVE: curve, **more}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Scores of two methods on models of two tiers."""
    lines = {
        "good": [
            line(0, 1.0, tier="plain", split="public"),
            line(1, 0.5, tier="plain", split="private"),
            line(2, None, tier="rotated", split="public"),
            {"index": 3, "name": "p3", "seed": 0, "tier": "plain", "left_out": "too large"},
        ],
        "<odd>": [line(0, 0.25), line(1, 0.75)],
    }
    (tmp_path / "scores").mkdir()
    for name, entries in lines.items():
        text = "".join(f"{json.dumps(entry)}\n" for entry in entries)
        (tmp_path / "scores" / f"{name}.jsonl").write_text(text)
    return tmp_path


def test_means_by_tier_and_split(suite: Path) -> None:
    found = score_suite(suite)
    good = found["methods"]["good"]
    assert (good["auroc"], good["models"], good["undefined"], good["left_out"]) == (0.75, 3, 1, 1)
    assert good["intervals"]["auroc"] == [0.5, 1.0]
    assert good[CURVE] == pytest.approx([place / 10 for place in range(len(SHARES))])
    plain, rotated = good["groups"]["tier"].values()
    assert (plain["auroc"], plain["models"], plain["left_out"]) == (0.75, 2, 1)
    assert (rotated["auroc"], rotated["counts"]["auroc"]) == (None, 0)
    assert good["groups"]["split"]["private"]["auroc"] == 0.5
    assert found["methods"]["<odd>"]["groups"] == {}


def test_intervals_are_of_the_seed(suite: Path) -> None:
    entries = [line(place, place / 7) for place in range(7)]
    text = "".join(f"{json.dumps(entry)}\n" for entry in entries)
    (suite / "scores" / "good.jsonl").write_text(text)
    found = [score_suite(suite, seed)["methods"]["good"]["intervals"] for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


def test_the_table(suite: Path, tmp_path: Path) -> None:
    save_scores(suite, tmp_path / "scores.csv")
    rows = list(csv.DictReader((tmp_path / "scores.csv").read_text().splitlines()))
    [area] = [
        row
        for row in rows
        if (row["method"], row["figure"], row["tier"]) == ("good", "auroc", "plain")
    ]
    assert (float(area["mean"]), float(area["low"]), area["models"]) == (0.75, 0.5, "2")
    curve = [row for row in rows if row["method"] == "<odd>" and row["figure"] == CURVE]
    assert [float(row["share"]) for row in curve] == list(SHARES)
    assert math.isclose(float(curve[3]["mean"]), 0.3)


def test_the_command_writes_what_the_function_does(
    suite: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / name) for name in ("a.csv", "a.html")]
    assert main(["benchmark", "score", str(suite), "--csv", files[0], "--page", files[1]]) == 0
    printed = capsys.readouterr().out
    assert all(told in printed for told in ("tier plain", "split private", "0.75"))
    for name in ("b.csv", "b.html", "b.json"):
        save_scores(suite, tmp_path / name)
    for ending in ("csv", "html"):
        assert (tmp_path / f"a.{ending}").read_text() == (tmp_path / f"b.{ending}").read_text()
    assert json.loads((tmp_path / "b.json").read_text()) == score_suite(suite)


def test_names_are_no_markup(suite: Path, tmp_path: Path) -> None:
    save_scores(suite, tmp_path / "scores.html")
    page = (tmp_path / "scores.html").read_text()
    assert "<odd>" not in page
    assert page.count("&lt;odd&gt;") > 5


def test_errors(suite: Path, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"\.csv, \.html, \.json"):
        save_scores(suite, tmp_path / "scores.txt")
    (suite / "scores" / "good.jsonl").write_text("{\n")
    with pytest.raises(FileError, match="cannot be read"):
        score_suite(suite)
