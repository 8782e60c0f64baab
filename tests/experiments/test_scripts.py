"""Every script of experiments/ on small sizes: its CSV, figures, errors and exit codes."""

from __future__ import annotations

import csv
import io
import json
import runpy
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from xml.etree import ElementTree

import pytest

from optitracr import compile_rasp_to_model, library
from optitracr.stages import Stage

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
SCRIPTS = (
    "compare_allocations",
    "compile_time",
    "throughput",
    "model_sizes",
    "ablation",
    "lower_bounds",
    "stock_models",
    "counterfactuals",
    "edge_attribution",
    "scaling",
)
PROGRAMS = ("hist", "frac_prevs", "reverse", "shuffle_dyck1")
PNG = b"\x89PNG\r\n\x1a\n"


def command(script: str, *arguments: object) -> list[str]:
    return [sys.executable, str(EXPERIMENTS / f"{script}.py"), *map(str, arguments)]


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """As in a process of its own, without the seconds that each takes to start."""
    line = command(script, *arguments)[1:]
    out, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("COLUMNS", "200")
        patched.setattr(sys, "argv", line)
        patched.syspath_prepend(str(EXPERIMENTS))
        with redirect_stdout(out), redirect_stderr(errors), pytest.raises(SystemExit) as ended:
            runpy.run_path(line[0], run_name="__main__")
    code = ended.value.code
    assert isinstance(code, int)
    return subprocess.CompletedProcess(line, code, out.getvalue(), errors.getvalue())


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.sweep
@pytest.mark.parametrize("script", SCRIPTS)
def test_help_and_wrong_programs(script: str) -> None:
    helped = run(script, "--help")
    assert helped.returncode == 0
    assert "--output" in helped.stdout
    if script == "scaling":
        return
    wrong = ("--programs", "revers")
    failed = run(script, *wrong)
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert failed.stderr.startswith(f"{script}.py: the library has no program 'revers'")
    assert "did you mean reverse" in failed.stderr
    assert len(failed.stderr.splitlines()) == 1


@pytest.mark.slow
def test_compare_allocations(tmp_path: Path) -> None:
    table, figure = tmp_path / "methods.csv", tmp_path / "methods.png"
    methods = ("longest_path", "greedy", "cp_sat", "milp")
    done = run(
        "compare_allocations",
        *("--programs", *PROGRAMS),
        *("--methods", *methods),
        *("--time-limit", 10, "-o", table, "--figure", figure),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == "allocating hist (1 of 4)"
    rows = read(table)
    assert [(r["program"], r["method"]) for r in rows] == [
        (p, m) for p in PROGRAMS for m in methods
    ]
    found = {(r["program"], r["method"]): r for r in rows}

    def key(row: dict[str, str]) -> tuple[int, int, int]:
        return int(row["layers"]), int(row["width"]), int(row["neurons"])

    for program in PROGRAMS:
        exact = found[program, "cp_sat"]
        assert (exact["status"], exact["proven"], float(exact["gap"])) == ("OPTIMAL", "True", 0.0)
        assert [int(exact[f"{n}_bound"]) for n in ("depth", "width", "neurons")] == [*key(exact)]
        assert key(found[program, "milp"]) == key(exact)
        for heuristic in ("longest_path", "greedy"):
            row = found[program, heuristic]
            assert key(exact) <= key(row)
            assert row["proven"] == "False"
            assert int(exact["layers"]) <= int(row["layers"])
        assert int(exact["width"]) <= int(found[program, "longest_path"]["width"])
    assert figure.read_bytes().startswith(PNG)
    assert len(figure.read_bytes()) > 5000


def test_edge_attribution_says_what_it_needs() -> None:
    """It compares with a package that has no place beside the TransformerLens of the tests."""
    done = run("edge_attribution", "--programs", "hist")
    assert done.returncode == 1
    assert "run this in an environment as docs/circuits.md describes it" in done.stderr


def test_counterfactuals(tmp_path: Path) -> None:
    table, text = tmp_path / "told.csv", tmp_path / "told.md"
    done = run(
        "counterfactuals",
        *("--programs", "sort", "max_depth", "--pairs", 20),
        *("-o", table, "--markdown", text),
    )
    assert done.returncode == 0, done.stderr
    sort, depth = read(table)
    assert (sort["variables"], sort["with_effect"], sort["by_open"]) == ("3", "3", "0")
    assert int(depth["couples"]) == int(depth["told_apart"]) + int(depth["by_structure"]) + int(
        depth["by_every_pair"]
    )
    assert text.read_text().count("|") > 10


@pytest.mark.slow
def test_model_sizes(tmp_path: Path) -> None:
    table, figure, text = tmp_path / "s.csv", tmp_path / "s.svg", tmp_path / "sizes.md"
    readme = tmp_path / "README.md"
    readme.write_text("# Title\n\n<!-- totals -->\nold\n<!-- /totals -->\n")
    text.write_text("# Title\n\n<!-- sizes: written -->\nold\n<!-- /sizes -->\n\nend\n")
    done = run(
        "model_sizes",
        *("--programs", *PROGRAMS),
        *("--levels", 0, 1, "--verify", "--max-inputs", 500),
        *("-o", table, "--figure", figure, "--markdown", readme, text),
    )
    assert done.returncode == 0, done.stderr
    rows = read(table)
    assert [(r["program"], r["level"]) for r in rows] == [
        (program, level) for program in PROGRAMS for level in ("0", "1")
    ]
    sizes = {(r["program"], int(r["level"])): r for r in rows}
    for program in PROGRAMS:
        before, after = sizes[program, 0], sizes[program, 1]
        assert int(after["layers"]) <= int(before["layers"])
        assert int(after["width"]) <= int(before["width"])
        assert (before["status"], after["status"]) == ("FEASIBLE", "OPTIMAL")
        assert int(before["verified_inputs"]) > 0
        assert int(after["verified_inputs"]) > 0
    entry = library.get("hist")
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len, optimize=1)
    names = ("layers", "width", "heads", "head_size", "neurons", "parameters")
    expected = [str(getattr(model.size, name)) for name in names]
    assert [sizes["hist", 1][name] for name in names] == expected
    _check_markdown(text.read_text(), sizes)
    totals = text.read_text().split("Every program")[0].split("-->\n")[1].rstrip()
    assert readme.read_text() == f"# Title\n\n<!-- totals -->\n{totals}\n<!-- /totals -->\n"
    assert ElementTree.parse(figure).getroot().tag.endswith("svg")


