"""What the README shows runs, and prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from optitracr.cli.main import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def first_program() -> str:
    [code] = re.findall(r"```python\n(.*?)```", README, re.S)
    return code


def test_the_first_program() -> None:
    code = first_program()
    assert len(code.strip().splitlines()) <= 11
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert f"# {lines[0]}" in code
    assert lines[1].endswith("OPTIMAL")
    assert lines[2].startswith("verified on")
    assert lines[3] == "PROVEN"


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first.py").write_text(first_program())
    commands = re.findall(r"^    optitracr (.*?)(?:  +#.*)?$", README, re.M)
    assert len(commands) >= 6
    for command in commands:
        if "--all" not in command:
            assert main(command.split()) == 0


def test_ci_runs_the_readmes_commands() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    for part in re.findall(r"\.venv/bin/(?:python -m pytest|optitracr compare.*)", README):
        assert part in script


def test_totals_are_those_of_the_table() -> None:
    """The README has the totals of the page that lists every program."""
    [totals] = re.findall(r"<!-- totals\b.*?-->\n(.*?)<!-- /totals -->", README, re.S)
    results = (ROOT / "docs" / "results.md").read_text()
    assert totals in results


def test_files_that_the_readme_names_exist() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", README)
    assert links
    for path in links:
        assert (ROOT / path).is_file(), path


def test_the_readme_is_short() -> None:
    """One table, one picture, and the way in; what is long has a page."""
    assert len(README.splitlines()) <= 160
    assert README.count("![") == 1
