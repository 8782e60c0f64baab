"""Corpora: complete, equal however they are made, and read back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, corpus
from optitracr.corpus.folder import Folder
from optitracr.corpus.journal import Journal
from optitracr.corpus.programs import RandomPrograms
from optitracr.errors import FileError
from tests.corpus import programs

ASKED = RandomPrograms(count=24, size=(1, 3), seed=3, vocabulary=2, max_seq_len=3)
BOS = "compiler_bos"


def command(folder: Path) -> list[str]:
    """The same as `ASKED`, as a process of its own."""
    code = "from optitracr.cli.main import entry; entry()"
    return [
        *(sys.executable, "-c", code, "corpus", "make", str(folder), "--random", "24"),
        *("--size", "1:3", "--seed", "3", "--tokens", "2", "--max-seq-len", "3"),
        *("--workers", "1"),
    ]


def files(folder: Path) -> dict[str, bytes]:
    """Everything but the log."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*.*")}
    return {name: path.read_bytes() for name, path in found.items() if not name.startswith("log")}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "made"
    result = corpus.make(ASKED, folder, workers=2, seed=3)
    assert result.compiled == 24
    assert result.guarded == 0
    return folder


def test_every_program_is_somewhere(made: Path) -> None:
    found = corpus.load(made)
    rows = list(found.rows())
    lists = (rows, list(found.failures()), list(found.duplicates()))
    assert sorted(row["index"] for part in lists for row in part) == list(range(24))
    assert len(found) == len(rows) == found.counts.rows
    assert len(list(found)) == len(rows)
    assert sum(found.counts.duplicates.values()) == len(lists[2])
    assert not (made / "work").exists()


def test_rows_are_split_by_digest_and_none_is_there_twice(made: Path) -> None:
    rows = {split: list(corpus.load(made).rows(split)) for split in ("train", "validation", "test")}
    for split, part in rows.items():
        for row in part:
            place = int(row["program_digest"][:16], 16) % 100
            assert split == ("train" if place < 90 else "validation" if place < 95 else "test")
    for digest in ("program_digest", "model_digest"):
        digests = [row[digest] for part in rows.values() for row in part]
        assert len(set(digests)) == len(digests)


def test_models_of_rows_are_those_that_compiling_gives(made: Path) -> None:
    found = corpus.load(made)
    row = list(found.rows())[-1]
    item = ASKED.item(row["index"])
    wanted = compile_rasp_to_model(item.built(), item.vocab, item.max_seq_len, seed=3)
    model = found.model(row)
    assert model.size == wanted.size
    assert model.proof == wanted.proof
    assert model.source == wanted.source
    assert row["text"] == str(wanted.source)
    assert row["proof"] == wanted.proof.status.value
    for part, arrays in wanted.params.items():
        for key, array in arrays.items():
            assert np.array_equal(model.params[part][key], array)
    assert model.apply([BOS, "b", "a"]).decoded[1:] == item.built()(["b", "a"])


def test_hugging_face_reads_it(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    loaded = datasets.load_dataset(str(made), cache_dir=str(tmp_path))
    counts = corpus.load(made).counts
    assert {split: part.num_rows for split, part in loaded.items()} == {
        split: number for split, number in counts.splits.items() if number
    }
    row = loaded["train"][0]
    assert row == next(corpus.load(made).rows("train"))
    assert corpus.model_of(row, made).apply([BOS, "a"]).decoded
    equal = datasets.load_dataset(str(made), "duplicates", split="duplicates", cache_dir=tmp_path)
    assert list(equal) == list(corpus.load(made).duplicates())
    assert len(equal)


@pytest.mark.slow
def test_a_run_that_is_killed_is_gone_on_with(made: Path, tmp_path: Path) -> None:
    folder = ended_half_way(tmp_path, signal.SIGKILL)[0]
    with Journal(Folder(folder).journal) as journal:
        before = len(journal.places)
    assert 0 < before <= 24
    with pytest.raises(FileError, match="is unfinished"):
        corpus.load(folder)
    result = corpus.make(ASKED, folder, workers=1, seed=3)
    assert result.compiled == 24 - before
    assert files(folder) == files(made)


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    folder, code, told = ended_half_way(tmp_path, signal.SIGINT)
    assert code == 130
    assert told.splitlines()[-1] == "optitracr: interrupted"
    with Journal(Folder(folder).journal) as journal:
        assert journal.places


def ended_half_way(tmp_path: Path, by: signal.Signals) -> tuple[Path, int, str]:
    """A run that was ended once something was done, its exit code, and what it said."""
    for attempt in range(ATTEMPTS):
        folder = tmp_path / f"ended-{attempt}"
        with subprocess.Popen(command(folder), stderr=subprocess.PIPE, text=True) as run:
            wait_for(lambda place=folder: journal_bytes(place) > 0)
            run.send_signal(by)
            _, told = run.communicate(timeout=30)
        if run.returncode:
            return folder, run.returncode, told
    raise AssertionError("every run was done before it could be ended")


ATTEMPTS = 3
"""Runs that are begun: on a machine with much to do, one may be done before it is looked at."""


def journal_bytes(folder: Path) -> int:
    journal = Folder(folder).journal
    try:
        return journal.stat().st_size
    except FileNotFoundError:
        return int((folder / "README.md").exists())


def wait_for(condition: object, seconds: float = 60.0) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.slow
def test_dask_gives_the_same_with_a_worker_killed(made: Path, tmp_path: Path) -> None:
    import distributed

    killed: list[int] = []
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    )
    with cluster, distributed.Client(cluster) as client:
        workers = client.run(os.getpid)

        def watch(progress: corpus.Progress) -> None:
            if progress.done >= 8 and not killed:
                killed.append(next(iter(workers.values())))
                os.kill(killed[0], signal.SIGKILL)

        executor = client.get_executor()
        result = corpus.make(ASKED, tmp_path / "dask", executor=executor, watch=watch, seed=3)
    assert killed
    assert result.compiled == 24
    assert files(tmp_path / "dask") == files(made)


@pytest.mark.slow
def test_what_never_ends_is_ended_alone(tmp_path: Path) -> None:
    once = {name: str(tmp_path / name) for name in ("loop", "kill")}
    asked = [
        programs.item("loops", programs.Once(once["loop"], programs.never_ends)),
        programs.item("plain", str.upper),
        programs.item("killed", programs.Once(once["kill"], programs.kills)),
        programs.item("hogs", programs.hogs),
        corpus.Item("refuses", programs.refuses, "ab", 2),
    ]
    folder, guard = tmp_path / "corpus", corpus.Guard(seconds=1.0, memory=2 << 30)
    first = corpus.make(asked, folder, workers=1, guard=guard)
    failures = {row["name"]: row for row in corpus.load(folder).failures()}
    assert set(failures) == {"loops", "hogs", "refuses"}
    assert failures["hogs"]["reason"] == "memory: the process may take no more"
    assert failures["loops"]["reason"] == "guard: more than 1 s of CPU time"
    assert "map" in failures["loops"]["text"]
    assert failures["refuses"]["kind"] == "KeyError"
    assert first.guarded == 2
    again = corpus.make(asked, folder, workers=1, guard=guard)
    assert (again.compiled, again.guarded) == (2, 1)
    assert {row["name"] for row in corpus.load(folder).rows()} == {"loops", "plain", "killed"}
    log = (folder / "log" / "0000.jsonl").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    [told] = [line["killed"] for line in lines if "killed" in line and line["name"] == "killed"]
    assert told == ["its process was ended by SIGKILL"]
