"""Reading within limits; writing whole or not at all; nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import optitracr
from optitracr.errors import FileError
from optitracr.files.saving import MANIFEST, MANIFEST_LIMIT, WEIGHTS
from tests.files.saved import files_of, rewrite, small


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "model"
    small("mean").save(target)
    return target


def refused(folder: Any, *parts: str) -> None:
    with pytest.raises(FileError) as caught:
        optitracr.load(folder)
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message, message


def test_what_is_no_folder_of_a_model(tmp_path: Path, folder: Path) -> None:
    refused(tmp_path / "nothing", "nothing/manifest.json is missing", "`save` wrote")
    refused(folder / MANIFEST, "Not a directory")
    refused(str(tmp_path / ("x" * 300)), "File name too long")
    refused("a\0b", "null byte")
    refused("a\nb", "'a\\nb/manifest.json'")
    refused(5, "path is 5; give the folder")
    refused(b"model", "path is b'model'; give the folder")
    refused(None, "path is None; give the folder")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    refused(tmp_path / "loop", "symbolic links")


@pytest.mark.parametrize("name", [MANIFEST, WEIGHTS])
def test_what_is_no_file(folder: Path, name: str) -> None:
    kept = (folder / name).read_bytes()
    (folder / name).unlink()
    refused(folder, f"{folder / name} is missing")
    os.mkfifo(folder / name)
    refused(folder, f"{folder / name} is no regular file")
    (folder / name).unlink()
    (folder / name).mkdir()
    refused(folder, f"{folder / name} is no regular file")
    (folder / name).rmdir()
    (folder / name).symlink_to("/dev/zero")
    refused(folder, f"{folder / name} is no regular file")
    (folder / name).unlink()
    (folder / name).symlink_to(folder / name)
    refused(folder, f"{folder / name} cannot be read", "symbolic links")
    (folder / name).unlink()
    (folder.parent / "elsewhere").write_bytes(kept)
    (folder / name).symlink_to(folder.parent / "elsewhere")
    optitracr.load(folder)


def test_files_that_are_too_large_are_not_read(folder: Path) -> None:
    for name, part in ((WEIGHTS, WEIGHTS), (MANIFEST, f"{MANIFEST_LIMIT:,}")):
        with (folder / name).open("r+b") as file:
            file.truncate(2**40)
        refused(folder, part, "1,099,511,627,776 bytes")


def test_models_that_are_too_large_are_not_made(folder: Path) -> None:
    """All sizes agree with one another, and stand for more memory than there is."""
    data = json.loads((folder / MANIFEST).read_text())
    neurons = 2**31 - 1
    data["config"]["mlp_hidden_size"] = data["size"]["neurons"] = neurons
    data["certificate"]["plan"]["neurons"] = neurons
    width, layers = data["size"]["width"], data["size"]["layers"]
    data["size"]["parameters"] += layers * neurons * (2 * width + 1)
    rewrite(folder, data)
    refused(folder, "stands for weights of more than")


NO_JSON: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "no JSON"),
    "no text": (b"\x80\x00", "not UTF-8"),
    "UTF-16": ('{"schema": 1}'.encode("utf-16"), "not UTF-8"),
    "a byte-order mark": (b"\xef\xbb\xbf{}", "no JSON"),
    "a list": (b"[]", "no JSON object"),
    "nan": (b'{"schema": NaN}', "NaN"),
    "infinity": (b'{"schema": -Infinity}', "-Infinity"),
    "infinity in digits": (b'{"schema": 1e999}', "no finite number"),
    "a number of a million digits": (b'{"schema": ' + b"9" * 10**6 + b"}", "no JSON"),
    "a key twice": (b'{"schema": "optitracr-model", "schema": 1}', "'schema' stands twice"),
    "a deep list": (b'{"schema": ' + b"[" * 10**5 + b"]" * 10**5 + b"}", "nested"),
    "a deep object": (b'{"a":' * 10**5 + b"1" + b"}" * 10**5, "nested"),
    "less deep": (b'{"schema": ' + b"[" * 300 + b"]" * 300 + b"}", "nested deeper than"),
    "another schema": (b'{"schema": "other", "version": 1}', "no manifest of an optitracr"),
    "no end": (b'{"schema": "optitracr-model"', "no JSON"),
}


@pytest.mark.parametrize("name", NO_JSON)
def test_what_is_no_manifest(folder: Path, name: str) -> None:
    content, part = NO_JSON[name]
    (folder / MANIFEST).write_bytes(content)
    refused(folder, str(folder / MANIFEST), part)


def test_edits_are_refused(folder: Path) -> None:
    data = json.loads((folder / MANIFEST).read_text())
    for edited in (
        {**data, "name": "other"},
        {**data, "digest": "0" * 64},
        {**data, "digest": None},
        {key: value for key, value in data.items() if key != "digest"},
    ):
        rewrite(folder, edited, sign=False)
        refused(folder, "was edited or damaged", "compile the program again and save it")
    rewrite(folder, data, sign=False)
    optitracr.load(folder)
    for content in (b"", (folder / WEIGHTS).read_bytes()[:-4]):
        (folder / WEIGHTS).write_bytes(content)
        refused(folder, str(folder / WEIGHTS), "is truncated or changed")


@pytest.mark.parametrize("call", ["write", "fsync", "rename new", "rename old", "mkdir"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failing_write_keeps_the_old_model(
    folder: Path, call: str, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, model = files_of(folder), small("width")
    rename, mkdir = Path.rename, Path.mkdir

    def fail(*_: Any, **__: Any) -> None:
        raise error

    def failing_rename(self: Path, target: Path) -> Any:
        if self.name == ("new" if call == "rename new" else "model"):
            raise error
        return rename(self, target)

    def failing_mkdir(self: Path, *arguments: Any, **named: Any) -> None:
        if self.name == "new":
            raise error
        mkdir(self, *arguments, **named)

    if call == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    elif call == "write":
        monkeypatch.setattr(Path, "open", fail)
    elif call == "mkdir":
        monkeypatch.setattr(Path, "mkdir", failing_mkdir)
    else:
        monkeypatch.setattr(Path, "rename", failing_rename)
    with pytest.raises(FileError if isinstance(error, OSError) else KeyboardInterrupt) as caught:
        model.save(folder)
    monkeypatch.undo()
    if isinstance(error, OSError):
        assert "No space left on device" in str(caught.value)
        assert str(folder) in str(caught.value)
    assert files_of(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["model"]
    optitracr.load(folder)


def test_a_new_folder_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    model = small("mean")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(FileError, match="Input/output error"):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_the_old_model_is_kept_aside_if_it_cannot_be_put_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, rename, model = files_of(folder), Path.rename, small("width")

    def failing(self: Path, target: Path) -> Any:
        if self.name in ("new", "old"):
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(FileError) as caught:
        model.save(folder)
    monkeypatch.undo()
    (beside,) = folder.parent.iterdir()
    assert files_of(beside / "old") == before
    assert str(beside / "old") in str(caught.value)


def test_what_is_no_model_is_not_written_over(tmp_path: Path, folder: Path) -> None:
    model = small("width")

    def kept(path: Path | str) -> None:
        with pytest.raises(FileError, match=r"exists and is no saved model.*choose"):
            model.save(path)

    (tmp_path / "empty").mkdir()
    kept(tmp_path / "empty")
    (tmp_path / "file").write_text("mine")
    kept(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    kept(tmp_path / "loop")
    shutil.copytree(folder, tmp_path / "more")
    (tmp_path / "more" / "notes.txt").write_text("mine")
    kept(tmp_path / "more")
    assert (tmp_path / "more" / "notes.txt").read_text() == "mine"
    shutil.copytree(folder, tmp_path / "other")
    (tmp_path / "other" / MANIFEST).write_text('{"schema": "of another program"}')
    kept(tmp_path / "other")
    kept("")
    kept("/")
    with pytest.raises(FileError, match="cannot be written: File exists"):
        model.save(tmp_path / "file" / "model")
    with pytest.raises(FileError, match="path is 5; give the folder"):
        model.save(5)  # type: ignore[arg-type]
    with pytest.raises(FileError, match="null byte"):
        model.save("a\0b")


def test_a_link_to_a_model_stays_a_link(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    small("width").save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert optitracr.load(folder).name == small("width").name
