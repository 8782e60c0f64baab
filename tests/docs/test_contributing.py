"""What CONTRIBUTING.md names is there, and what it says of tests is so."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.docs.pages import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
FOLDERS = ("optitracr", "solvers", "tests", "docs", "experiments")
PATHS = sorted(set(re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w/.]*|\.ci/run|[\w.]+\.toml)`", TEXT)))
"""Names in backquotes that begin as a folder of the repository."""


def test_there_are_paths() -> None:
    assert len(PATHS) > 30


@pytest.mark.parametrize("path", PATHS)
def test_a_path_exists(path: str) -> None:
    found = ROOT / path
    assert found.is_dir() if path.endswith("/") else found.is_file()


def test_every_room_has_a_line() -> None:
    folders = {path.parent.name for path in (ROOT / "optitracr").glob("*/__init__.py")}
    for room in folders:
        assert f"`optitracr/{room}/`" in TEXT, f"{room} is not described"


def test_markers_and_extras_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    markers = {line.split(":")[0] for line in project["tool"]["pytest"]["ini_options"]["markers"]}
    assert markers == {"quick", "slow", "sweep"}
    assert all(f"`{marker}`" in TEXT or f"-m {marker}`" in TEXT for marker in markers)
    extras = project["project"]["optional-dependencies"]
    assert set(re.findall(r"'\.\[(\w+)\]'", TEXT)) <= set(extras)
    assert any(package.startswith("pytest-cov") for package in extras["test"])


def test_it_is_short() -> None:
    """One to two pages."""
    assert len(TEXT.splitlines()) <= 120
