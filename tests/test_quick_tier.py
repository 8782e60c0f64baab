"""Every room has tests in the quick tier, and the tier is put together as it says."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.imports import ROOT

TESTS = ROOT / "tests"
LEFT_OUT = {"slow", "sweep"}


def folders(where: Path) -> set[str]:
    return {path.parent.name for path in where.glob("*/*.py")}


def quick_tests(file: Path) -> Iterator[str]:
    """The functions of a file that are in the tier whole."""
    tree = ast.parse(file.read_text())
    if LEFT_OUT & marks(*(node.value for node in tree.body if isinstance(node, ast.Assign))):
        return
    for node in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        if node.name.startswith("test_") and not LEFT_OUT & marks(*node.decorator_list):
            yield node.name


def marks(*expressions: ast.expr) -> set[str]:
    """What follows `pytest.mark.` in expressions."""
    return {
        node.attr
        for expression in expressions
        for node in ast.walk(expression)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "pytest.mark"
    }


@pytest.mark.parametrize("room", sorted(folders(ROOT / "optitracr") | folders(TESTS) | {"solvers"}))
def test_every_room_has_quick_tests(room: str) -> None:
    found = [name for file in (TESTS / room).glob("test_*.py") for name in quick_tests(file)]
    assert found, f"no test in tests/{room} is quick"


def test_slow_tests_are_left_out_and_sweeps_begun(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((TESTS / "conftest.py").read_text())
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "def test_quick(): pass\n"
        "@pytest.mark.slow\n"
        "def test_slow(): pass\n"
        "@pytest.mark.sweep\n"
        "@pytest.mark.parametrize('case', 'abc')\n"
        "def test_sweep(case): pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-n", "0"]
    done = subprocess.run(
        [*command, "-m", "quick", "-vv", "--rootdir", str(tmp_path), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed, 3 deselected" in done.stdout
    assert "test_sweep[a]" in done.stdout
