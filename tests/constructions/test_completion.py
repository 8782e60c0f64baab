"""Tables of which some entries never occur."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr.constructions.completion import completed
from optitracr.constructions.reduction import reduce_table


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("numerical", [(False, False), (True, False), (False, True), (True, True)])
def test_what_occurs_stays(seed: int, numerical: tuple[bool, bool]) -> None:
    rng = np.random.default_rng(seed)
    table = rng.integers(-1, 3, (6, 7), dtype=np.int32)
    known = rng.random((6, 7)) < 0.4
    before = table.copy()
    found = completed(table, known, numerical)
    assert (found[known] == table[known]).all()
    assert (table == before).all()


def test_slices_that_agree_where_both_occur_are_one() -> None:
    table = np.array([[0, 1, 2], [0, 2, 2], [1, 1, 2]], dtype=np.int32)
    known = np.array([[True, True, False], [True, False, True], [False, True, True]])
    assert len(reduce_table(completed(table, known, (False, False)), (False, False)).table) == 1


def test_along_a_number_the_last_entry_that_occurs_stands_on() -> None:
    table = np.array([5, 0, 3, 1, 4], dtype=np.int32)
    known = np.array([False, True, False, True, False])
    assert completed(table, known, (True,)).tolist() == [0, 0, 0, 1, 1]
