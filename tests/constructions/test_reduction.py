"""Reduced tables say what the tables said, and none of their slices are equal."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from optitracr.constructions.masks import and_weights, fewest_terms
from optitracr.constructions.reduction import Codes, reduce_table
from tests.constructions.leaves import category

TABLES = arrays.arrays(
    np.int32, arrays.array_shapes(min_dims=1, max_dims=3, max_side=4), elements=st.integers(0, 2)
)


@given(TABLES, st.tuples(*[st.booleans()] * 3))
def test_reduction_loses_nothing(table: Codes, numerical: tuple[bool, ...]) -> None:
    reduced = reduce_table(table, numerical[: table.ndim])
    assert (reduced.table[np.ix_(*reduced.classes)] == table).all()
    for axis, classes in enumerate(reduced.classes):
        slices = np.moveaxis(reduced.table, axis, 0)
        neighbours = [(i, i + 1) for i in range(len(slices) - 1)]
        every = [(i, j) for i in range(len(slices)) for j in range(i)]
        for i, j in neighbours if numerical[axis] else every:
            assert (slices[i] != slices[j]).any()
        if numerical[axis]:
            assert (np.diff(classes) >= 0).all()


def test_what_does_not_matter_is_not_essential() -> None:
    table = np.array([[0, 0], [1, 1]], dtype=np.int32)
    assert reduce_table(table, (False, False)).essential == (0,)


@given(TABLES, st.integers(0, 2))
def test_boxes_hold_what_differs_from_the_default_once(table: Codes, default: int) -> None:
    boxes, codes = fewest_terms(table, default)
    found = np.full(table.shape, default)
    for box, code in zip(boxes, codes, strict=True):
        inside = np.ix_(*box)
        assert (found[inside] == default).all()
        found[inside] = code
    assert (found == table).all()


@given(TABLES)
def test_neurons_tell_who_is_in_a_box(table: Codes) -> None:
    """Pre-activations are 0 for the values in a box, and at most -1 for all others."""
    boxes, _ = fewest_terms(table, 0)
    leaves = [category(f"x{i}", n) for i, n in enumerate(table.shape)]
    classes = [np.arange(n, dtype=np.int32) for n in table.shape]
    axes, weights, constant = and_weights(leaves, classes, table.shape, boxes)
    for place in np.ndindex(table.shape):
        total = constant.copy()
        for axis, weight, value in zip(axes, weights, place, strict=True):
            column = axis.classes[value]
            total += weight[column] if column >= 0 else 0.0
        within = [all(mask[v] for mask, v in zip(box, place, strict=True)) for box in boxes]
        inside = np.array(within, dtype=bool)
        assert (total[inside] == 0.0).all()
        assert (total[~inside] <= -1.0).all()
