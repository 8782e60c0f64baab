"""The arrows between rooms point down, no files import each other, and importing stays light."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.imports import circles, imported, modules, room

WINGS = {"checking", "files", "export", "circuit", "causal", "draw"}
"""What one can do with a model. They stand side by side, and none knows another."""

TIERS: tuple[set[str], ...] = (
    {"errors"},
    {"rounding"},
    {"filling"},
    {"special_tokens"},
    {"version"},
    {"arguments"},
    {"memory"},
    {"writing"},
    {"extras"},
    {"levels"},
    {"rasp"},
    {"library"},
    {"domain"},
    {"inputs"},
    {"graph"},
    {"setting"},
    {"craft"},
    {"constructions"},
    {"candidates"},
    {"architectures"},
    {"options"},
    {"allocation"},
    {"model"},
    {"assembly"},
    {"catalogues"},
    {"recipes"},
    WINGS,
    {"stock"},
    {"compiled"},
    {"remedies"},
    {"stages"},
    {"compile"},
    {"hosts"},
    {"validating"},
    {"front"},
    {"variety"},
    {"bounds"},
    {"report"},
    {"compiling"},
    {"corpus"},
    {"benchmark"},
    {"cli"},
)
"""Rooms of `optitracr` from the lowest up; each imports only from itself and from tiers below."""

COMPILER = {name: path for name, path in modules().items() if name.startswith("optitracr.")}
SOLVERS = {name: path for name, path in modules().items() if name.split(".")[0] == "solvers"}


def tier(name: str) -> int:
    [found] = [i for i, rooms in enumerate(TIERS) if room(name) in rooms]
    return found


def test_each_room_has_a_tier_of_its_own() -> None:
    listed = [name for rooms in TIERS for name in rooms]
    assert len(listed) == len(set(listed))
    assert set(listed) == {room(name) for name in COMPILER}
    assert all(len(rooms) == 1 for rooms in TIERS if rooms is not WINGS)


@pytest.mark.parametrize("name", COMPILER)
def test_imports_point_down(name: str) -> None:
    for other in imported(COMPILER[name]):
        if other.startswith("optitracr.") and room(other) != room(name):
            assert tier(other) < tier(name), f"{name} imports {other}"


def test_no_files_import_each_other() -> None:
    assert not circles()


@pytest.mark.parametrize("name", SOLVERS)
def test_solvers_know_nothing_of_the_compiler(name: str) -> None:
    assert not {other.split(".")[0] for other in imported(SOLVERS[name])} & {"optitracr", "jax"}


@pytest.mark.parametrize("name", [name for name in COMPILER if room(name) == "constructions"])
def test_constructions_know_neither_programs_nor_solvers(name: str) -> None:
    """They are mathematics over arrays, each of which is tested without compiling anything."""
    found = {other for other in imported(COMPILER[name]) if other.split(".")[0] != "numpy"}
    allowed = {"constructions", "craft", "rounding", "filling"}
    assert {room(other) for other in found if other.startswith("optitracr.")} <= allowed
    assert not any(other.split(".")[0] in {"solvers", "ortools"} for other in found)


def loaded(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    "statement", ["import optitracr", "from optitracr import rasp, library", "import solvers"]
)
def test_imports_are_light(statement: str) -> None:
    heavy = {"jax", "ortools", "torch", "matplotlib", "scipy", "networkx", "rich", "numpy", "numba"}
    assert not loaded(statement) & heavy


def test_solvers_import_nothing_of_the_compiler_when_run() -> None:
    assert "optitracr" not in loaded("import solvers, solvers.cp_sat, solvers.longest_path")


def test_compiling_at_level_0_loads_no_jax() -> None:
    program = (
        "from optitracr import compile_rasp_to_model, rasp\n"
        "compile_rasp_to_model(rasp.tokens == 'a', {'a', 'b'}, 3, optimize=0)"
    )
    assert not loaded(program) & {"jax", "ortools", "torch"}
