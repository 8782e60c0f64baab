"""The command `optitracr report`: what it writes, and its errors."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from optitracr.cli.main import main
from optitracr.report.facts import PICTURES


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_page_is_named_after_the_program(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "report", "hist") == (0, "hist: hist.html\n", "")
    assert '<h1 id="title">hist</h1>' in (tmp_path / "hist.html").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["hist.html"]


def test_page_and_figure(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page, figure = tmp_path / "a.html", tmp_path / "a.svg"
    arguments = ("report", "hist", "-o", str(page), "--figure", str(figure), "--json", "-O", "1")
    code, out, err = run(capsys, *arguments)
    assert (code, err) == (0, "")
    row = json.loads(out)
    assert row["written"] == [str(page), str(figure)]
    assert row["level"] == 1
    assert row["status"] == "OPTIMAL"
    assert row["sizes"]["0"]["width"] == 25
    assert row["sizes"]["1"]["width"] == 9
    assert row["refused"] == {}
    assert "Level 1: optimal allocation" in page.read_text()
    assert ElementTree.parse(figure).getroot().tag.endswith("svg")


@pytest.mark.sweep
@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_every_picture_as_a_figure(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, picture: str, suffix: str
) -> None:
    figure = tmp_path / f"a.{suffix}"
    arguments = ("report", "hist", "--figure", str(figure), "--picture", picture)
    assert run(capsys, *arguments) == (0, f"hist: {figure}\n", "")
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    assert figure.read_bytes().startswith(starts[suffix])
    assert [path.name for path in tmp_path.iterdir()] == [figure.name]
    before = figure.read_bytes()
    assert run(capsys, *arguments)[0] == 0
    assert figure.read_bytes() == before


def test_a_program_of_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source, page = tmp_path / "mine.py", tmp_path / "a.html"
    source.write_text("from optitracr import rasp\nsame = rasp.tokens == 'x'\n")
    arguments = ("report", f"{source}:same", "-o", str(page))
    code, _, err = run(capsys, *arguments)
    assert code == 1
    assert "--vocab" in err
    code, out, _ = run(capsys, *arguments, "--vocab", "x,y", "--max-seq-len", "3", "--causal")
    assert (code, out) == (0, f"{source}:same: {page}\n")
    text = page.read_text()
    assert '<h1 id="title">same</h1>' in text
    assert "causal attention" in text
    assert str(tmp_path) not in text


def test_limits_are_passed_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    arguments = ("report", "reverse", "-o", str(page), "--limit-width", "15", "--json")
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    assert set(json.loads(out)["refused"]) == {"0", "1"}
    assert "refused:" in page.read_text()
    code, out, err = run(capsys, "report", "reverse", "-o", str(page), "--limit-width", "5")
    assert code == 1
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nosuch",), "the library has no program 'nosuch'"),
        (("hist", "-o", "/nowhere/a.html"), "there is no folder /nowhere"),
        (("hist", "--figure", "a.gif"), "a.gif ends in none of .png, .svg, .pdf"),
        (("hist", "--figure", "/nowhere/a.png"), "there is no folder /nowhere"),
        (("hist", "-o", "/"), "it is a folder"),
        (("hist", "--objective", "beauty"), "objective='beauty'"),
    ],
)
def test_errors_are_one_line(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, "report", *arguments)
    assert (code, out) == (1, "")
    assert err.startswith("optitracr: ")
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["report", "hist", "--picture", "nothing"])
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert all(name in told for name in ("invalid choice", *PICTURES))
