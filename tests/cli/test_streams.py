"""Streams, files and errors that end a command: full disks, closed pipes, links, interrupts."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from optitracr.cli import commands
from optitracr.cli.main import main
from optitracr.cli.output import Output, one_line, shown, tell
from optitracr.errors import CausalReadingWarning, FileError, VerificationError
from optitracr.writing import write_file

SETTING = ("--vocab", "p,q", "--max-seq-len", "3")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, list[str]]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err.splitlines()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_out_of_memory(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def exhaust(*arguments: object, **options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(commands, "compile_rasp_to_model", exhaust)
    code, out, err = run(capsys, "compile", "hist")
    assert (code, out, len(err)) == (1, "", 1)
    assert "out of memory" in err[0]


class Failing(io.StringIO):
    """A stream that cannot be written."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        if text:
            raise self.error
        return 0


@pytest.mark.parametrize("line", ["list", "list --json", "run reverse a", "compare hist"])
def test_output_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setattr(sys, "stdout", Failing(OSError(28, "No space left on device")))
    assert main(line.split()) == 1
    err = capsys.readouterr().err.splitlines()
    assert [x for x in err if not x.startswith("compiling")] == [
        "optitracr: standard output cannot be written: No space left on device; send it elsewhere"
    ]
    monkeypatch.setattr(sys, "stdout", Failing(BrokenPipeError()))
    assert main(line.split()) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys, "stdout", None)
    assert main(line.split()) == 1
    assert "standard output is closed" in capsys.readouterr().err


def test_messages_that_cannot_be_written_stop_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (Failing(OSError(28, "No space left on device")), None):
        monkeypatch.setattr(sys, "stderr", stream)
        tell("lost")


def test_text_is_fit_for_a_terminal() -> None:
    assert one_line("two\n  lines\x1b[1m\udcff") == r"two lines\x1b[1m\udcff"
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Output(stream).line("é")
    stream.seek(0)
    assert stream.read() == "\\xe9\n"
    assert shown(0.1 + 0.2) == "0.3"
    with pytest.raises(FileError, match="closed"):
        Output(None).line("x")


def test_pipes_and_full_disks_of_a_real_process() -> None:
    """What Python itself writes at its end is seen from outside only."""
    command = f"{sys.executable} -m optitracr.cli.main"
    for line, code, part in (
        (f"{command} list > /dev/full", 1, "No space left on device"),
        (f"{command} --help > /dev/full", 1, "No space left on device"),
        (f"{command} list --json | head -c 1 > /dev/null; exit ${{PIPESTATUS[0]}}", 0, ""),
        (f"{command} list >&-", 1, "standard output is closed"),
    ):
        path = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
        done = subprocess.run(
            ["bash", "-c", line],
            capture_output=True,
            text=True,
            env=dict(os.environ, PYTHONPATH=path),
        )
        assert done.returncode == code
        assert part in done.stderr
        assert len(done.stderr.splitlines()) == (1 if part else 0)


def raising(*errors: BaseException) -> Any:
    """A compiler that fails with a chain of errors, each while the one before is handled."""

    def compile_program(*arguments: object, **options: object) -> None:
        before: BaseException | None = None
        for error in errors:
            error.__context__ = before
            before = error
        assert before is not None
        raise before

    return compile_program


@pytest.mark.parametrize(
    ("errors", "code", "said"),
    [
        ([KeyboardInterrupt()], 130, "optitracr: interrupted"),
        ([KeyboardInterrupt(), ImportError("failed")], 130, "optitracr: interrupted"),
        ([KeyboardInterrupt(), FileError("failed")], 130, "optitracr: interrupted"),
        ([SystemExit(7)], 1, "optitracr: stopped by SystemExit: 7"),
        ([CausalReadingWarning("differs")], 1, "optitracr: stopped by CausalReadingWarning: diff"),
        ([ValueError(), FileError("no\nfile")], 1, "optitracr: no file"),
        ([VerificationError("'hist' is 1 and not 2")], 3, "optitracr: 'hist' is 1 and not 2"),
    ],
)
def test_what_ends_a_command(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    errors: list[BaseException],
    code: int,
    said: str,
) -> None:
    monkeypatch.setattr(commands, "compile_rasp_to_model", raising(*errors))
    found, out, err = run(capsys, "compile", "hist")
    assert (found, out, len(err)) == (code, "", 1)
    assert err[0].startswith(said)


def test_a_defect_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "compile_rasp_to_model", raising(LookupError("a defect")))
    with pytest.raises(LookupError, match="a defect"):
        main(["compile", "hist"])


def test_names_that_lead_nowhere(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "a.html").symlink_to("b.html")
    (folder / "b.html").symlink_to("a.html")
    code, _, err = run(capsys, "report", "hist", "-o", "a.html")
    assert (code, len(err)) == (1, 1)
    assert "a.html cannot be written: " in err[0]
    long = "x" * 300
    for line in (f"report hist -o {long}", f"pareto hist -o {long}", f"compile {long}.py:y"):
        code, _, err = run(capsys, *line.split(), *SETTING)
        assert (code, len(err)) == (1, 1)
        assert "File name too long" in err[0]
    gone = folder / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    for line in ("report hist -o x.html", "pareto hist -o x.csv", "compile x.py:y"):
        code, _, err = run(capsys, *line.split(), *SETTING)
        assert (code, len(err)) == (1, 1)


def test_a_front_without_points_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "pareto", "reverse", "--max-layers", "1")
    assert (code, out) == (1, "")
    assert err == ["optitracr: no model of reverse was found; raise --max-layers or --time-limit"]


def test_files_are_written_whole_or_not_at_all(folder: Path) -> None:
    path = folder / "file"
    write_file(path, b"one")
    (folder / "link").symlink_to("file")
    write_file(folder / "link", b"two")
    assert path.read_bytes() == b"two"
    assert (folder / "link").is_symlink()
    before = sorted(folder.iterdir())
    with pytest.raises(FileError, match="No space left"):
        write_file(Path("/dev/full"), b"three")
    assert Path("/dev/full").is_char_device()
    for bad in (folder, folder / "nowhere" / "x", folder / "a\0b", folder / ("x" * 300)):
        with pytest.raises(FileError, match="cannot be written"):
            write_file(bad, b"three")
    assert sorted(folder.iterdir()) == before
