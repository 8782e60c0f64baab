"""The arrows between packages hold, and importing stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TIERS = (
    {"errors", "levels", "arguments", "memory", "special_tokens"},
    {"rasp"},
    {"library"},
    {"graph"},
    {"setting"},
    {"craft", "candidates"},
    {"options"},
    {"allocation"},
    {"assembly"},
    {"model", "circuit", "export", "draw"},
    {"compile", "validating"},
    {"front", "report", "compiling"},
    {"cli"},
)
"""Packages from the lowest up; each imports only from its own tier and those below."""


def tier(package: str) -> int:
    return next(i for i, packages in enumerate(TIERS) if package in packages)


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def sources() -> list[Path]:
    files = sorted((ROOT / "optitracr").rglob("*.py"))
    return [path for path in files if path != ROOT / "optitracr" / "__init__.py"]


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    own = path.relative_to(ROOT / "optitracr").parts[0].removesuffix(".py")
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "optitracr" or len(parts) < 2:
            continue
        known = {package for packages in TIERS for package in packages}
        if parts[1] in known:
            assert tier(parts[1]) <= tier(own), f"{path} imports {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "solvers").rglob("*.py")), ids=lambda p: p.name)
def test_solvers_know_nothing_of_the_compiler(path: Path) -> None:
    assert not any(name.split(".")[0] in {"optitracr", "jax"} for name in imports(path))


def loaded(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    "statement", ["import optitracr", "from optitracr import rasp, library", "import solvers"]
)
def test_imports_are_light(statement: str) -> None:
    heavy = {"jax", "ortools", "torch", "matplotlib", "scipy", "networkx", "rich", "numpy"}
    assert not loaded(statement) & heavy


def test_solvers_import_nothing_of_the_compiler_when_run() -> None:
    assert "optitracr" not in loaded("import solvers, solvers.cp_sat, solvers.longest_path")


def test_compiling_at_level_0_loads_no_jax() -> None:
    program = (
        "from optitracr import compile_rasp_to_model, rasp\n"
        "compile_rasp_to_model(rasp.tokens == 'a', {'a', 'b'}, 3, optimize=0)"
    )
    assert not loaded(program) & {"jax", "ortools", "torch"}
