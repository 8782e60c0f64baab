"""Sizes, shapes of tensors and the number of parameters say the same."""

from __future__ import annotations

import math

import pytest

from optitracr.model.shape import Shape, shape_in
from optitracr.setting import Setting
from solvers import Sizes

SIZES = [
    Sizes(layers=3, width=7, heads=2, head_size=5, neurons=4),
    Sizes(layers=1, width=1, heads=0, head_size=0, neurons=0),
    Sizes(layers=0, width=2, heads=0, head_size=0, neurons=0),
]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_parameters_are_the_entries_of_all_tensors(sizes: Sizes) -> None:
    shape = Shape(sizes, tokens=6, positions=4, outputs=3)
    tensors = shape.tensors()
    assert shape.parameters == sum(map(math.prod, tensors.values()))
    assert shape.file_bytes > 4 * shape.parameters
    assert len(tensors) == 3 + 12 * sizes.layers


def test_rows_are_those_of_the_setting() -> None:
    setting = Setting(("a", "b"), 5, "bos", "pad")
    shape = shape_in(setting, SIZES[0], outputs=9)
    assert (shape.tokens, shape.positions, shape.outputs) == (4, 6, 9)
    assert shape.tensors()["token_embed:embeddings"] == (4, 7)
    assert shape.tensors()["unembed"] == (7, 9)
