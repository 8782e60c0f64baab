"""Programs in files of the user's: code that runs, so that anything may go wrong in it."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from optitracr import rasp
from optitracr.errors import FileError, InputError, NotFoundError
from optitracr.writing import reason_of, shown_path

Result = TypeVar("Result")

MODULE_PREFIX = "optitracr_program_"
"""What the name of a file's module begins with, so that it hides no module of Python's."""


def parts_of(name: str) -> tuple[Path, str]:
    """The file and the name in it that `file.py:name` stands for.

    Raises:
        InputError: If one of them is missing.
    """
    file, _, attribute = name.rpartition(":")
    if not file or not attribute:
        whole = name.rstrip(":")
        raise InputError(f"{whole} names no program; write it as {whole}:program")
    return Path(file), attribute


def program_of_file(name: str) -> rasp.SOp:
    """The s-op that `file.py:name` names, or that the function of that name returns.

    Raises:
        FileError: If the file, or the function, cannot be read or fails.
        NotFoundError: If the file has no such name.
        InputError: If what it names is no program.
    """
    path, attribute = parts_of(name)
    try:
        # In full, as frames of a traceback have it, and now: the file may change the folder.
        path = path.absolute()
        readable = path.is_file()
    except OSError as error:
        name = shown_path(path)
        raise FileError(f"{name} cannot be found: {reason_of(error)}; check the path") from None
    if not readable:
        raise FileError(f"{shown_path(path)} is not a readable file; check the path")
    found = vars(_load(path))
    if attribute not in found:
        sops = [key for key, value in found.items() if isinstance(value, rasp.SOp)]
        raise NotFoundError(
            f"{path} defines no '{attribute}'; its s-ops are: {', '.join(sops) or 'none'}"
        )
    value = found[attribute]
    if callable(value) and not isinstance(value, rasp.RASPExpr):
        value = _returned(path, name, value)
    if not isinstance(value, rasp.SOp):
        raise InputError(
            f"{name} is of type {type(value).__name__}; name an s-op, or a function without "
            "arguments that returns one"
        )
    return value


def _load(path: Path) -> Any:
    """Runs a Python file: it is code, so run only files that you trust."""
    spec = importlib.util.spec_from_file_location(f"{MODULE_PREFIX}{path.stem}", path)
    if spec is None or spec.loader is None:
        raise FileError(f"{path} is not a Python file; name one that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    loader = spec.loader
    _guarded(path, lambda: loader.exec_module(module))
    return module


def _returned(path: Path, name: str, function: Callable[..., Any]) -> Any:
    """What a function of the file returns."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # A built-in one may not say what it takes.
        parameters = {}.values()
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in variadic]
    if needed:
        code = getattr(inspect.unwrap(function), "__code__", None)
        line = "" if code is None else f" (line {code.co_firstlineno})"
        raise InputError(
            f"{name}{line} is called without arguments and needs {', '.join(needed)}; give them "
            "defaults, or name an s-op"
        )
    return _guarded(path, function)


def _guarded(path: Path, run: Callable[[], Result]) -> Result:
    """Runs the user's code; what it raises becomes an error that names file and line."""
    try:
        return run()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit among them.
        line, what = _where(path, error)
        place = f"{path}, line {line}," if line else f"{path}"
        raise FileError(f"{place} fails: {what}; mend it first") from error


def _where(path: Path, error: BaseException) -> tuple[int | None, str]:
    """The last line of the file that was at work, and the error in words."""
    file = str(path)
    if isinstance(error, SyntaxError) and error.filename == file:
        return error.lineno, f"{type(error).__name__}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == file]
    try:
        said = str(error)
    except Exception:  # A user's exception, whose text may fail too.
        said = ""
    name = type(error).__name__
    return (lines[-1] if lines else None), f"{name}: {said}" if said else name
