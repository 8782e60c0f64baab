"""Bad input of every kind, for every command: one line, the right exit code, strict JSON."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path
from typing import Any

import pytest

from optitracr.cli import commands
from optitracr.cli.argument_types import numbers, spells
from optitracr.cli.main import main
from optitracr.errors import CausalReadingWarning
from optitracr.files.values import any_to_plain

SETTING = ("--vocab", "p,q", "--max-seq-len", "3")

FILES = {
    "programs.py": """
        import sys
        from optitracr import rasp
        print("a word of the file's own")
        same = rasp.Map(lambda x: x, rasp.tokens)
        select = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
        number = 4
        class Kind: pass
        def make():
            print("and one of its function's")
            return rasp.Map(lambda x: print(x) or x + x, rasp.tokens)
        def needs(first, *, second): return same
        def defaults(first=1, *rest, **more): return same
        def fails(): raise OSError("first line\\nsecond line")
        def leaves(): sys.exit(3)
        class Base(BaseException): pass
        def base(): raise Base
        class Mute(Exception):
            def __str__(self): raise ValueError
        def mute(): raise Mute
        def endless(): return endless()
        def nothing(): return None
        class Value:
            def __repr__(self): raise LookupError
            def __eq__(self, other): return isinstance(other, Value)
            def __hash__(self): return 1
        hidden = rasp.Map(lambda x: Value(), rasp.tokens)
        strange = rasp.Map(lambda x: (x, frozenset("ba"), -1.0, True), rasp.tokens)
        infinite = rasp.Map(lambda x: float("inf") if x == "p" else None, rasp.tokens)
        lines = rasp.Map(lambda x: x + "\\n\\x1b[1m", rasp.tokens)
        partial = rasp.Map(lambda x: {"p": 1}[x], rasp.tokens)
    """,
    "syntax.py": "\nx = = 1\n",
    "raises.py": "\n\nraise RuntimeError('no\\nmore')\n",
    "leaves.py": "raise SystemExit(7)\n",
    "imports.py": "import a_module_that_is_not_there\n",
    "wrong.py": "from optitracr import rasp\nx = rasp.Map(3, rasp.tokens)\n",
    "null.py": "x = 1\0\n",
    "moves.py": "import os\nos.chdir('/')\nraise KeyError('gone')\n",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        lines = [line.removeprefix("        ") for line in text.split("\n")]
        (tmp_path / name).write_text("\n".join(lines))
    (tmp_path / "folder.py").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, list[str]]:
    try:
        code = main(arguments)
    except SystemExit as end:
        code = int(str(end.code))
    captured = capsys.readouterr()
    return code, captured.out, captured.err.splitlines()


def strict(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


USAGE = [
    ("", "required: COMMAND"),
    ("fly", "invalid choice: 'fly'"),
    ("list x", "unrecognized arguments: x"),
    ("compile hist -O 9", "-O/--optimize: invalid choice: 9 (choose from 0, 1, 2)"),
    ("compile hist -O two", "'two' is no whole number"),
    ("compile hist --vocab", "expected one argument"),
    ("compile hist --vocab ,,", "',,' holds no token; write tokens with commas between"),
    ("compile hist --vocab a,", "'a,' has an empty token"),
    ("compile hist --max-seq-len 0", "0 is not at least 1"),
    ("compile hist --max-seq-len 1e3", "'1e3' is no whole number"),
    ("compile hist --max-seq-len -4", "-4 is less than 0"),
    ("compile hist --time-limit -0.1", "-0.1 is no time; give 0 or more seconds"),
    ("compile hist --time-limit NaN", "NaN is no time"),
    ("compile hist --time-limit inf", "inf is no time"),
    ("compile hist --time-limit soon", "'soon' is no number of seconds"),
    ("compile hist --seed -1", "-1 is less than 0"),
    ("compile hist --seed 0.5", "'0.5' is no whole number"),
    ("compile hist --limit-layers -2", "-2 is less than 0"),
    ("compile hist --limit-heads many", "'many' is no whole number"),
    ("compile hist --limit 3", "ambiguous option: --limit"),
    ("run reverse", "required: TOKEN"),
    ("verify hist --max-inputs 0", "0 is not at least 1"),
    ("verify hist --max-inputs all", "'all' is no whole number"),
    ("compare hist -O 1", "unrecognized arguments: -O"),
    ("report", "required: PROGRAM"),
    ("report hist sort", "unrecognized arguments: sort"),
    ("report hist --figure x.svg --picture all", "invalid choice: 'all'"),
    ("pareto hist -O 0", "invalid choice: 0 (choose from 1, 2)"),
    ("pareto hist --max-layers 0", "0 is not at least 1"),
    ("pareto hist --time-limit -3", "-3 is no time"),
    ("pareto hist --seed x", "'x' is no whole number"),
]


@pytest.mark.parametrize(("line", "part"), USAGE)
def test_wrong_usage(capsys: pytest.CaptureFixture[str], line: str, part: str) -> None:
    code, out, err = run(capsys, *line.split())
    assert (code, out) == (2, "")
    assert part in err[-1]
    for inner in ("invalid whole", "_natural", "limit_", "Namespace", "<", "optitracr.cli"):
        assert inner not in err[-1]


ERRORS = [
    ("compile", "no program is named"),
    ("compile revers", "did you mean reverse"),
    ("compile hist nowhere", "no program 'nowhere'"),
    ("compile hist --objective=", "objective"),
    ("compile hist --objective depth,depth", "objective"),
    ("compile hist --without magic", "magic"),
    ("compile hist --vocab compiler_bos,a", "compiler_bos"),
    ("compile hist --limit-width 0", "width=0 would have to be at least"),
    ("compile hist --max-seq-len 99999999999999999999", "max_seq_len"),
    ("compile hist --seed 99999999999999999999", "seed"),
    ("compile programs.py", "names no program; write it as programs.py:program"),
    ("compile programs.py:", "names no program; write it as programs.py:program"),
    ("compile programs.py:same", "add --vocab a,b,c --max-seq-len 8"),
    ("compile :same", "no program ':same'"),
    ("run reverse z", "token 'z' is not in the vocabulary of reverse; known: 'a', 'b', 'c', 'd'"),
    ("run reverse a a a a a a a a a", "add --max-seq-len 9"),
    ("run sort 2.0", "token '2.0' is not in the vocabulary of sort; known: 1, 2, 3, 4"),
    ("run sort x", "token 'x' is not in the vocabulary"),
    ("run reverse a --objective speed", "objective"),
    ("verify hist --objective speed", "objective"),
    ("verify hist nowhere", "no program 'nowhere'"),
    ("compare hist --without magic", "magic"),
    ("report hist -o nowhere/page.html", "there is no folder nowhere; make it"),
    ("report hist -o folder.py", "it is a folder"),
    ("report hist -o x.svg --figure x.svg", "is to hold two things"),
    ("report hist --figure x.gif", "ends in none of .png, .svg, .pdf"),
    ("report hist --figure nowhere/x.svg", "there is no folder nowhere"),
    ("report hist --objective speed", "objective"),
    ("report hist -o /dev/full", "No space left on device"),
    ("pareto hist -o nowhere/front.csv", "there is no folder nowhere"),
    ("pareto hist --figure nowhere/x.pdf", "there is no folder nowhere"),
    ("pareto hist -o folder.py", "it is a folder"),
    ("pareto hist --without magic", "magic"),
]


@pytest.mark.parametrize(("line", "part"), ERRORS)
def test_errors_are_one_line(capsys: pytest.CaptureFixture[str], line: str, part: str) -> None:
    code, out, err = run(capsys, *line.split())
    assert (code, out) == (1, "")
    assert len(err) == 1
    assert err[0].startswith("optitracr: ")
    assert part in err[0]
    code, out, _ = run(capsys, *line.split(), "--json")
    assert code == 1
    assert strict(out)["message"] == err[0].removeprefix("optitracr: ")


IN_FILES = [
    ("programs.py:missing", "programs.py defines no 'missing'; its s-ops are: same, hidden"),
    ("programs.py:select", "programs.py:select is of type Select; name an s-op"),
    ("programs.py:number", "is of type int"),
    ("programs.py:sys", "is of type module"),
    ("programs.py:Kind", "is of type Kind"),
    ("programs.py:nothing", "is of type NoneType"),
    ("programs.py:needs", "programs.py:needs (line 12) is called without arguments and needs"),
    ("programs.py:fails", "programs.py, line 14, fails: OSError: first line second line; mend"),
    ("programs.py:leaves", "programs.py, line 15, fails: SystemExit: 3"),
    ("programs.py:base", "programs.py, line 17, fails: Base; mend"),
    ("programs.py:mute", "programs.py, line 20, fails: Mute; mend"),
    ("programs.py:endless", "programs.py, line 21, fails: RecursionError"),
    ("programs.py:partial", "KeyError"),
    ("syntax.py:x", "syntax.py, line 2, fails: SyntaxError"),
    ("raises.py:x", "raises.py, line 3, fails: RuntimeError: no more; mend"),
    ("leaves.py:x", "leaves.py, line 1, fails: SystemExit: 7"),
    ("imports.py:x", "imports.py, line 1, fails: ModuleNotFoundError"),
    ("wrong.py:x", "wrong.py, line 2, fails: ProgramError"),
    ("null.py:x", "null.py"),
    ("moves.py:x", "moves.py, line 3, fails: KeyError"),
    ("folder.py:x", "folder.py is not a readable file"),
    ("nowhere.py:x", "nowhere.py is not a readable file"),
]


@pytest.mark.parametrize(("name", "part"), IN_FILES)
@pytest.mark.parametrize("command", ["compile", "verify", "pareto"])
def test_programs_that_are_none(
    capsys: pytest.CaptureFixture[str], command: str, name: str, part: str
) -> None:
    code, out, err = run(capsys, command, name, *SETTING)
    assert (code, out) == (1, "")
    said = [line for line in err if line != "a word of the file's own"]
    assert len(said) == 1
    assert part in said[0]


def test_a_programs_own_words_stay_out_of_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "run", "programs.py:make", "p", "q", *SETTING, "--json")
    assert code == 0
    assert strict(out)["output"] == ["pp", "qq"]
    assert err[:2] == ["a word of the file's own", "and one of its function's"]
    assert {"p", "q"} <= set(err)
    code, out, _ = run(capsys, "compile", "programs.py:make", "programs.py:defaults", *SETTING)
    assert code == 0
    assert len(out.splitlines()) == 2


def test_every_value_has_a_form_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "run", "programs.py:strange", "p", *SETTING, "--json")
    parts = ["p", {"frozenset": ["a", "b"]}, -1.0, True]
    assert code == 0
    assert strict(out)["output"] == [{"tuple": parts}]
    code, out, _ = run(capsys, "run", "programs.py:hidden", "p", *SETTING, "--json")
    assert code == 0
    assert strict(out)["output"] == [{"repr": "a Value that cannot be shown"}]
    assert any_to_plain((1, (math.inf,))) == {"tuple": [1, {"tuple": [{"float": "inf"}]}]}
    assert any_to_plain((math.nan,)) == {"tuple": [{"float": "nan"}]}
    assert any_to_plain(frozenset({(2,), (1,)})) == {"frozenset": [{"tuple": [1]}, {"tuple": [2]}]}
    assert any_to_plain(b"x") == {"repr": "b'x'"}
    assert any_to_plain(1 << 20_000) == {"repr": "a int that cannot be shown"}


@pytest.mark.parametrize("name", ["hidden", "lines", "infinite"])
def test_every_value_can_be_shown(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert run(capsys, "run", f"programs.py:{name}", "p", *SETTING)[0] == 0


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("run sort 3 1 2", "1 2 3"),
        ("run sort 03 1", "1 3"),
        ("run sort 2.5 -1 2 --vocab=-1,2,2.5", "-1 2 2.5"),
        ("run mean -1 2", "0.5 0.5"),
        ("run parity 0 1 1", "0 0 0"),
        ("run parity 0 1 1 --vocab 0,1", "0 0 0"),
        ("run reverse 007 x 1 --vocab 1,007,x", "1 x 007"),
        ("run programs.py:same 1 2 --vocab 1,2 --max-seq-len 2", "1 2"),
        ("run programs.py:make 1 x --vocab 1,x --max-seq-len 2", "11 xx"),
        ("run programs.py:make 1 2.5 --vocab 1,2.5 --max-seq-len 2", "2 5"),
    ],
)
def test_tokens_written_as_numbers(
    capsys: pytest.CaptureFixture[str], line: str, expected: str
) -> None:
    assert run(capsys, *line.split())[:2] == (0, f"{expected}\n")


def test_how_tokens_are_read() -> None:
    assert numbers(("1", "-2", "2.5")) == (1, -2, 2.5)
    for texts in (("1", "a"), ("007",), ("nan",), ("inf",), ("1_0",), ("٣",), ("1e999",)):
        assert numbers(texts) == texts
    assert spells("1", "1")
    assert spells("1.50", 1.5)
    assert not spells("1.0", 1)
    assert not spells("True", 1)
    assert not spells("x", 1)


def test_what_is_missing_is_said_before_the_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*arguments: object, **options: object) -> None:
        raise AssertionError("the work has begun")

    monkeypatch.setattr(commands, "compile_rasp_to_model", work)
    monkeypatch.setattr("optitracr.cli.report.make_report", work)
    monkeypatch.setattr("optitracr.front.pareto_front", work)
    for line in (
        "compile hist nowhere",
        "verify hist programs.py:same",
        "run hist z",
        "report hist -o nowhere/page.html",
        "pareto hist -o nowhere/front.csv",
    ):
        assert run(capsys, *line.split())[0] == 1


def test_warnings_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always", CausalReadingWarning)
        code, out, err = run(capsys, "run", "hist", "a", "a", "--causal")
    assert (code, out) == (0, "1 2\n")
    assert len(err) == 1
    assert err[0].startswith("optitracr: warning: ")
