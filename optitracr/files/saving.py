"""Models on disk: weights as safetensors, everything else as one JSON manifest.

Nothing in these files is ever executed. Writing is atomic: the folder appears whole or not at
all. The manifest carries a digest of itself and of the weights, and what it says is checked
whether or not the digest is right.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn

from optitracr import arguments
from optitracr.errors import FileError, InputError
from optitracr.files.checks import check_manifest, shape_of
from optitracr.files.manifest import Manifest, StoredWeights, manifest_of, model_of
from optitracr.files.older import as_now
from optitracr.files.proof_data import believed
from optitracr.files.reading import read_bytes
from optitracr.files.records import from_plain, to_plain
from optitracr.files.tensors import tensors_from_bytes, tensors_to_bytes
from optitracr.files.values import FieldError, shown
from optitracr.model.current import exportable
from optitracr.model.known import remember
from optitracr.model.transformer import Transformer
from optitracr.writing import reason_of, shown_path, write_folder

SCHEMA = "optitracr-model"

VERSION = 6
"""Of the manifest; counted up when code of the version before cannot read it any more."""

FIRST = 3
"""The first version that is read; what it says is read as this version would say it."""

WEIGHTS, MANIFEST = "weights.safetensors", "manifest.json"

DIGEST, UNPROVEN = "digest", ("digest", "proof", "certificate")
"""The manifest's field for the digest of its others; and the fields that a proof does not rest on:
how a solver found the sizes, and in what time, is nothing to what the weights compute."""

MANIFEST_LIMIT = 2**24
"""Bytes of the largest manifest that is read or written: several times what the largest program
that is kept takes, and little enough to be read from a hostile file."""

WEIGHTS_LIMIT = 2**32
"""Bytes of the largest weights that are read or written: a thousand million numbers, more than any
program has needed, and less than would fill a laptop."""

DEPTH = 100
"""How deep a manifest may be nested: tuples as deep as they may be take 64 levels, the records
around them some ten; Python's parser stops at a thousand."""

AGAIN = "compile the program again and save it"


def save(model: Transformer, path: str | PathLike[str]) -> None:
    """Writes a model to a new folder, or over a model that is there.

    The same model gives the same bytes. What stands there is kept until the new folder is
    whole.

    Args:
        model: The model.
        path: The folder; its parents are made where they are missing.

    Raises:
        FileError: If the folder cannot be written or holds something else, or a value of
            the program is of a type that a file cannot hold; nothing is changed then.
    """
    target = _target(path)
    write_folder(target, encode(model, target))


def encode(model: Transformer, target: Path) -> dict[str, bytes]:
    """The content of both files, by name.

    Args:
        model: The model.
        target: Where it is to stand, for messages.

    Raises:
        FileError: If something of the model cannot be held.
    """
    try:
        return _encode(model)
    except (FieldError, InputError) as error:
        raise FileError(
            f"model {shown(model.name)} cannot be saved to {shown_path(target)}: {error}"
        ) from None


def load(path: str | PathLike[str], changed: bool = False) -> Transformer:
    """Reads a model that `save` wrote.

    Its program is there as tables in place of functions, so that nothing of the file is
    executed; where the tables are too large, there is none.

    Args:
        path: The folder.
        changed: Read a model as well whose files were changed since they were written, to find
            out what it computes. Nothing is known of it then.

    Raises:
        FileError: If a file is missing, truncated, changed, malformed, or of another
            version; names file, field and remedy in one line.
    """
    folder = _folder(path)
    text = read_bytes(folder / MANIFEST, MANIFEST_LIMIT)
    return decode(folder, text, lambda limit: read_bytes(folder / WEIGHTS, limit), changed)


def decode(
    folder: Path, text: bytes, read: Callable[[int], bytes], changed: bool = False
) -> Transformer:
    """The model of a manifest and of its weights.

    Args:
        folder: Where they stand, for messages.
        text: The manifest.
        read: Gives the weights, which are of at most so many bytes.
        changed: Whether they may have been changed since they were written.

    Raises:
        FileError: If something of them is wrong.
    """
    place, weights = folder / MANIFEST, folder / WEIGHTS
    try:
        manifest, subject = _manifest(place, text, changed)
        shape = shape_of(manifest)
        if shape.file_bytes > WEIGHTS_LIMIT:
            raise FieldError("size", f"stands for weights of more than {WEIGHTS_LIMIT:,} bytes")
        data = read(shape.file_bytes)
        if not changed and hashlib.sha256(data).hexdigest() != manifest.weights.sha256:
            raise FileError(f"{shown_path(weights)} is truncated or changed; {AGAIN}")
        place = weights
        params, unembed = tensors_from_bytes(data, shape, finite=not changed)
        place = folder / MANIFEST
        model = model_of(manifest, params, unembed)
        domain = "" if model.setting.domain is None else model.setting.domain.text
        remember(model, believed(None if changed else manifest.proof, subject, domain))
        return model
    except FieldError as error:
        raise FileError(f"{shown_path(place)} is malformed: {error}; {AGAIN}") from None
    except (RecursionError, MemoryError) as error:
        reason = "is nested too deeply" if isinstance(error, RecursionError) else "is too large"
        raise FileError(f"{shown_path(place)} {reason}; {AGAIN}") from None


def _folder(path: str | PathLike[str]) -> Path:
    return arguments.path("path", path, "the folder of a model as text or pathlib.Path")


def _target(path: str | PathLike[str]) -> Path:
    """The folder to write to, symbolic links followed.

    Raises:
        FileError: If something else than a saved model stands there.
    """
    given = _folder(path)
    try:
        target = Path(os.path.realpath(given))
        if not os.path.lexists(target):
            return target
        inside = sorted(entry.name for entry in target.iterdir())
    except (OSError, ValueError) as error:
        raise FileError(
            f"{shown_path(given)} exists and is no saved model ({reason_of(error)}); choose "
            "another path"
        ) from None
    if inside == [MANIFEST, WEIGHTS] and _is_manifest(target / MANIFEST):
        return target
    raise FileError(f"{shown_path(given)} exists and is no saved model; choose another path")


