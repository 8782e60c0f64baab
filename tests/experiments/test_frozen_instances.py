"""The frozen set of allocation problems: whole, valid, and solved again by the script."""

from __future__ import annotations

import csv
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "experiments"))

import freeze_instances
import frozen_instances
import frozen_set

from solvers import ProblemError
from solvers.greedy import greedy_plan

QUICK = ("library-hist-level2", "random-10-0", "library-shuffle_dyck2-level2")
FROZEN = 50


def copied(names: tuple[str, ...], folder: Path) -> Path:
    for name in names:
        shutil.copy(frozen_set.FOLDER / f"{name}{frozen_set.SUFFIX}", folder)
    return folder


def test_the_set_is_whole_and_small() -> None:
    names = frozen_set.names()
    assert len(names) == FROZEN
    assert set(names) == {name for name, _ in freeze_instances.makers()}
    size = sum(path.stat().st_size for path in frozen_set.FOLDER.iterdir())
    assert size < 3_000_000


@pytest.mark.sweep
@pytest.mark.parametrize("first", range(0, FROZEN, 10))
def test_best_plans_are_valid_and_bounds_below_them(first: int) -> None:
    for name in frozen_set.names()[first : first + 10]:
        instance = frozen_set.load(name)  # It validates the plan.
        assert instance.best is not None
        assert len(instance.best.bound) == len(instance.best.value) == len(instance.objective)
        assert "ortools" in instance.best.versions


def test_some_are_solved_again_and_are_as_good(tmp_path: Path) -> None:
    folder, table = copied(QUICK, tmp_path), tmp_path / "rows.csv"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code = frozen_instances.main(["--folder", str(folder), "-o", str(table), "--update"])
    assert code == 0
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["instance"] for row in rows} == set(QUICK)
    assert {(row["status"], row["plan"], row["bound_is"]) for row in rows} == {
        ("OPTIMAL", "equal", "equal")
    }
    assert all((folder / name).read_bytes() == data for name, data in before.items())


def test_a_better_plan_is_stored_and_a_bound_above_a_plan_is_an_error(tmp_path: Path) -> None:
    folder = copied(QUICK[1:2], tmp_path)
    instance = frozen_set.load(QUICK[1], folder)
    assert instance.best is not None
    worse = greedy_plan(instance.problem)
    assert worse is not None
    value = frozen_set.measured_value(instance, worse)
    assert value > instance.best.value
    known = replace(instance.best, plan=worse, value=value)
    frozen_set.save(replace(instance, best=replace(known, bound=(0,) * len(value))), folder)
    assert frozen_instances.main(["--folder", str(folder), "--update"]) == 0
    found = frozen_set.load(QUICK[1], folder).best
    assert found is not None
    assert replace(found, plan=instance.best.plan) == instance.best
    frozen_set.save(replace(instance, best=replace(known, bound=value)), folder)
    assert frozen_instances.main(["--folder", str(folder), "--update"]) == 1
    assert frozen_set.load(QUICK[1], folder).best == replace(known, bound=value)


def test_a_changed_problem_and_a_broken_plan_are_refused(tmp_path: Path) -> None:
    instance = frozen_set.load(QUICK[1])
    assert instance.best is not None
    assert instance.random is not None
    frozen_set.save(replace(instance, best=replace(instance.best, value=(1, 1, 1))), tmp_path)
    with pytest.raises(ProblemError, match="has"):
        frozen_set.load(QUICK[1], tmp_path)
    plan = replace(instance.best.plan, width=1)
    frozen_set.save(replace(instance, best=replace(instance.best, plan=plan)), tmp_path)
    with pytest.raises(ProblemError, match="dimensions"):
        frozen_set.load(QUICK[1], tmp_path)
    frozen_set.save(replace(instance, random=(11, 0, 60)), tmp_path)
    with pytest.raises(ProblemError, match="frozen"):
        frozen_set.load(QUICK[1], tmp_path)
    with pytest.raises(ProblemError, match="no frozen instance"):
        frozen_set.load("nothing", tmp_path)


def test_bounds_hold_given_what_comes_before() -> None:
    assert frozen_set.contradicts((3, 5), (3, 6), (2, 9))
    assert frozen_set.contradicts((3, 5), (3, 6), (3, 4))
    assert not frozen_set.contradicts((3, 5), (4, 6), (3, 4))
    assert not frozen_set.contradicts((3, 5), (3, 6), (3, 5))
