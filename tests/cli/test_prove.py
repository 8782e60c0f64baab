"""The command prove: programs and saved models, exit codes, and what is not believed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.numpy import load, save

from optitracr import compile_rasp_to_model, library
from optitracr.checking import proving
from optitracr.cli.main import main
from optitracr.files.saving import MANIFEST, WEIGHTS
from optitracr.model.proof import Proof, Status

SHORT = ("--max-seq-len", "4")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model of hist in the folder `model` of the current one."""
    monkeypatch.chdir(tmp_path)
    entry = library.get("hist")
    compile_rasp_to_model(entry.make(), entry.vocab, 4).save("model")
    return Path("model")


def break_weights(folder: Path) -> None:
    path = folder / WEIGHTS
    weights = load(path.read_bytes())
    path.write_bytes(save({**weights, "unembed": -weights["unembed"]}))


def open_obligation(monkeypatch: pytest.MonkeyPatch) -> None:
    short = Proof(Status.CHECKED, open=("'hist_3' at state 1",))
    monkeypatch.setattr(proving, "prove_model", lambda model: short)


def test_programs_are_proven(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "prove", "hist", "reverse", *SHORT, "-O", "1")
    assert (code, err) == (0, "")
    assert "hist: PROVEN on every input: " in out
    assert "reverse: PROVEN on every input: " in out
    assert "largest error" in out


def test_a_saved_model_is_proven_or_refuted(
    capsys: pytest.CaptureFixture[str], saved: Path
) -> None:
    assert run(capsys, "prove", "model")[:1] == (0,)
    break_weights(saved)
    code, out, _ = run(capsys, "prove", "model", "reverse")
    assert code == 3
    assert "model: REFUTED: at position 0 of " in out
    assert "reverse: PROVEN" in out


def test_what_a_file_says_of_itself_is_not_believed(
    capsys: pytest.CaptureFixture[str], saved: Path
) -> None:
    text = (saved / MANIFEST).read_text().replace('"seed": 0', '"seed": 1')
    (saved / MANIFEST).write_text(text)
    assert run(capsys, "prove", "model")[0] == 0
    assert run(capsys, "prove", "nothing")[0] == 1


def test_open_obligations_end_with_4(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_obligation(monkeypatch)
    code, out, _ = run(capsys, "prove", "hist", *SHORT)
    assert code == 4
    assert "hist: CHECKED on 340 inputs" in out
    assert "open: 'hist_3' at state 1" in out


def test_the_gravest_finding_gives_the_exit_code(
    capsys: pytest.CaptureFixture[str], saved: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wrong = tmp_path / "programs.py"
    wrong.write_text("from optitracr import rasp\nwrong = rasp.numerical(rasp.tokens)\n")
    open_obligation(monkeypatch)
    setting = ("--vocab", "a,b", *SHORT)
    code, out, err = run(capsys, "prove", f"{wrong}:wrong", "hist", *setting)
    assert code == 1
    assert "wrong: not proven: " in err
    assert "hist: CHECKED" in out
    break_weights(saved)
    assert run(capsys, "prove", "hist", "model")[0] == 3


def test_json(capsys: pytest.CaptureFixture[str], saved: Path, tmp_path: Path) -> None:
    break_weights(saved)
    wrong = tmp_path / "programs.py"
    wrong.write_text("from optitracr import rasp\nwrong = rasp.numerical(rasp.tokens)\n")
    code, out, _ = run(capsys, "prove", "hist", *SHORT, "--json")
    [proven] = map(json.loads, out.splitlines())
    assert code == 0
    assert (proven["program"], proven["proven"], proven["error"]) == ("hist", True, None)
    assert (proven["status"], proven["inputs"], proven["open"]) == ("PROVEN", 340, [])
    assert proven["seconds"] > 0
    [refuted] = map(json.loads, run(capsys, "prove", "model", "--json")[1].splitlines())
    assert (refuted["proven"], refuted["status"]) == (False, "REFUTED")
    assert refuted["counterexample"]
    named = ("--vocab", "a,b", *SHORT)
    [failed] = map(
        json.loads, run(capsys, "prove", f"{wrong}:wrong", *named, "--json")[1].splitlines()
    )
    assert failed["error"]
    assert failed.keys() == refuted.keys() == proven.keys()


def test_a_name_that_could_mean_either_is_refused(
    capsys: pytest.CaptureFixture[str], saved: Path
) -> None:
    saved.rename("hist")
    code, _, err = run(capsys, "prove", "hist")
    assert code == 1
    assert "write ./hist for the model" in err
    assert run(capsys, "prove", "./hist")[0] == 0


@pytest.mark.parametrize("option", [("--vocab", "a,b"), SHORT, ("--causal",), ("--domain", "a*")])
def test_a_saved_model_has_its_own_setting(
    capsys: pytest.CaptureFixture[str], saved: Path, option: tuple[str, ...]
) -> None:
    code, _, err = run(capsys, "prove", str(saved), *option)
    assert code == 1
    assert "leave --vocab" in err


def test_something_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "prove")
    assert code == 1
    assert "nothing is named" in err


def test_other_commands_say_what_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert "; proven on every input" in run(capsys, "compile", "hist", *SHORT)[1]
    sampled = run(capsys, "compile", "hist", *SHORT, "--check", "sample")[1]
    assert "; checked on " in sampled
    assert "; not checked" in run(capsys, "compile", "hist", *SHORT, "--check", "none")[1]
    [row] = map(json.loads, run(capsys, "verify", "hist", *SHORT, "--json")[1].splitlines())
    assert row["proof"]["status"] == "PROVEN"
    assert "hist: PROVEN on every input" in run(capsys, "verify", "hist", *SHORT)[1]
    assert run(capsys, "compare", "hist", *SHORT)[1].count("PROVEN") == 3
    rows = json.loads(run(capsys, "compare", "hist", *SHORT, "--json")[1])
    assert [row["proof"]["status"] for row in rows] == ["PROVEN"] * 3
