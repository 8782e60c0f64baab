"""The command line: output, JSON, exit codes, errors without tracebacks."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from optitracr import compile_rasp_to_model, library, load
from optitracr.cli.main import main
from optitracr.compiled import CompiledModel
from optitracr.errors import VerificationError
from optitracr.levels import LEVELS


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_list_names_every_program(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "list")
    assert code == 0
    assert all(name in out for name in library.names())
    code, out, _ = run(capsys, "list", "--json")
    assert [row["name"] for row in json.loads(out)] == list(library.names())


def test_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "run", "reverse", "a", "b", "c") == (0, "c b a\n", "")
    code, out, _ = run(capsys, "run", "reverse", "a", "b", "-O", "0", "--json")
    assert code == 0
    assert json.loads(out) == {"program": "reverse", "input": ["a", "b"], "output": ["b", "a"]}
    assert run(capsys, "run", "sort_unique", "3", "1", "2")[1] == "1 2 3\n"
    assert run(capsys, "run", "shift_by", "a", "b", "c")[1] == "None None a\n"


@pytest.mark.parametrize("level", LEVELS)
def test_compile_prints_size_and_certificate(
    capsys: pytest.CaptureFixture[str], level: int
) -> None:
    code, out, _ = run(capsys, "compile", "hist", "length", "-O", str(level), "--json")
    assert code == 0
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["program"] for row in rows] == ["hist", "length"]
    for row in rows:
        assert row["size"]["layers"] == 1
        assert row["status"] == ("OPTIMAL" if level else "FEASIBLE")
    assert "1 layers, width" in run(capsys, "compile", "hist", "-O", str(level))[1]


def test_verify(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "verify", "hist", "--max-inputs", "500")
    assert code == 0
    assert "verified on" in out
    code, out, _ = run(capsys, "verify", "hist", "--max-inputs", "500", "--json")
    assert json.loads(out)["verified"] is True


def test_verify_reports_failures_and_goes_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "programs.py"
    path.write_text(
        "from optitracr import rasp\nwrong = rasp.numerical(rasp.Map(lambda t: t, rasp.tokens))\n"
    )
    setting = ("--vocab", "a,b", "--max-seq-len", "4", "--max-inputs", "100")
    code, out, err = run(capsys, "verify", f"{path}:wrong", "hist", *setting)
    assert code == 1
    assert "wrong: not verified: " in err
    assert "hist: verified" in out


@pytest.mark.parametrize("broken", [("wrong", "hist"), ("hist", "wrong"), ("hist",)])
def test_only_a_model_that_differs_gives_3(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    broken: tuple[str, ...],
) -> None:
    path = tmp_path / "programs.py"
    path.write_text("from optitracr import rasp\nwrong = rasp.numerical(rasp.tokens)\n")

    def differ(model: CompiledModel, *arguments: object) -> None:
        raise VerificationError("'hist' is 1 and not 2 for the input ['a', 'a']")

    monkeypatch.setattr(CompiledModel, "verify", differ)
    names = [f"{path}:wrong" if name == "wrong" else name for name in broken]
    setting = ("--vocab", "a,b", "--max-seq-len", "4", "--json")
    code, out, err = run(capsys, "verify", *names, *setting)
    assert code == 3
    assert "hist: FAILED: 'hist' is 1 and not 2" in err
    rows = {row["program"]: row for row in map(json.loads, out.splitlines())}
    assert [row["verified"] for row in rows.values()] == [False] * len(broken)
    assert [row["differs"] for row in rows.values()] == [name == "hist" for name in broken]
    assert run(capsys, "compare", "hist", "--verify")[0] == 3


@pytest.mark.slow
def test_compare_shows_every_level(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "compare", "reverse", "--json", "--verify", "--max-inputs", "2000")
    assert code == 0
    rows = json.loads(out)
    assert [row["level"] for row in rows] == list(LEVELS)
    widths = [row["size"]["width"] for row in rows]
    assert widths[0] == 61
    assert widths[1] <= 34
    assert all("verified on" in row["verified"] for row in rows)
    code, out, _ = run(capsys, "compare", "hist", "--verify", "--max-inputs", "2000")
    counts = re.findall(r"verified on ([\d,]+) inputs", " ".join(out.split()))
    assert len(counts) == len(LEVELS)
    assert all(int(count.replace(",", "")) >= 2000 for count in counts)
    code, out, _ = run(capsys, "compare", "reverse")
    assert "OPTIMAL" in out
    assert "heuristic" in out


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("run", "revers", "a"), "did you mean"),
        (("run", "reverse", "z"), "not in the vocabulary"),
        (("run", "nowhere.py:x", "a", "--vocab", "a", "--max-seq-len", "2"), "not a readable"),
        (("compile",), "no program is named"),
        (("compile", "hist", "--objective", "speed"), "objective"),
        (("compile", "reverse", "-O", "1", "--limit-layers", "2"), "layers=2 would have to be"),
        (("compile", "reverse", "-O", "1", "--limit-width", "3"), "width=3 would have to be"),
    ],
)
def test_errors_are_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], part: str
) -> None:
    code, out, err = run(capsys, *arguments)
    assert code == 1
    assert part in err
    assert err.startswith("optitracr: ")
    assert len(err.splitlines()) == 1
    assert "Traceback" not in out + err


def test_errors_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "run", "revers", "a", "--json")
    assert code == 1
    assert json.loads(out)["error"] == "NotFoundError"


def test_programs_from_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from optitracr import rasp\n"
        "double = rasp.Map(lambda x: 2 * x, rasp.tokens).named('double')\n"
        "def make(): return double\n"
        "number = 3\n"
    )
    settings = ("--vocab", "1,2", "--max-seq-len", "3")
    assert run(capsys, "run", f"{file}:double", "1", "2", *settings)[:2] == (0, "2 4\n")
    assert run(capsys, "run", f"{file}:make", "2", *settings)[:2] == (0, "4\n")
    assert "its s-ops are: double" in run(capsys, "run", f"{file}:other", "1", *settings)[2]
    assert "name an s-op" in run(capsys, "run", f"{file}:number", "1", *settings)[2]
    assert "--vocab" in run(capsys, "run", f"{file}:double", "1")[2]
    file.write_text("raise RuntimeError('broken')")
    code, _, err = run(capsys, "run", f"{file}:double", "1", *settings)
    assert code == 1
    assert "RuntimeError: broken" in err


def test_wrong_usage_exits_with_2() -> None:
    for arguments in (["fly"], ["compile", "hist", "-O", "9"], ["verify", "--max-inputs", "0"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2


def test_the_command_and_its_version() -> None:
    command = [sys.executable, "-m", "optitracr.cli.main", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("optitracr 0.")


def test_pareto(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table, figure = tmp_path / "front.csv", tmp_path / "front.svg"
    drawn = ("-o", str(table), "--figure", str(figure))
    code, out, _ = run(capsys, "pareto", "shuffle_dyck1", "-O", "1", "--json", *drawn)
    assert code == 0
    rows = json.loads(out)["front"]
    points = [tuple(row[name] for name in ("layers", "width", "neurons")) for row in rows]
    assert len(points) >= 2
    assert all(row["status"] == "OPTIMAL" for row in rows)
    for a in points:
        beaten = [b for b in points if b != a and all(x <= y for x, y in zip(b, a, strict=True))]
        assert beaten == []
    entry = library.get("shuffle_dyck1")
    size = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len, optimize=1).size
    assert points[0] == (size.layers, size.width, size.neurons)
    assert ElementTree.parse(figure).getroot().tag.endswith("svg")
    with table.open(newline="") as file:
        assert [int(row["width"]) for row in csv.DictReader(file)] == [row["width"] for row in rows]
    assert "sizes that nothing beats" in run(capsys, "pareto", "hist")[1]
    code, _, err = run(capsys, "pareto", "hist", "--figure", "front.gif")
    assert code == 1
    assert ".png, .svg, .pdf" in err


def test_sizes_of_published_transformers_are_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = run(capsys, "compare", "is_vowel", "--architecture", "gpt2")
    assert code == 0
    shown = " ".join(out.split())
    assert "as GPT2LMHeadModel" in shown
    assert "1 / 4 / 1·4 / 16 / 340" in shown
    page = tmp_path / "page.html"
    assert run(capsys, "report", "is_vowel", "--architecture", "gpt2", "-o", str(page))[0] == 0
    text = page.read_text()
    table = text[text.index("Sizes of each as GPT2LMHeadModel") :].split("</table>")[0]
    assert "1 × 4" in table
    assert "340" in table


def test_compare_explains(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "compare", "reverse", "--explain")
    assert code == 0
    assert "what level 2 saves" in out
    assert "numbers for 15 values" in out
    rows = json.loads(run(capsys, "compare", "reverse", "--json")[1])
    assert rows[2]["savings_counts"]["fused"] >= 1
    assert {"variable", "kind", "detail"} == set(rows[2]["savings"][0])


def test_compare_shows_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "compare", "is_vowel", "--bounds")
    assert code == 0
    assert "any transformer: every transformer of this architecture" in out
    rows = json.loads(run(capsys, "compare", "is_vowel", "--bounds", "--json")[1])
    assert all("bounds" not in row for row in rows[:-1])
    assert rows[-1]["bounds_every_input_to"] == library.get("is_vowel").max_seq_len
    assert rows[-1]["tables"] == []
    for bound in rows[-1]["bounds"]:
        assert set(bound) == {"size", "ours", "least", "premise", "reason"}
        assert bound["ours"] == rows[-1]["size"][bound["size"]]
        assert bound["least"] <= bound["ours"] or bound["premise"] == "one-hot output"


def test_compare_shows_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Neurons of each table" in run(capsys, "compare", "vigenere", "--bounds")[1]


def test_families_can_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    row = json.loads(run(capsys, "compile", "reverse", "--json")[1])
    plain = json.loads(run(capsys, "compile", "reverse", "--without", "circles,views", "--json")[1])
    assert plain["size"]["width"] > row["size"]["width"]
    code, _, err = run(capsys, "compile", "reverse", "--without", "magic")
    assert code == 1
    assert "without names 'magic', which is unknown; give names of candidate families: views" in err


def test_a_domain_is_a_regular_expression(capsys: pytest.CaptureFixture[str]) -> None:
    given = ("hist", "--vocab", "a,b", "--max-seq-len", "4", "-O", "0", "--domain")
    code, out, _ = run(capsys, "verify", *given, "ab*")
    assert code == 0
    assert "on 4 inputs (every input of the domain matches('ab*'))" in out
    code, _, err = run(capsys, "compile", *given, "a(")
    assert code == 1
    assert "regular expression 'a('" in err
    for command in ("explain", "pareto", "compare"):
        level = ("--stages",) if command == "explain" else ()
        code, _, err = run(capsys, command, *given[:5], *level, "--domain", "ab?", "--json")
        assert code == 0, err


def test_variants(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "several"
    ways = ("--ways", "circuits,levels")
    code, out, _ = run(capsys, "variants", "hist", "-n", "3", *ways, "-o", str(folder), "--json")
    found = json.loads(out)
    assert code == 0
    assert [row["way"] for row in found["variants"]] == [None, "circuits", "levels"]
    assert found["variants"][1]["shared"] == found["variants"][1]["shared_least"]
    assert sorted(path.name for path in folder.iterdir()) == ["0", "1", "2"]
    assert load(folder / "2").proof.proven
    code, out, err = run(capsys, "variants", "hist", "-n", "9", "--ways", "circuits")
    assert code == 0
    assert "have in common" in out
    assert "no other set of components" in err
    code, _, err = run(capsys, "variants", "hist", "-o", str(folder))
    assert code == 1
    assert "not empty" in err
