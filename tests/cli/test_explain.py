"""The command explain: savings, and what each stage made, on a terminal and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from optitracr import compile_rasp_to_model, library
from optitracr.cli.main import main
from optitracr.compile import allocation_problem
from optitracr.levels import ALLOCATED_LEVELS, LEVELS
from optitracr.stages import Stage


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def strict(text: str) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def stages(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, Any]]:
    code, out, _ = run(capsys, "explain", "--stages", "--json", *arguments)
    assert code == 0
    found = strict(out)["stages"]
    assert [stage["stage"] for stage in found] == list(Stage)
    return {stage["stage"]: stage for stage in found}


@pytest.mark.parametrize("level", LEVELS)
def test_stages_are_those_of_the_model(capsys: pytest.CaptureFixture[str], level: int) -> None:
    entry = library.get("hist")
    found = stages(capsys, "hist", "-O", str(level))
    model = compile_rasp_to_model(
        entry.make(), entry.vocab, entry.max_seq_len, optimize=level, check=False
    )
    size = model.size
    assert found[Stage.MODEL]["parameters"] == size.parameters
    assert found[Stage.PLAN]["width"] == found[Stage.MODEL]["width"] == size.width
    assert found[Stage.MODEL]["rows"] == model.savings.as_dicts()
    assert found[Stage.ALLOCATION]["status"] == model.allocation.status.value
    assert len(found[Stage.ALLOCATION]["rows"]) == 2 * size.layers
    assert found[Stage.CHECK]["status"] == "PROVEN"
    assert all(stage["seconds"] >= 0 for stage in found.values())


@pytest.mark.parametrize("level", ALLOCATED_LEVELS)
def test_the_problem_is_the_one_solved(capsys: pytest.CaptureFixture[str], level: int) -> None:
    entry = library.get("reverse")
    # Where depth does not come first, nothing that comes too late for the least is left out.
    given = ("-O", str(level), "--time-limit", "0", "--objective", "width")
    found = stages(capsys, "reverse", *given)
    problem = allocation_problem(entry.make(), entry.vocab, entry.max_seq_len, optimize=level)
    rows = found[Stage.PROBLEM]["rows"]
    assert [row["variable"] for row in rows] == [v.name for v in problem.variables]
    assert found[Stage.PROBLEM]["alternatives"] == len(problem.alternatives)
    assert sum(row["heads"] + row["mlps"] for row in rows) == len(problem.alternatives)


@pytest.mark.parametrize("level", LEVELS)
def test_candidates_are_counted(capsys: pytest.CaptureFixture[str], level: int) -> None:
    found = stages(capsys, "reverse", "-O", str(level), "--time-limit", "0")[Stage.CANDIDATES]
    counted = {(row["variable"], row["rule"]): row["heads"] + row["mlps"] for row in found["rows"]}
    assert sum(counted.values()) == found["candidates"]
    assert len(counted) == len(found["rows"])
    if level in ALLOCATED_LEVELS:
        assert all(counted.values())


def test_rewrites_say_what_they_added(capsys: pytest.CaptureFixture[str]) -> None:
    rows = stages(capsys, "reverse", "--time-limit", "0")[Stage.REWRITES]["rows"]
    shares = [label for row in rows for label in row["added"] if label.endswith(".share")]
    assert len(shares) == 1
    assert all(row["seconds"] >= 0 for row in rows)
    assert len(rows) > len(stages(capsys, "reverse", "-O", "0")[Stage.REWRITES]["rows"])


def test_candidates_are_told_by_rule_and_family(capsys: pytest.CaptureFixture[str]) -> None:
    rows = stages(capsys, "reverse", "--time-limit", "0")[Stage.CANDIDATES]["rows"]
    assert {row["rule"] for row in rows} == {"head", "table"}
    families = {family for row in rows for family in row["families"]}
    assert families == {"circles", "codes", "cuts", "split"}
    standard = stages(capsys, "reverse", "-O", "0")[Stage.CANDIDATES]["rows"]
    assert {row["rule"] for row in standard} == {"standard"}


def test_values_of_every_type_are_strict_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "odd.py"
    path.write_text(
        "from optitracr import rasp\n"
        "odd = rasp.Map(lambda t: float('inf') if t == 'a' else (t, None), rasp.tokens)"
        ".named('[bold]odd')\n"
    )
    setting = ("--vocab", "a,b", "--max-seq-len", "3")
    found = stages(capsys, f"{path}:odd", *setting)
    (row,) = (r for r in found[Stage.VALUES]["rows"] if r["variable"].startswith("[bold]odd"))
    assert row["values"] == [{"float": "inf"}, {"tuple": ["b", None]}]
    code, out, _ = run(capsys, "explain", "--stages", f"{path}:odd", *setting)
    assert code == 0
    assert "[bold]odd" in out


def test_text_has_every_stage_with_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "explain", "hist", "length", "--stages")
    assert code == 0
    for name in ("hist", "length"):
        for stage in Stage:
            assert f"{name}, {stage.value} (" in out
    assert out.count(" ms): ") == 2 * len(Stage)


def test_stages_before_an_error_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    limits = ("-O", "1", "--limit-layers", "1")
    code, out, err = run(capsys, "explain", "reverse", "--stages", *limits)
    assert code == 1
    assert "reverse, problem (" in out
    assert "reverse, allocation (" not in out
    assert "does not fit the limits" in err
    code, out, _ = run(capsys, "explain", "reverse", "--stages", "--json", *limits)
    assert code == 1
    assert strict(out)["error"] == "InfeasibleError"


def test_without_stages_it_is_what_became_of_each_variable(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run(capsys, "explain", "hist")
    assert code == 0
    assert "what level 2 saves" in out
    assert "2 numbers for 4 values" in out
    code, out, _ = run(capsys, "explain", "hist", "--json")
    assert code == 0
    assert {"program", "size", "savings"} <= set(strict(out))