def _check_markdown(text: str, sizes: dict[tuple[str, int], dict[str, str]]) -> None:
    assert text.startswith("# Title\n\n<!-- sizes: written -->\nTotals over the 4 library programs")
    assert text.endswith("<!-- /sizes -->\n\nend\n")
    assert "\nold\n" not in text
    widths = [sum(int(sizes[p, level]["width"]) for p in PROGRAMS) for level in (0, 1)]
    line = next(row for row in text.splitlines() if row.startswith("| 1 |"))
    assert f"| {widths[1]} | {100 * (1 - widths[1] / widths[0]):.1f} % |" in line
    assert line.endswith("| 4 of 4 |")
    pair = " → ".join(sizes["hist", level]["width"] for level in (0, 1))
    assert f"| {pair} |" in next(r for r in text.splitlines() if r.startswith("| hist |"))


@pytest.mark.slow
def test_model_sizes_can_minimise_something_else(tmp_path: Path) -> None:
    table, text = tmp_path / "s.csv", tmp_path / "sizes.md"
    options = ("--programs", "sort_unique", "--levels", 1, "-o", table, "--markdown", text)
    assert run("model_sizes", *options).returncode == 0
    wide = int(read(table)[0]["parameters"])
    assert run("model_sizes", *options, "--objective", "parameters").returncode == 0
    assert int(read(table)[0]["parameters"]) <= wide
    assert text.read_text().startswith("Totals over the 1 library program")
    failed = run("model_sizes", *options, "--objective", "beauty")
    assert failed.returncode == 1
    assert "objective='beauty'" in failed.stderr


def test_lower_bounds(tmp_path: Path) -> None:
    table, page, tables = (tmp_path / name for name in ("bounds.csv", "bounds.md", "tables.csv"))
    page.write_text("# Title\n\n<!-- bounds: written -->\nold\n<!-- /bounds -->\n\nend\n")
    done = run(
        "lower_bounds",
        *("--programs", "is_vowel", "difference", "--max-inputs", 200),
        *("-o", table, "--markdown", page, "--tables", tables),
    )
    assert done.returncode == 0, done.stderr
    rows = read(table)
    assert [row["program"] for row in rows] == ["is_vowel"] * 6 + ["difference"] * 6
    for row in rows:
        for premise in ("any transformer", "any depth", "least tables", "formulation"):
            assert int(row[premise] or 0) <= int(row["ours"])
    text = page.read_text()
    assert text.startswith("# Title\n\n<!-- bounds: written -->\n2 programs of the library")
    assert "| layers | any transformer | 1 | 1 | 2 of 2 | 1.00 |\n" in text
    [row] = read(tables)
    assert (row["program"], row["neurons"], row["least"], row["gap"]) == (
        "difference",
        "1",
        "1",
        "0",
    )
    assert row["least_with_small_weights"] == "1"
    assert "every input, but of difference, is_vowel at patterns of the longest ones.\n" in text
    assert text.endswith("<!-- /bounds -->\n\nend\n")


def test_least_networks(tmp_path: Path) -> None:
    found = tmp_path / "networks.json"
    done = run("least_networks", "--programs", "vigenere", "--tries", 1, "-o", found)
    assert done.returncode == 0, done.stderr
    assert "tokens+indices: 6 -> " in done.stdout
    assert len(json.loads(found.read_text())) >= 2


def test_compile_time(tmp_path: Path) -> None:
    table = tmp_path / "times.csv"
    done = run("compile_time", "--programs", "hist", "--repeat", 1, "-o", table)
    assert done.returncode == 0, done.stderr
    (row,) = read(table)
    assert row.pop("program") == "hist"
    total, unchecked = float(row.pop("total")), float(row.pop("unchecked"))
    assert list(row) == list(Stage)
    assert total == pytest.approx(sum(map(float, row.values())))
    assert unchecked == pytest.approx(total - float(row[Stage.CHECK]))
    assert "median" in done.stdout


