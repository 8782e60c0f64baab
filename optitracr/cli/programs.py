"""Programs named on the command line: by library name, or as `file.py:name`."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optitracr import library, rasp
from optitracr.errors import FileError, InputError, NotFoundError


@dataclass(frozen=True, slots=True)
class Named:
    """A program with what it takes to compile it."""

    name: str
    program: rasp.SOp
    vocab: tuple[Any, ...]
    max_seq_len: int
    causal: bool
    note: str = ""


def resolve(name: str, arguments: argparse.Namespace) -> Named:
    """Finds a program; options override the library's vocabulary and length.

    Raises:
        NotFoundError: If the library, or the file, has no such program.
        FileError: If the file cannot be read or run.
        InputError: If a file's program comes without --vocab or --max-seq-len.
    """
    vocab = None if arguments.vocab is None else parse_tokens(arguments.vocab)
    length = arguments.max_seq_len
    if ".py:" in name or name.endswith(".py"):
        program = _from_file(name)
        if vocab is None or length is None:
            raise InputError(
                f"{name} needs its vocabulary and length; add --vocab a,b,c --max-seq-len 8"
            )
        return Named(name, program, vocab, length, arguments.causal)
    entry = library.get(name)
    return Named(
        entry.name,
        entry.make(),
        vocab or entry.vocab,
        length or entry.max_seq_len,
        arguments.causal or entry.causal,
    )


def parse_tokens(text: str) -> tuple[Any, ...]:
    """Comma-separated tokens; integers if all of them are."""
    parts = tuple(part for part in text.split(",") if part != "")
    try:
        return tuple(int(part) for part in parts)
    except ValueError:
        return parts


def _from_file(name: str) -> rasp.SOp:
    path, _, attribute = name.rpartition(":")
    if not path:
        raise InputError(f"{name} names no program; write it as {name}:program")
    module = _load(Path(path))
    if not hasattr(module, attribute):
        found = [key for key, value in vars(module).items() if isinstance(value, rasp.SOp)]
        raise NotFoundError(
            f"{path} defines no '{attribute}'; its s-ops are: {', '.join(found) or 'none'}"
        )
    value = getattr(module, attribute)
    program = value() if callable(value) and not isinstance(value, rasp.RASPExpr) else value
    if not isinstance(program, rasp.SOp):
        raise InputError(
            f"{name} is a {type(program).__name__}; name an s-op, or a function without "
            "arguments that returns one"
        )
    return program


def _load(path: Path) -> Any:
    """Runs a Python file: it is code, so run only files that you trust."""
    if not path.is_file():
        raise FileError(f"{path} is not a readable file; check the path")
    spec = importlib.util.spec_from_file_location(f"optitracr_program_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise FileError(f"{path} is not a Python file; name one that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise FileError(f"{path} failed: {type(error).__name__}: {error}; mend it first") from error
    return module
