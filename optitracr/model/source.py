"""A program as text: one line an s-op, and the functions that its author wrote."""

from __future__ import annotations

import functools
import inspect
import textwrap
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any

from optitracr.graph.program import (
    Aggregate,
    Best,
    Function,
    Input,
    Node,
    PairSelector,
    Predicate,
    ProgramGraph,
    Selector,
    Width,
    fold_selector,
    selector_parts,
)
from optitracr.rasp import Comparison
from optitracr.rasp.composition import Composition, WithConstant

TEXT_LIMIT = 20_000
"""Characters of one function's text: some hundreds of lines, more than a function of a program has.
A longer one is left out, so that files stay small."""

SELECTOR_LIMIT = 400
"""Characters of one selector in the listing: some lines. A longer one is cut, since what it is made
of is listed too."""

OWN_MODULES = ("optitracr.rasp", "optitracr.graph", "operator", "_operator")
"""Modules, and packages of them, whose functions the user did not write."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One s-op of a program.

    Attributes:
        label: Its name, unique in the program.
        operation: "tokens", "indices", "map", "constant", "aggregate" or "selector_width".
        function: The function of a map, in a few words; "" for other operations.
        operands: Labels of the s-ops that it reads as values.
        selector: Its selector with keys, queries and predicate; "" if it has none.
        default: What an aggregate gives where nothing is selected, as Python writes it.
        encoding: "categorical" or "numerical".
        written: Where the user wrote it, as "file:line" without the folder, or "".
    """

    label: str
    operation: str
    function: str
    operands: tuple[str, ...]
    selector: str
    default: str
    encoding: str
    written: str

    def __str__(self) -> str:
        parts = [part for part in (self.selector, self.function, *self.operands) if part]
        if self.default:
            parts.append(f"default={self.default}")
        call = f"{self.operation}({', '.join(parts)})" if parts else self.operation
        where = f"  # {self.written}" if self.written else ""
        return f"{self.label} = {call}  [{self.encoding}]{where}"


@dataclass(frozen=True, slots=True)
class FunctionText:
    """The text of a function that the user wrote.

    Attributes:
        labels: The s-ops that use it, in the map or in the selector.
        written: Where it stands, as "file:line" without the folder.
        text: Its lines; for a lambda the lines of the statement that it stands in.
    """

    labels: tuple[str, ...]
    written: str
    text: str


@dataclass(frozen=True, slots=True)
class ProgramSource:
    """A program as text, to read and never to run; prints as a listing.

    Attributes:
        lines: Every s-op, operands before what reads them; empty where it is not known.
        functions: What Python can still find of the functions' text, as it stands when it
            is asked for; nothing of functions typed at a prompt or made by `exec`.
    """

    lines: tuple[SourceLine, ...] = ()
    functions: tuple[FunctionText, ...] = ()

    def __str__(self) -> str:
        listing = "\n".join(map(str, self.lines))
        texts = (f"# {', '.join(f.labels)} ({f.written})\n{f.text}" for f in self.functions)
        return "\n\n".join([listing, *texts])


def source_of(graph: ProgramGraph) -> ProgramSource:
    """Writes a program graph as text."""
    return ProgramSource(tuple(_line(node) for node in graph.nodes), _functions(graph))


def _line(node: Node) -> SourceLine:
    operation, selector, default, function = node.operation, "", "", ""
    operands: tuple[str, ...] = ()
    match operation:
        case Input():
            kind = operation.source.value
        case Function():
            kind = "map" if operation.operands else "constant"
            operands = operation.operands
            function = (
                " + ".join(f"{factor!r} * _" for factor in operation.factors)
                if operation.factors
                else describe_function(operation.call)
            )
        case Aggregate():
            kind, operands = "aggregate", (operation.operand,)
            selector, default = describe_selector(operation.selector), _shown(operation.default)
        case Width():
            kind, selector = "selector_width", describe_selector(operation.selector)
        case Best():
            kind = "smallest" if operation.smallest else "largest"
            selector, operands = describe_selector(operation.selector), (operation.score,)
    return SourceLine(
        label=node.label,
        operation=kind,
        function=function,
        operands=operands,
        selector=selector,
        default=default,
        encoding=node.encoding.value,
        written=base_name(node.source),
    )


def _described_pair(pair: PairSelector) -> str:
    assert isinstance(pair, Predicate)
    text = f"select({pair.keys}, {pair.queries}, {describe_function(pair.call)})"
    return _with_promise(pair, text)


def _with_promise(selector: Selector, text: str) -> str:
    return _cut(f"at_most_one({text})" if selector.at_most_one else text)


