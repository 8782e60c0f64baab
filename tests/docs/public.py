"""Every name that a user meets, as the API reference has to list it."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import types
from collections.abc import Iterator
from typing import Any

MODULES = (
    "optitracr",
    "optitracr.rasp",
    "optitracr.library",
    "optitracr.domain",
    "optitracr.corpus",
    "solvers",
)
"""Modules that list their public names."""

UNLISTED = ("optitracr.errors", "optitracr.validating")
"""Modules of which everything without an underscore is public."""

FUNCTIONS = ("optitracr.compile.allocation_problem", "solvers.front.pareto_front")

FOLLOWED = (
    "optitracr.model.",
    "optitracr.checking.",
    "optitracr.circuit.circuit",
    "optitracr.candidates.savings",
)
"""Where the classes live whose own annotations are followed further."""


def public_names() -> set[str]:
    """Qualified names: of the modules, and of every class that a model's attributes give."""
    found = set(FUNCTIONS)
    for module in MODULES:
        listed = importlib.import_module(module).__all__
        found |= {_qualified(module, name) for name in listed if not _is_module(module, name)}
    for module in UNLISTED:
        members = vars(importlib.import_module(module)).items()
        found |= {
            f"{module}.{name}"
            for name, member in members
            if getattr(member, "__module__", "") == module and not name.startswith("_")
        }
    found |= {f"{cls.__module__}.{cls.__qualname__}" for cls in classes_of_a_model()}
    return found


def classes_of_a_model() -> set[type]:
    """The classes in annotations of models, circuits and reports, and those that they lead to."""
    from optitracr.circuit.circuit import Circuit
    from optitracr.compiled import CompiledModel
    from optitracr.report.report import Report

    pending: list[type] = [CompiledModel, Circuit, Report]
    found = set(pending)
    while pending:
        cls = pending.pop()
        if cls is not Report and not cls.__module__.startswith(FOLLOWED):
            continue
        for other in _annotated(cls):
            if other not in found and not other.__module__.startswith("solvers"):
                found.add(other)
                pending.append(other)
    return found


def _annotated(cls: type) -> Iterator[type]:
    for base in cls.__mro__:
        scope = vars(sys.modules[base.__module__])
        for text in _annotations(base):
            for name in re.findall(r"\w+", text):
                yield from _ours(scope.get(name))


def _annotations(cls: type) -> Iterator[str]:
    """The annotations of a class's own public attributes, properties and methods, as text."""
    fields = vars(cls).get("__annotations__", {})
    yield from (str(text) for name, text in fields.items() if not name.startswith("_"))
    for name, member in vars(cls).items():
        function = member.fget if isinstance(member, property) else member
        if not name.startswith("_") and inspect.isfunction(function):
            yield from map(str, function.__annotations__.values())


def _ours(thing: Any) -> Iterator[type]:
    parts = thing.__args__ if isinstance(thing, types.UnionType) else (thing,)
    for part in parts:
        module = getattr(part, "__module__", None) or ""
        if isinstance(part, type) and module.split(".")[0] in {"optitracr", "solvers"}:
            yield part


def _qualified(module: str, name: str) -> str:
    """The name by which the reference lists it: an error is listed among the errors."""
    member = getattr(importlib.import_module(module), name)
    own = getattr(member, "__module__", None)
    return f"{own}.{name}" if own in UNLISTED else f"{module}.{name}"


def _is_module(module: str, name: str) -> bool:
    return inspect.ismodule(getattr(importlib.import_module(module), name))
