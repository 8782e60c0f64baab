"""What is wrong with a corpus that is asked for, and with one that is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from optitracr import corpus, rasp
from optitracr.cli.main import main
from optitracr.corpus.folder import Folder
from optitracr.corpus.programs import items_of
from optitracr.corpus.request import Split, differences
from optitracr.errors import FileError, InputError, NotFoundError, OptitracrError


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda: corpus.RandomPrograms(0), "count is 0"),
        (lambda: corpus.RandomPrograms(1, size=(8, 4)), "the most size is 4"),
        (lambda: corpus.RandomPrograms(1, size=(8,)), "size is"),  # type: ignore[arg-type]
        (lambda: corpus.RandomPrograms(1, generator="x"), "one of standard, rare"),
        (lambda: corpus.RandomPrograms(1, features="loops"), "names 'loops', which is unknown"),
        (lambda: corpus.RandomPrograms(1, vocabulary=9), "from 1 to 8"),
        (lambda: corpus.Guard(seconds=0), "seconds is 0"),
        (lambda: corpus.Guard(memory=1), "memory is 1"),
        (lambda: corpus.make([], "x"), "holds no program"),
        (lambda: corpus.make("hist", "x"), "give a list of Item"),
        (lambda: corpus.make([rasp.tokens], "x"), r"programs\[0\] is"),
        (lambda: corpus.make(["hist"], "x", split=(50, 50)), "make up 100"),
        (lambda: corpus.make(["hist"], "x", split=(50, 50, 50)), "make up 100"),
        (lambda: corpus.make(["hist"], "x", executor=2), "an executor of"),  # type: ignore[arg-type]
        (lambda: corpus.make(["hist"], "x", parallel=True), "leave it out"),
        (lambda: corpus.make(["hist"], "x", depth=3), "options are those of"),
        (lambda: corpus.make(["hist"], "x", optimize=7), "optimize is 7"),
    ],
)
def test_wrong_arguments(wrong: Callable[[], Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        wrong()


def test_unknown_programs_are_told() -> None:
    with pytest.raises(NotFoundError, match="did you mean reverse"):
        items_of(["revers"])


def test_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "work").mkdir()
    (other / "thesis.tex").touch()
    for call in (lambda: corpus.load(other), lambda: corpus.load(tmp_path / "none")):
        with pytest.raises(FileError, match="holds no corpus"):
            call()
    with pytest.raises(FileError, match="exists and is no corpus; name another folder"):
        corpus.make(["hist"], other)
    with pytest.raises(FileError, match="cannot be written"):
        corpus.make(["hist"], other / "thesis.tex")
    assert sorted(path.name for path in other.iterdir()) == ["thesis.tex", "work"]


def test_another_request_is_refused(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "corpus")
    folder.open({"random": {"seed": 1}, "versions": {"ortools": "1"}})
    with pytest.raises(FileError, match="random seed was 1 and is 2; ask for the same, or name"):
        folder.open({"random": {"seed": 2}, "versions": {"ortools": "1"}})
    with pytest.raises(FileError, match="versions ortools was '1' and is '2'"):
        folder.open({"random": {"seed": 1}, "versions": {"ortools": "2"}})
    with folder.locked(), pytest.raises(FileError, match="another process is making"):  # noqa: SIM117
        with folder.locked():
            pass
    with pytest.raises(FileError, match="is unfinished"):
        corpus.load(folder.path)
    about = json.loads((folder.path / "corpus.json").read_text())
    (folder.path / "corpus.json").write_text(json.dumps({**about, "version": 99}))
    with pytest.raises(FileError, match="upgrade"):
        corpus.load(folder.path)


def test_differences_are_told_by_name() -> None:
    assert differences({"a": {"b": 1}}, {"a": {"b": 1}}) == []
    assert differences({"a": 1}, {"b": 1}) == ["a was 1 and is None", "b was None and is 1"]


def test_splits_follow_digests() -> None:
    split = Split(50, 25, 25)
    found = [split.of(f"{number:016x}{'0' * 48}") for number in (0, 49, 50, 74, 75, 99, 100)]
    assert found == ["train"] * 2 + ["validation"] * 2 + ["test"] * 2 + ["train"]


def test_rows_of_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row has no manifest, program"):
        corpus.model_of({"index": 1, "weights": "x"}, tmp_path)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "name programs, or give --random COUNT"),
        (["hist", "--random", "3"], "leave one of them out"),
        (["--random", "3", "--vocab", "a,b"], "give --tokens N"),
        (["--random", "3", "--tokens", "99"], "vocabulary is 99"),
        (["revers"], "did you mean reverse"),
        (["--random", "3", "--scheduler", "tcp://127.0.0.1:9"], "no Dask scheduler answers at"),
        (["--random", "3", "--scheduler", "nonsense://x"], "no Dask scheduler answers at"),
    ],
)
def test_the_command_says_what_is_wrong(
    given: list[str],
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("optitracr.cli.executors.CONNECT_SECONDS", 0.3)
    assert main(["corpus", "make", str(tmp_path / "corpus"), *given]) == 1
    shown = capsys.readouterr()
    assert told in shown.err
    assert len(shown.err.splitlines()) == 1
    assert not (tmp_path / "corpus").exists()


@pytest.mark.parametrize(
    "wrong", [["--size", "8:4"], ["--size", "x"], ["--split", "1:2:3"], ["--workers", "0"]]
)
def test_wrong_usage(wrong: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["corpus", "make", str(tmp_path / "corpus"), "--random", "3", *wrong])
    assert ended.value.code == 2


def test_an_executor_that_is_closed_is_told(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(OptitracrError, match="the executor takes no work"):
        corpus.make(["hist"], tmp_path / "corpus", executor=executor)
