"""The imports of the sources as a graph of files: lazy ones and those for types counted too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx as nx

ROOT = Path(__file__).parent.parent
PRODUCT = ("optitracr", "solvers")
SOURCES = (*PRODUCT, "experiments", "tests")


@cache
def modules() -> dict[str, Path]:
    """Each file of the sources by the name under which it is imported."""
    return {_name(path): path for top in SOURCES for path in sorted((ROOT / top).rglob("*.py"))}


def _name(path: Path) -> str:
    """A package's `__init__` has the package's name; experiments import each other by file name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[0] == "experiments":
        parts = parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imported(path: Path) -> frozenset[str]:
    """All modules that a file names in imports, wherever they stand in it."""
    return frozenset(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (_known_as(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} has a relative import"
            for alias in node.names:
                name = _known_as(f"{node.module}.{alias.name}")
                yield name if name in modules() else _known_as(node.module or "")


def _known_as(name: str) -> str:
    """Tests import a script of experiments with its folder."""
    return name.removeprefix("experiments.")


def graph() -> nx.DiGraph[str]:
    """An arrow from each file of the sources to each other one that it imports."""
    arrows: nx.DiGraph[str] = nx.DiGraph()
    for name, path in modules().items():
        known = imported(path) & modules().keys()
        arrows.add_edges_from((name, other) for other in known if other != name)
    return arrows


def circles() -> list[set[str]]:
    """Groups of files that import each other, in one step or several."""
    return [group for group in nx.strongly_connected_components(graph()) if len(group) > 1]


def room(name: str) -> str:
    """What `optitracr.graph.values` belongs to: `graph`, a folder, or a file beside the folders."""
    return name.split(".")[1]