def test_compile_time_of_a_set_at_a_level(tmp_path: Path) -> None:
    table = tmp_path / "times.csv"
    options = ("--set", "realistic", "--level", 0, "--no-check", "--repeat", 1, "-o", table)
    done = run("compile_time", *options)
    assert done.returncode == 0, done.stderr
    rows = read(table)
    names = ["hist_100x50", "reverse_26x32", "sort_20x20", "sort_freq", "shuffle_dyck3"]
    assert [row["program"] for row in rows] == names
    assert all(float(row[Stage.CHECK]) == 0 < float(row["unchecked"]) for row in rows)
    assert run("compile_time", "--level", 3).returncode == 2


def test_throughput(tmp_path: Path) -> None:
    table = tmp_path / "rates.csv"
    options = ("--programs", "hist", "--levels", 2, "--sequences", 20, "--repeat", 1, "-o", table)
    done = run("throughput", *options)
    assert done.returncode == 0, done.stderr
    (row,) = read(table)
    assert (row["program"], row["level"]) == ("hist", "2")
    assert float(row["times"]) == pytest.approx(float(row["full"]) / float(row["one"]))
    assert min(float(row[name]) for name in ("first_ms", "full", "mixed", "one")) > 0
    assert "level 2" in done.stdout


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    failed = run("model_sizes", "--programs", "hist", "-o", tmp_path / "none" / "sizes.csv")
    assert failed.returncode == 1
    assert "cannot be written" in failed.stderr
    assert "Traceback" not in failed.stderr
    wrong = run("model_sizes", "--programs", "hist", "--figure", tmp_path / "sizes.gif")
    assert wrong.returncode == 2
    assert ".png, .svg, .pdf" in wrong.stderr


def test_interrupt_keeps_the_rows(tmp_path: Path) -> None:
    table = tmp_path / "sizes.csv"
    arguments = command("model_sizes", "--levels", 0, "-o", table)
    with subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("compiling double_hist"):
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "interrupted;" in rest
    assert "Traceback" not in rest
    assert [row["program"] for row in read(table)][:3] == ["length", "hist", "hist_bos"]


def test_value_sets(tmp_path: Path) -> None:
    table = tmp_path / "sets.csv"
    done = run("value_sets", "--programs", 3, "-o", table)
    assert done.returncode == 0, done.stderr
    assert "0 times something occurred that is not inferred" in done.stdout
    rows = read(table)
    assert {"input", "function", "pair, product", "pair, together"} <= {r["kind"] for r in rows}
    assert all(int(r["occurring"]) <= int(r["inferred"]) for r in rows)


@pytest.mark.slow
@pytest.mark.parametrize("style", ["place", "whole"])
def test_addition(style: str, tmp_path: Path) -> None:
    table = tmp_path / "addition.csv"
    done = run("addition", "--sizes", "2x9", "--styles", style, "--inputs", 400, "-o", table)
    assert done.returncode == 0, done.stderr + done.stdout
    domain, once = read(table)
    assert (domain["promise"], once["promise"]) == ("domain", "once")
    assert all(int(row["wrong"]) == 0 for row in (domain, once))
    assert all(int(row["parameters"]) < 20_000 for row in (domain, once))


@pytest.mark.slow
def test_addition_of_long_numbers(tmp_path: Path) -> None:
    table = tmp_path / "addition.csv"
    done = run("addition", "--sizes", "4x24", "-o", table)
    assert done.returncode == 0, done.stderr + done.stdout
    assert all(int(row["parameters"]) < 200_000 for row in read(table))


@pytest.mark.slow
def test_mutants(tmp_path: Path) -> None:
    table = tmp_path / "mutants.csv"
    done = run("mutants", "--programs", "hist_bos", "--levels", 2, "--rounds", 1, "-o", table)
    assert done.returncode == 0, done.stderr
    rows = read(table)
    assert {row["change"] for row in rows} == {"negated", "zeroed", "swapped", "scaled", "filled"}
    assert all((row["status"] == "REFUTED") == (row["told"] == "True") for row in rows)
    assert "told apart: refuted" in done.stdout


@pytest.mark.slow
def test_random_proofs(tmp_path: Path) -> None:
    table = tmp_path / "proofs.csv"
    first = run("random_proofs", "--programs", 3, "--size", 8, "-o", table)
    assert first.returncode == 0, first.stderr
    kept = read(table)
    assert [row["seed"] for row in kept] == ["0", "1", "2"]
    assert {row["status"] for row in kept} <= {"PROVEN", "CHECKED", "refused"}
    more = run("random_proofs", "--programs", 5, "--size", 8, "-o", table)
    assert more.returncode == 0, more.stderr
    assert read(table)[:3] == kept
    assert len(read(table)) == 5
    other = run("random_proofs", "--programs", 5, "--size", 9, "-o", table)
    assert other.returncode == 1
    assert "programs of another size" in other.stderr