def describe_selector(selector: Selector) -> str:
    """A selector in one line, such as `select(keys, queries, ==)`."""
    return fold_selector(
        selector,
        _described_pair,
        lambda made, parts: _with_promise(made, f"{made.operator}({', '.join(parts)})"),
    )


def _cut(text: str) -> str:
    return text if len(text) <= SELECTOR_LIMIT else f"{text[:SELECTOR_LIMIT]}…"


def describe_function(function: Callable[..., Any]) -> str:
    """A function in a few words: an operator with its constant, or its name."""
    if isinstance(function, Comparison):
        return function.value
    if isinstance(function, Composition):
        return " then ".join(describe_function(step) for step in function.functions)
    if isinstance(function, WithConstant):
        constant = _shown(function.constant)
        operands = (constant, "_") if function.is_first else ("_", constant)
        return f"{describe_function(function.function)}({', '.join(operands)})"
    name = str(getattr(function, "__qualname__", type(function).__qualname__))
    if _is_own(function):
        if not inspect.isroutine(function):
            return _shown(getattr(function, "values", name))
        defaults = getattr(function, "__defaults__", None)
        if defaults:
            return _shown(defaults[0])
    return name.replace("<locals>.", "").removeprefix("_")


def _is_own(function: Any) -> bool:
    module = str(getattr(function, "__module__", ""))
    return any(module == own or module.startswith(f"{own}.") for own in OWN_MODULES)


def _shown(value: Any) -> str:
    """A value as Python writes it; the type alone where that differs from run to run."""
    plain = isinstance(value, bool | int | float | str | tuple) or value is None
    return repr(value) if plain else type(value).__name__


def _functions(graph: ProgramGraph) -> tuple[FunctionText, ...]:
    """Each text once, with every s-op that uses it."""
    users: dict[tuple[str, str], list[str]] = {}
    texts: dict[int, tuple[Any, tuple[str, str] | None]] = {}
    for node in graph.nodes:
        for function in _functions_of(node):
            written = _written(function)
            if id(written) not in texts:
                texts[id(written)] = written, _text(written)
            _, found = texts[id(written)]
            if found is not None and node.label not in users.setdefault(found, []):
                users[found].append(node.label)
    return tuple(
        FunctionText(tuple(labels), where, text) for (where, text), labels in users.items()
    )


def _functions_of(node: Node) -> Iterator[Any]:
    match node.operation:
        case Function():
            function = node.operation.call
            yield from function.functions if isinstance(function, Composition) else (function,)
        case Aggregate() | Best() | Width():
            yield from (
                part.call
                for part in selector_parts(node.operation.selector)
                if isinstance(part, Predicate)
            )


def _written(function: Any) -> Any:
    """What has lines: a function, or the class of what is called as one."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function) if hasattr(function, "__wrapped__") else function
    if not inspect.isroutine(function) and not inspect.isclass(function):
        return type(function)
    return function


def _text(function: Any) -> tuple[str, str] | None:
    """Where a function of the user's stands and its lines; None where that cannot be found."""
    if _is_own(function):
        return None
    try:
        file = inspect.getsourcefile(function) or ""
        text, first = _lines(function, file)
    except (OSError, TypeError, SyntaxError, IndexError, ValueError, tokenize.TokenError):
        return None
    if not text or len(text) > TEXT_LIMIT:
        return None
    return base_name(f"{file}:{first}"), text


KEPT_CLASSES = 256
"""Classes whose lines are kept: more than a program has, and few enough to hold."""


def _lines(function: Any, file: str) -> tuple[str, int]:
    """The lines of a function or a class as they stand alone, and the number of the first.

    Python finds a class by parsing all of its file. So its lines are kept, as long as the file
    stays what it was: many programs may have functions of one class.
    """
    if not isinstance(function, type):
        return _alone(function)
    path = Path(file)
    stated = path.stat() if path.exists() else None
    state = None if stated is None else (stated.st_mtime_ns, stated.st_size)
    return _lines_of_class(function, file, state)


@functools.lru_cache(maxsize=KEPT_CLASSES)
def _lines_of_class(kind: type, file: str, state: object) -> tuple[str, int]:
    return _alone(kind)


def _alone(function: Any) -> tuple[str, int]:
    lines, first = inspect.getsourcelines(function)
    return textwrap.dedent("".join(lines)).rstrip("\n"), first


KEPT_PLACES = 4096
"""Places whose short form is kept: those of some hundred programs."""


@functools.lru_cache(maxsize=KEPT_PLACES)
def base_name(written: str) -> str:
    """The file's name and the line, without the folder, which is the user's own affair."""
    file, _, line = written.rpartition(":")
    if not file:
        return written
    name = PureWindowsPath(file).name if "\\" in file else PurePath(file).name
    return f"{name}:{line}"
