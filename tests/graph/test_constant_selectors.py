"""Constant selectors compile: they select by position."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

import optitracr
from optitracr import compile_rasp_to_model, rasp
from optitracr.compiled import CompiledModel
from optitracr.errors import EvaluationError

BOS = "compiler_bos"
RAGGED = [[True], [False, False, True, True], [], [1, 0, 1]]


def programs(value: list[list[bool]], check: bool) -> dict[str, rasp.SOp]:
    fixed = rasp.ConstantSelector(value, check_length=check)
    same = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
    return {
        "width": rasp.SelectorWidth(fixed),
        "mean": rasp.numerical(
            rasp.Aggregate(
                fixed, rasp.numerical(rasp.Map(lambda t: float(t == "a"), rasp.tokens)), 0
            )
        ),
        "not": rasp.SelectorWidth(rasp.SelectorNot(fixed)),
        "nested": rasp.SelectorWidth(
            rasp.SelectorOr(same, rasp.SelectorNot(rasp.SelectorAnd(fixed, same)))
        ),
    }


def compare(model: CompiledModel, program: rasp.SOp, length: int, causal: bool) -> int:
    """On every input on which the program is defined; how many these are."""
    read = rasp.evaluate_causal if causal else rasp.evaluate
    defined = 0
    for size in range(1, length + 1):
        for tokens in product("ab", repeat=size):
            try:
                expected = read(program, tokens)
            except EvaluationError:
                continue
            defined += 1
            assert model.apply([BOS, *tokens]).decoded[1:] == pytest.approx(expected, abs=1e-4), (
                tokens
            )
    return defined


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore::optitracr.errors.CausalReadingWarning")
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("name", programs(RAGGED, False))
@pytest.mark.parametrize("length", [2, 4])
def test_cut_or_filled_up(name: str, level: int, causal: bool, length: int) -> None:
    program = programs(RAGGED, False)[name]
    model = compile_rasp_to_model(program, {"a", "b"}, length, causal, optimize=level)
    assert compare(model, program, length, causal) == 2 ** (length + 1) - 2


@pytest.mark.parametrize("level", [0, 1, 2])
def test_of_one_length_only(level: int) -> None:
    program = programs([[True, False], [True, True]], True)["width"]
    model = compile_rasp_to_model(program, {"a", "b"}, 3, optimize=level)
    assert compare(model, program, 3, False) == 4


def test_a_matrix_of_numpy() -> None:
    program = rasp.SelectorWidth(rasp.ConstantSelector(np.eye(3), check_length=False))  # type: ignore[arg-type]
    model = compile_rasp_to_model(program, {"a", "b"}, 3)
    assert model.apply([BOS, "a", "b"]).decoded == [BOS, 1, 1]


def test_saved_and_loaded(tmp_path: Path) -> None:
    program = programs(RAGGED, False)["nested"]
    compile_rasp_to_model(program, {"a", "b"}, 4).save(tmp_path / "model")
    loaded = optitracr.load(tmp_path / "model")
    report = loaded.verify()
    assert report.exhaustive
    assert not report.undefined
    assert compare(loaded, loaded.program.program, 4, False) == 30
