"""The distinct rows of arrays, beside NumPy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from optitracr.constructions.distinct import FEW_ENTRIES, classes_of_slices, distinct_rows

SHAPES = arrays.array_shapes(min_dims=2, max_dims=2, max_side=6)
NUMBERS = arrays.arrays(np.float64, SHAPES, elements=st.sampled_from([0.0, 1.0, 0.5, -1.0, 2.0]))
BITS = arrays.arrays(np.float64, SHAPES, elements=st.sampled_from([0.0, 1.0]))


def assert_as_numpy(rows: np.ndarray) -> None:
    distinct, code = distinct_rows(rows)
    expected, inverse = np.unique(rows, axis=0, return_inverse=True)
    assert np.array_equal(distinct, expected)
    assert np.array_equal(code, inverse.ravel())


@given(st.one_of(NUMBERS, BITS))
def test_distinct_rows_of_small_arrays(rows: np.ndarray) -> None:
    assert_as_numpy(rows)


def test_distinct_rows_of_large_arrays() -> None:
    rng = np.random.default_rng(0)
    few = rng.integers(0, 2, size=(FEW_ENTRIES, 3)).astype(np.float64)
    assert_as_numpy(few)
    assert_as_numpy(np.eye(200)[rng.integers(0, 200, size=300)])
    distinct, code = distinct_rows(np.zeros((3, 0)))
    assert (distinct.shape, code.tolist()) == ((1, 0), [0, 0, 0])


@given(arrays.arrays(np.int32, SHAPES, elements=st.integers(-1, 1)))
def test_classes_are_numbered_by_first_member(rows: np.ndarray) -> None:
    member, first = classes_of_slices(rows)
    assert np.array_equal(rows[first][member], rows)
    assert len(first) == len(np.unique(rows, axis=0))
    seen: dict[bytes, int] = {}
    assert member.tolist() == [seen.setdefault(row.tobytes(), len(seen)) for row in rows]


def test_classes_of_slices_of_another_layout_and_of_no_columns() -> None:
    table = np.array([[1, 0, 1], [0, 1, 0]], dtype=bool)
    assert classes_of_slices(table.T)[0].tolist() == [0, 1, 0]
    assert classes_of_slices(table[:, :0])[0].tolist() == [0, 0]
