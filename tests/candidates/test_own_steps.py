"""Functions of a mean and of what it is over: thresholds for each length, or by way of the sum."""

from __future__ import annotations

import pytest

from optitracr import compile_rasp_to_model, rasp

EVERYWHERE = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.TRUE)
LENGTH = rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.TRUE))
SUM_BY_MEAN = rasp.SequenceMap(
    lambda m, n: round(m * n),
    rasp.numerical(rasp.Aggregate(EVERYWHERE, rasp.numerical(rasp.tokens), default=0)),
    LENGTH,
)


@pytest.mark.parametrize("objective", ["depth,width,neurons", "parameters"])
def test_residue_of_a_sum(objective: str) -> None:
    model = compile_rasp_to_model(SUM_BY_MEAN % 5, (0, 1, 4), 6, objective=objective)
    assert model.verify(1500).exhaustive


@pytest.mark.slow
def test_the_sum_is_a_number_where_fewer_parameters_are_asked_for() -> None:
    program = SUM_BY_MEAN % 10
    shallow = compile_rasp_to_model(program, (0, 1, 9), 6, check=False)
    small = compile_rasp_to_model(program, (0, 1, 9), 6, objective="parameters")
    assert small.size.parameters < shallow.size.parameters
    assert small.verify(1500).exhaustive


@pytest.mark.slow
def test_means_that_only_a_length_tells_apart() -> None:
    """Two means of 13 and of 14 tokens are close; the thresholds of one length are not."""
    program = SUM_BY_MEAN > 40
    model = compile_rasp_to_model(program, (0, 1, 9), 14)
    assert model.size.width <= 4
    without = "thresholds,interpolation"
    wide = compile_rasp_to_model(program, (0, 1, 9), 14, without=without, check=False)
    assert model.size.parameters < wide.size.parameters / 4
