"""Cuts over means of many values, of whose combinations few can occur."""

from __future__ import annotations

import random

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.model.size import Size
from optitracr.rasp import Comparison, Select, indices, tokens

EARLIER = Select(indices, indices, Comparison.LEQ)


def share(token: str) -> rasp.SOp:
    """The share of a token so far."""
    return rasp.numerical(rasp.Aggregate(EARLIER, rasp.numerical(tokens == token), default=0))


def agrees(program: rasp.SOp, length: int) -> Size:
    """The size of a model that agrees with the interpreter on some inputs."""
    model = compile_rasp_to_model(program, "()x", length)
    draw = random.Random(0)
    for _ in range(20):
        given = draw.choices("()x", k=length)
        assert model.apply(["compiler_bos", *given]).decoded[1:] == program(given)
    return model.size


@pytest.mark.slow
def test_the_depth_over_means_is_a_line_for_each_position() -> None:
    """At 16 positions two means and the index have 105,625 combinations, of which few occur."""
    depth = rasp.SequenceMap(lambda b, i: round(b * (i + 1)), share("(") - share(")"), indices)
    size = agrees(depth, 16)
    assert (size.layers, size.neurons) == (1, 16)
    assert size.width <= 21


@pytest.mark.slow
def test_one_plane_compares_two_means_of_many_positions() -> None:
    size = agrees(share("(") - share(")") < 0, 32)
    assert (size.layers, size.neurons) == (1, 2)
    assert size.width <= 36
