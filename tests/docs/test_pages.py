"""What the pages say runs: their code, their commands, and the names of things."""

from __future__ import annotations

import json
import re
import shlex
import sys
import warnings
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "experiments"))

from hard_set.registry import PROGRAMS as HARD_PROGRAMS

from optitracr import library
from optitracr.candidates.families import Family
from optitracr.candidates.savings import MEANING
from optitracr.cli.main import build_parser, main
from tests.docs import run_blocks
from tests.docs.pages import DOCS, NOTEBOOKS, PAGES, ROOT, name

HARD = {program.name for program in HARD_PROGRAMS}
WITH_CODE = tuple(page for page in PAGES if "```python" in page.read_text())
COMMANDS = tuple(re.findall(r"^\$ (optitracr .*)$", "\n".join(p.read_text() for p in PAGES), re.M))
SCRIPTS = tuple(
    re.findall(
        r"^\$ \.venv/bin/python (experiments/.*)$", (DOCS / "experiments.md").read_text(), re.M
    )
)


@pytest.mark.sweep
@pytest.mark.parametrize("page", WITH_CODE, ids=name)
def test_code_runs_and_prints_what_it_says(
    page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert run_blocks.run(page) == []


def test_a_wrong_output_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Text.\n\n```python\nprint(1 + 1)  # 3\nprint(1)  # 1\n```\n")
    assert run_blocks.run(page) == [f"{page}:4: prints '2'"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=name)
def test_notebooks_are_kept_without_outputs(notebook: Path) -> None:
    cells = json.loads(notebook.read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@pytest.mark.sweep
@pytest.mark.parametrize("command", [c for c in dict.fromkeys(COMMANDS) if "--all" not in c])
def test_commands_run(command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(DOCS)
    assert main(shlex.split(command)[1:]) == 0


def test_every_command_has_a_section_and_an_example() -> None:
    [choices] = [action.choices for action in build_parser()._actions if action.dest == "command"]
    text = (DOCS / "command_line.md").read_text()
    assert re.findall(r"^## (\w+)$", text, re.M) == list(choices)
    assert re.findall(r"^```\{command\} (\w+)$", text, re.M) == list(choices)
    assert {command.split()[1] for command in COMMANDS} == set(choices)


@pytest.mark.parametrize("command", SCRIPTS)
def test_experiments_take_what_the_page_gives_them(command: str) -> None:
    script, *arguments = shlex.split(command)
    known = (ROOT / script).read_text() + (ROOT / "experiments" / "reporting.py").read_text()
    for option in (argument for argument in arguments if argument.startswith("-")):
        assert f'"{option}"' in known, f"{script} has no option {option}"
    place = arguments.index("--programs") if "--programs" in arguments else len(arguments)
    for given in arguments[place + 1 :]:
        if given.startswith("-"):
            break
        assert given.isdigit() or given in library.names() or given in HARD


def test_every_experiment_is_described() -> None:
    text = (DOCS / "experiments.md").read_text()
    for script in (ROOT / "experiments").glob("*.py"):
        if "__main__" in script.read_text():
            assert f"`{script.name}`" in text


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text()
    for path in re.findall(
        r"\b(?:optitracr|solvers|experiments|docs)/[\w/]+\.(?:py|csv|svg)\b", text
    ):
        assert (ROOT / path).exists(), f"{name(page)} names {path}"


def test_modules_and_functions_of_the_candidates_exist() -> None:
    text = (DOCS / "theory" / "candidates.md").read_text()
    lines = re.findall(r"^\*.*?Modules?: (.*?)\*$", text, re.M | re.S)
    assert len(lines) >= 10
    for line in (" ".join(line.split()) for line in lines):
        for path, functions in re.findall(r"`([\w/]+\.py)`(?: \(((?:`\w+`(?:, )?)+)\))?", line):
            rooms = (ROOT, ROOT / "optitracr", ROOT / "optitracr" / "candidates")
            [file] = [room / path for room in rooms if (room / path).is_file()]
            source = file.read_text()
            for function in re.findall(r"`(\w+)`", functions):
                assert f"def {function}(" in source, f"{path} has no {function}"


def test_families_and_savings_are_all_there() -> None:
    text = (DOCS / "theory" / "candidates.md").read_text()
    for family in Family:
        assert f"*Family `{family}`" in text
    for kind, meaning in MEANING.items():
        assert f"| {kind} | {meaning} |" in text
