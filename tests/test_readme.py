"""What the README shows runs, and prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from optitracr.cli.main import main

README = (Path(__file__).parent.parent / "README.md").read_text()


def test_the_first_program() -> None:
    [code] = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len(code.strip().splitlines()) <= 11
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert f"# {lines[0]}" in code
    assert lines[1].endswith("OPTIMAL")
    assert lines[2].startswith("verified on")


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^    optitracr (.*?)(?:  +#.*)?$", README, re.M)
    assert len(commands) >= 6
    for command in commands:
        if "my_programs" in command or "--all" in command:
            continue
        assert main(command.split()) == 0


def test_ci_runs_the_readmes_commands() -> None:
    script = (Path(__file__).parent.parent / ".ci" / "run").read_text()
    for part in re.findall(r"\.venv/bin/(?:python -m pytest|optitracr compare.*)", README):
        assert part in script


@pytest.mark.parametrize("script", sorted(Path("experiments").glob("*.py")), ids=lambda p: p.name)
def test_the_readme_names_every_script(script: Path) -> None:
    text = script.read_text()
    if "__main__" in text:
        assert script.name in README
