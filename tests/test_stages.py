"""Stages are values: each is made once, when it is asked for, after those before it."""

from __future__ import annotations

import time

import pytest

from optitracr import library
from optitracr.allocation.allocate import by_solver
from optitracr.levels import ALLOCATED_LEVELS, LEVELS
from optitracr.options import CompileOptions, check_options
from optitracr.recipes import RECIPES
from optitracr.setting import Setting, check_setting
from optitracr.stages import Compilation, Made, Stage

ENTRY = library.get("hist")


def setting() -> Setting:
    return check_setting(ENTRY.vocab, ENTRY.max_seq_len, "bos", "pad", causal=False)


def compilation(options: CompileOptions) -> tuple[Compilation, list[Made]]:
    made: list[Made] = []
    return Compilation(ENTRY.make(), setting(), options, watch=made.append), made


@pytest.mark.parametrize("level", LEVELS)
def test_every_stage_is_watched_once_and_in_order(level: int) -> None:
    found, made = compilation(check_options(level))
    model = found.compiled()
    assert [one.stage for one in made] == list(Stage)
    assert [one.value for one in made] == [
        found.written,
        found.tabled,
        found.encoded,
        found.lowered,
        found.proposal,
        found.problem,
        found.placed,
        found.arrangement,
        found.assembly,
        model,
        found.checked,
    ]
    assert len(made) == len(Stage)


def test_nothing_runs_that_is_not_asked_for() -> None:
    found, made = compilation(check_options())
    assert not made
    assert found.problem.variables
    assert made[-1].stage is Stage.PROBLEM


def test_a_model_is_checked_only_if_the_options_say_so() -> None:
    found, made = compilation(check_options(check=False))
    found.compiled()
    assert made[-1].stage is Stage.MODEL


def test_the_time_of_a_stage_is_its_own() -> None:
    found, made = compilation(check_options())
    start = time.perf_counter()
    found.compiled()
    assert sum(one.seconds for one in made) <= time.perf_counter() - start
    assert all(one.seconds > 0 for one in made)


def test_levels_are_the_recipes() -> None:
    assert tuple(RECIPES) == LEVELS
    solved = [level for level, recipe in RECIPES.items() if recipe.allocator is by_solver]
    assert tuple(solved) == ALLOCATED_LEVELS