def _is_manifest(path: Path) -> bool:
    try:
        return _parse(read_bytes(path, MANIFEST_LIMIT)).get("schema") == SCHEMA
    except (FileError, FieldError, RecursionError, MemoryError):
        return False


def _encode(model: Transformer) -> dict[str, bytes]:
    """The content of both files, as `load` will accept it.

    Raises:
        FieldError: If something of the model cannot be held.
    """
    data, weights = plain(model)
    text = json.dumps(data, indent=1, allow_nan=False)
    check_length(text)
    return {WEIGHTS: weights, MANIFEST: f"{text}\n".encode("ascii")}


def plain(model: Transformer) -> tuple[dict[str, Any], bytes]:
    """The manifest as JSON has it, its digest included, and the content of the weights' file.

    Raises:
        FieldError: If something of the model cannot be held.
        InputError: If the model's sizes or its activation function were edited.
    """
    now = exportable(model, "a file")
    written = manifest_of(model, now, StoredWeights(WEIGHTS, ""))
    manifest = written.manifest
    check_manifest(manifest, written.graph)
    shape = shape_of(manifest)
    if shape.file_bytes > WEIGHTS_LIMIT:
        raise FieldError("size", f"stands for weights of more than {WEIGHTS_LIMIT:,} bytes")
    weights = tensors_to_bytes(now.params, now.unembed, shape)
    data = to_plain(replace(manifest, program=None), Manifest)
    data["program"] = written.program
    data["weights"]["sha256"] = hashlib.sha256(weights).hexdigest()
    data = {"schema": SCHEMA, "version": VERSION, **data}
    texts = {name: _text(value) for name, value in data.items()}
    data["proof"]["of"] = _digest(texts, without=UNPROVEN)
    texts["proof"] = _text(data["proof"])
    return {**data, DIGEST: _digest(texts)}, weights


def check_length(text: str) -> None:
    """Checks that a manifest is one that is read again.

    Raises:
        FieldError: If it is too long.
    """
    if len(text) > MANIFEST_LIMIT:
        raise FieldError("the manifest", f"has more than {MANIFEST_LIMIT:,} bytes")


def digest(data: dict[str, Any], without: Collection[str] = (DIGEST,)) -> str:
    """SHA-256, in hexadecimal, of a manifest without some of its fields, however it is set out."""
    return _digest({name: _text(value) for name, value in data.items()}, without)


def _digest(texts: dict[str, str], without: Collection[str] = (DIGEST,)) -> str:
    """The same, of each field's text."""
    rest = (f"{_name(name)}:{texts[name]}" for name in sorted(texts) if name not in without)
    return hashlib.sha256(f"{{{','.join(rest)}}}".encode("ascii")).hexdigest()


_text = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode
"""JSON in one form: keys in order, and no blanks."""

_name = lru_cache(maxsize=64)(_text)
"""The same of a field's name, of which there are few."""


def _manifest(path: Path, text: bytes, changed: bool) -> tuple[Manifest, str]:
    """Reads and checks a manifest.

    Args:
        path: Where it stands, for messages.
        text: The manifest.
        changed: Whether it may have been changed since it was written.

    Returns:
        The manifest, and what its proof has to be of.

    Raises:
        FileError: If the file is none of ours, of another version, or was edited.
        FieldError: If a field is wrong.
    """
    data, name = _parse(text), shown_path(path)
    if data.pop("schema", None) != SCHEMA:
        raise FileError(f"{name} is no manifest of an optitracr model; give the folder of one")
    version = data.pop("version", None)
    if type(version) is not int or version < FIRST:
        raise FieldError("version", f"is {shown(version)}, of which no release wrote files")
    if version > VERSION:
        writer = data.get("optitracr")
        newer = f"optitracr {writer}" if isinstance(writer, str) and writer else "a newer optitracr"
        raise FileError(
            f"{name} is of version {shown(version)}, by {shown(newer)}, and this code reads up "
            f"to {VERSION}; upgrade with pip install -U optitracr"
        )
    stated, whole = data.pop(DIGEST, None), {"schema": SCHEMA, "version": version, **data}
    if not changed and digest(whole) != stated:
        raise FileError(
            f"{name} was edited or damaged: its digest is not that of its content. Files "
            f"are not to be edited by hand; {AGAIN}"
        )
    manifest: Manifest = from_plain(as_now(data, version), Manifest)
    check_manifest(manifest)
    if manifest.weights.file != WEIGHTS:
        raise FieldError("weights.file", f"is not {WEIGHTS}")
    return manifest, digest(whole, without=UNPROVEN)


def _parse(text: bytes) -> dict[str, Any]:
    """Strict JSON: UTF-8, an object, no repeated keys, no NaN, nothing nested too deeply.

    Raises:
        FieldError: If it is none.
    """
    try:
        data = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except FieldError:
        raise
    except ValueError as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else "no JSON"
        raise FieldError("the text", f"is {reason} ({shown(str(error))})") from None
    if not isinstance(data, dict):
        raise FieldError("the text", "is no JSON object")
    _check_depth(data)
    return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise FieldError(f"key {shown(twice)}", "stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise FieldError("the text", f"holds {name}, which is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise FieldError("the text", f"holds {shown(text)}, which is no finite number")
    return number


def _check_depth(data: Any) -> None:
    level = [data]
    for _ in range(DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise FieldError("the text", f"is nested deeper than {DEPTH}")
