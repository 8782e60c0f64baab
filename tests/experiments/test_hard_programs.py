"""The set of hard programs: what its programs mean, small versions compiled, and the script."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "experiments"))

import hard_programs
from hard_set import brackets, counts, numbers, positions, recall, trial
from hard_set.inputs import hard_inputs
from hard_set.program import Hard
from hard_set.registry import PROGRAMS
from hard_set.trial import EXACT, REFUSED, WRONG, Trial, tried

from optitracr import compile_rasp_to_model, rasp
from tests.in_numpy import in_numpy

__all__ = ["in_numpy"]

EXPERIMENTS = Path(__file__).parents[2] / "experiments"

SMALL = 5
"""Positions of a small version."""


def small(program: Hard) -> Hard:
    """The program for the first and the last two tokens and a few positions."""
    vocab = tuple(dict.fromkeys((*program.vocab[:2], *program.vocab[-2:])))
    inputs = tuple(x for x in program.inputs if set(x) <= set(vocab))
    return replace(program, vocab=vocab, length=SMALL, inputs=inputs)


def test_the_set() -> None:
    names = [program.name for program in PROGRAMS]
    assert len(set(names)) == len(names) >= 80
    for program in PROGRAMS:
        assert len(set(program.vocab)) == len(program.vocab) <= 100, program.name
        assert set().union(*program.inputs) <= set(program.vocab), program.name
        inputs = hard_inputs(program)
        assert len(set(inputs)) == len(inputs) > program.length
        assert all(0 < len(x) <= program.length for x in inputs), program.name


@pytest.mark.sweep
@pytest.mark.parametrize(
    "program", [small(x) for x in PROGRAMS[::3]], ids=lambda program: program.name
)
def test_small_versions(program: Hard) -> None:
    found = tried(program)
    assert found.outcome == EXACT, found.reason
    assert found.inputs > SMALL


# -- what programs mean ------------------------------------------------------------


def partners(tokens: Sequence[str]) -> list[int | None]:
    opened: list[int] = []
    found: list[int | None] = []
    for place, token in enumerate(tokens):
        if token == "(":
            opened.append(place)
        found.append(opened.pop() if token == ")" and opened else None)
    return found


def longest_run(tokens: Sequence[str]) -> list[int]:
    best = run = 0
    for place, token in enumerate(tokens):
        run = run + 1 if place and tokens[place - 1] == token else 1
        best = max(best, run)
    return [best] * len(tokens)


def luhn(tokens: Sequence[int]) -> list[bool]:
    doubled = [sum(divmod(2 * x, 10)) if i % 2 else x for i, x in enumerate(tokens[::-1])]
    return [sum(doubled) % 10 == 0] * len(tokens)


def after_last_copy(tokens: Sequence[str]) -> list[str | None]:
    return [
        next((tokens[j + 1] for j in range(i - 1, -1, -1) if tokens[j] == x), None)
        for i, x in enumerate(tokens)
    ]


def sum_of_columns(tokens: Sequence[int]) -> list[int | None]:
    carry = 0
    found: list[int | None] = []
    for place, digit in enumerate(tokens):
        column = tokens[place - 1] + digit if place % 2 else None
        found.append(None if column is None else (column + carry) % 10)
        carry = carry if column is None else int(column + carry >= 10)
    return found


def highest(tokens: Sequence[int]) -> list[int]:
    return [max(tokens[: place + 1]) for place in range(len(tokens))]


def reversed_words(tokens: Sequence[str]) -> list[str]:
    return list(" ".join(word[::-1] for word in "".join(tokens).split(" ")))


def depths(tokens: Sequence[str]) -> list[int]:
    shown = [tokens[: place + 1] for place in range(len(tokens))]
    return [so_far.count("(") - so_far.count(")") for so_far in shown]


def remainder(tokens: Sequence[int]) -> list[int]:
    return [sum(tokens) % 7] * len(tokens)


def reads_the_same(tokens: Sequence[str]) -> list[bool]:
    return [tokens == tokens[::-1]] * len(tokens)


MEANINGS: list[tuple[rasp.SOp, Callable[[Any], Sequence[Any]], Sequence[Any]]] = [
    (recall.induction(), after_last_copy, "abc"),
    (brackets.partner_position("()"), partners, "()x"),
    (brackets.depth("()"), depths, "()x"),
    (counts.luhn(), luhn, range(10)),
    (counts.luhn_by_counts(), luhn, range(10)),
    (counts.checksum(7), remainder, range(10)),
    (positions.longest_run(), longest_run, "01"),
    (positions.reverse_words(), reversed_words, "ab "),
    (positions.palindrome(), reads_the_same, "ab"),
    (numbers.sort(), sorted, range(5)),
    (numbers.running_maximum(), highest, range(9)),
    (numbers.addition(10), sum_of_columns, range(10)),
]


@pytest.mark.parametrize("case", MEANINGS, ids=lambda case: case[1].__name__)
def test_meanings(
    case: tuple[rasp.SOp, Callable[[Any], Sequence[Any]], Sequence[Any]],
) -> None:
    program, meant, vocab = case
    chance = random.Random(0)
    for _ in range(40):
        tokens = chance.choices(vocab, k=chance.randint(1, 9))
        if meant is partners and min(brackets.depth("()")(tokens)) < 0:
            # Depths below zero have no level, and their brackets no partner.
            continue
        assert list(program(tokens)) == list(meant(tokens)), tokens


# -- what is told of a program --------------------------------------------------------


def test_a_model_that_differs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(program: rasp.SOp, vocab: Any, length: int) -> Any:
        wrong = rasp.Map(lambda n: min(n, 3), program)
        return compile_rasp_to_model(wrong, vocab, length)

    monkeypatch.setattr(trial, "compile_rasp_to_model", compiled)
    program = Hard("histogram", "counts", counts.histogram, tuple("ab"), 5)
    found = tried(program)
    assert found.outcome == WRONG
    assert "is 3 and should be 4" in found.reason


def test_a_refusal_tells_its_reason() -> None:
    found = tried(Hard("text", "counts", lambda: rasp.numerical(rasp.tokens), tuple("ab"), 3))
    assert found.outcome == REFUSED
    assert "numerical" in found.reason
    assert found.parameters == 0


# -- the script ------------------------------------------------------------------------


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXPERIMENTS / "hard_programs.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_script_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    done = run("--programs", "parity_64", "-o", path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "parity_64 (1 of 1)\n"
    known = Trial(**json.loads(path.read_text()))
    assert known.outcome == EXACT
    # As if it had been killed while it wrote.
    path.write_text(path.read_text() + '{"name": "prime_cou')
    done = run("--programs", "parity_64", "prime_count_64", "-o", path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "prime_count_64 (2 of 2)\n"
    assert "100.0 %" in done.stdout
    assert [json.loads(line)["name"] for line in path.read_text().splitlines()] == [
        "prime_count_64",
        "parity_64",
    ][::-1]


@pytest.mark.slow
def test_too_little_time_is_told(tmp_path: Path) -> None:
    done = run("--programs", "parity_64", "--seconds", 1, "--megabytes", 200)
    assert "parity_64: " in done.stdout
    assert "0.0 %" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--programs", "party"], "the set has no party"), (["--kinds", "x"], "the set has no x")],
)
def test_unknown_names(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hard_programs.main(arguments) == 1
    assert message in capsys.readouterr().err


def test_files_of_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text('{"seed": 1}\n{"seed": 2}\n')
    assert hard_programs.main(["--programs", "parity_64", "-o", str(path)]) == 1
    assert "line 1 of" in capsys.readouterr().err
