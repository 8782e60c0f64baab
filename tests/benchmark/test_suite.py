"""Suites: made, run, gone on with, and scored."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optitracr.benchmark import RunProgress, make_suite, run_suite, score_suite
from optitracr.benchmark.methods import METHODS, Task
from optitracr.benchmark.running import DEFAULT_METHODS
from optitracr.cli.benchmark_arguments import METHODS as NAMED
from optitracr.cli.main import main
from optitracr.errors import FileError, InputError

pytest.importorskip("pyarrow")
pytest.importorskip("torch")


class Here(Executor):
    """Compiles at once, in this process."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(*args, **kwargs))
        return future


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "suite"
    made = make_suite(folder, 5, seed=1, tiers="plain", private=0.4, executor=Here())
    assert made.models == 5
    assert made.splits == {"private": 2, "public": 3}
    return folder


def test_runs_go_on_where_they_were(suite: Path) -> None:
    first = run_suite(suite, ["truth", "random"])
    file = suite / "scores" / "random.jsonl"
    whole = file.read_bytes()
    assert first == 2 * len(whole.splitlines())
    assert run_suite(suite, ["truth", "random"]) == 0
    file.write_bytes(whole[:-20])
    assert run_suite(suite, ["random"]) == 1
    assert file.read_bytes() == whole
    with pytest.raises(InputError, match="seed 0"):
        run_suite(suite, ["random"], seed=1)


def test_an_interruption_loses_nothing(suite: Path) -> None:
    told: list[RunProgress] = []

    def stop(progress: RunProgress) -> None:
        told.append(progress)
        if len(told) == 3:
            raise KeyboardInterrupt

    methods = {"first": METHODS["random"], "second": METHODS["magnitude"]}
    with pytest.raises(KeyboardInterrupt):
        run_suite(suite, methods, watch=stop)
    assert run_suite(suite, methods, watch=told.append) == told[-1].total - 3
    last = told[-1]
    assert (last.before, last.done, last.left) == (3, last.total, 0)
    assert f"{last.total} of {last.total} scores" in str(last)
    for name in methods:
        (suite / "scores" / f"{name}.jsonl").unlink()


def test_the_truth_scores_one(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_suite(suite, ["truth"])
    found = score_suite(suite)["methods"]["truth"]
    assert found["auroc"] == found["precision"] == 1
    assert found["any_auroc"] == found["any_precision"] == 1
    assert found["intervals"]["auroc"] == [1, 1]
    assert main(["benchmark", "score", str(suite), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["methods"]["truth"] == found
    assert main(["benchmark", "score", str(suite)]) == 0
    assert "truth" in capsys.readouterr().out


def test_a_method_of_ones_own(suite: Path) -> None:
    def backwards(task: Task) -> Any:
        return np.arange(len(task.edges), dtype=float)

    assert run_suite(suite, {"backwards": backwards}) > 0
    assert 0 <= score_suite(suite)["methods"]["backwards"]["auroc"] <= 1


def test_variables_have_a_figure_of_their_own(
    suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_suite(suite, ["true_subspace"]) > 0
    found = score_suite(suite)["methods"]["true_subspace"]
    assert found["interchange_accuracy"] == 1
    assert "auroc" not in found
    assert main(["benchmark", "score", str(suite)]) == 0
    assert "interchange_accuracy" in capsys.readouterr().out


def test_errors(suite: Path, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no scores"):
        score_suite(tmp_path)
    with pytest.raises(InputError, match="methods"):
        run_suite(suite, ["nothing"])
    with pytest.raises(InputError, match="models"):
        make_suite(tmp_path, 0)


def test_the_command_line_names_every_method() -> None:
    assert sorted(NAMED.split(",")) == sorted(DEFAULT_METHODS)
